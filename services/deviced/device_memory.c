/* SPDX-License-Identifier: ISC */
/* Halving blocks of device memory. */
#include "device_memory.h"

#include <userlib/slots.h>
#include <userlib/syscall.h>

enum status device_memory_add(struct device_memory *memory, struct untyped_cap untyped)
{
    struct untyped_description description;
    enum status status = untyped_describe(untyped, &description);
    if (status != STATUS_OK) {
        return status;
    }
    if (memory->count == device_memory_blocks_max) {
        return STATUS_NO_SPACE;
    }
    memory->blocks[memory->count++] = (struct device_memory_block){
        .address = description.address, .slot = untyped.slot, .bits = (uint8_t)description.bits};
    return STATUS_OK;
}

/* The smallest block that holds the whole range. */
static struct device_memory_block *find(
    struct device_memory *memory, uint64_t address, uint32_t bits)
{
    struct device_memory_block *best = nullptr;
    for (uint32_t i = 0; i < memory->count; i++) {
        struct device_memory_block *block = &memory->blocks[i];
        if (block->bits >= bits && address >> block->bits == block->address >> block->bits &&
            (best == nullptr || block->bits < best->bits)) {
            best = block;
        }
    }
    return best;
}

/* Two halves in place of a block. */
static enum status halve(struct device_memory *memory, struct device_memory_block *block)
{
    if (memory->count + 2 > device_memory_blocks_max) {
        return STATUS_NO_SPACE;
    }
    cap_slot first;
    enum status status = slots_take_run(2, &first);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t half_bits = block->bits - 1;
    status = untyped_retype(
        (struct untyped_cap){block->slot}, &(struct untyped_retype){.kind = OBJECT_UNTYPED,
                                               .bits = half_bits,
                                               .count = 2,
                                               .cspace = SLOT_SELF_CSPACE,
                                               .first_slot = first});
    if (status != STATUS_OK) {
        slots_give(first);
        slots_give(first + 1);
        return status;
    }
    block->used = true;
    for (uint32_t i = 0; i < 2; i++) {
        memory->blocks[memory->count++] =
            (struct device_memory_block){.address = block->address + ((uint64_t)i << half_bits),
                .slot = first + i,
                .bits = half_bits};
    }
    return STATUS_OK;
}

enum status device_memory_take(
    struct device_memory *memory, uint64_t address, uint32_t bits, struct frame_cap *frame_out)
{
    for (;;) {
        struct device_memory_block *block = find(memory, address, bits);
        if (block == nullptr) {
            return STATUS_NOT_FOUND;
        }
        if (block->used) {
            return STATUS_BUSY;
        }
        if (block->bits > bits) {
            enum status status = halve(memory, block);
            if (status != STATUS_OK) {
                return status;
            }
            continue;
        }
        cap_slot slot;
        enum status status = slots_take(&slot);
        if (status != STATUS_OK) {
            return status;
        }
        status = untyped_retype(
            (struct untyped_cap){block->slot}, &(struct untyped_retype){.kind = OBJECT_FRAME,
                                                   .bits = bits,
                                                   .count = 1,
                                                   .cspace = SLOT_SELF_CSPACE,
                                                   .first_slot = slot});
        if (status != STATUS_OK) {
            slots_give(slot);
            return status;
        }
        block->used = true;
        frame_out->slot = slot;
        return STATUS_OK;
    }
}
