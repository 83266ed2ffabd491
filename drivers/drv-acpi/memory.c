/* SPDX-License-Identifier: ISC */
/* Mapping and copying ACPI memory. */
#include "memory.h"

#include <protocol/vspace.h>
#include <slots/drv-acpi.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <string.h>

static enum status take_frame(
    struct untyped_cap untyped, uint32_t bits, struct frame_cap *frame_out)
{
    cap_slot slot;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    status = untyped_retype(untyped, &(struct untyped_retype){.kind = OBJECT_FRAME,
                                         .bits = bits,
                                         .count = 1,
                                         .cspace = SLOT_SELF_CSPACE,
                                         .first_slot = slot});
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    frame_out->slot = slot;
    return STATUS_OK;
}

static enum status map_part(
    struct memory *memory, struct untyped_cap untyped, uint64_t address, uint32_t bits)
{
    if (memory->count == memory_blocks_max) {
        return STATUS_NO_SPACE;
    }
    struct frame_cap frame;
    enum status status = take_frame(untyped, bits, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vspace_map_request request = {.flags = vspace_map_read};
    struct vspace_map_reply reply;
    status = vspace_map((struct vspace_cap){SLOT_PEER_VSPACED}, &request, frame, &reply);
    if (status != STATUS_OK) {
        slots_delete(frame.slot);
        return status;
    }
    memory->blocks[memory->count++] = (struct memory_block){.address = address,
        .size_bytes = UINT64_C(1) << bits,
        .mapped = (const uint8_t *)reply.address}; // NOLINT(performance-no-int-to-ptr)
    return STATUS_OK;
}

enum status memory_add(struct memory *memory, struct untyped_cap untyped)
{
    struct untyped_description description;
    enum status status = untyped_describe(untyped, &description);
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t bits =
        description.bits < frame_bits_max ? description.bits : (uint32_t)frame_bits_max;
    const uint64_t parts = UINT64_C(1) << (description.bits - bits);
    for (uint64_t part = 0; part < parts && status == STATUS_OK; part++) {
        status = map_part(memory, untyped, description.address + (part << bits), bits);
    }
    return status;
}

/* The mapped byte at a physical address, and how many follow it in its block. */
static const uint8_t *find(const struct memory *memory, uint64_t address, uint64_t *left_bytes_out)
{
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct memory_block *block = &memory->blocks[i];
        if (address >= block->address && address - block->address < block->size_bytes) {
            *left_bytes_out = block->size_bytes - (address - block->address);
            return block->mapped + (address - block->address);
        }
    }
    return nullptr;
}

static const void *map(void *context, uint64_t address, uint64_t size_bytes)
{
    struct memory *memory = context;
    if (size_bytes > memory_copies_bytes_max - memory->copied_bytes) {
        return nullptr;
    }
    uint8_t *copy = memory->copies + memory->copied_bytes;
    for (uint64_t done = 0; done < size_bytes;) {
        uint64_t left_bytes = 0;
        const uint8_t *source = find(memory, address + done, &left_bytes);
        if (source == nullptr) {
            return nullptr;
        }
        uint64_t piece = left_bytes < size_bytes - done ? left_bytes : size_bytes - done;
        memcpy(copy + done, source, piece);
        done += piece;
    }
    memory->copied_bytes += ((uint32_t)size_bytes + 15) & ~UINT32_C(15);
    if (memory->copied_bytes > memory_copies_bytes_max) {
        memory->copied_bytes = memory_copies_bytes_max;
    }
    return copy;
}

struct acpi_memory memory_for_acpi(struct memory *memory)
{
    return (struct acpi_memory){.context = memory, .map = map};
}

uint64_t memory_find_rsdp(const struct memory *memory)
{
    static const char signature[8] = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '};
    constexpr uint64_t step_bytes = 16;
    for (uint32_t i = 0; i < memory->count; i++) {
        const struct memory_block *block = &memory->blocks[i];
        for (uint64_t at = 0; at + sizeof signature <= block->size_bytes; at += step_bytes) {
            if (memcmp(block->mapped + at, signature, sizeof signature) == 0) {
                return block->address + at;
            }
        }
    }
    return 0;
}
