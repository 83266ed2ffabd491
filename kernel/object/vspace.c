/* SPDX-License-Identifier: ISC */
/* Address spaces: walking and editing tables (Intel SDM volume 3, 4.5). */
#include <kernel/object/vspace.h>

#include <abi/syscall.h>
#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/page_entry.h>
#include <kernel/memory.h>
#include <kernel/panic.h>
#include <kernel/state.h>
#include <lib/base/base.h>

constexpr uint32_t top_table_bits = 39; /* what one entry of the top table covers */
constexpr uint32_t page_directory_bits = 21;

/* The table of address spaces may be full: then this one has no place in it, the id 0, and maps
 * nothing. Places that were given back go first, then those that never had anybody. */
static void take_place(struct vspace *vspace)
{
    uint32_t place;
    if (kernel_state.vspace_places_free != 0) {
        place = kernel_state.vspace_places[--kernel_state.vspace_places_free];
    } else if (kernel_state.vspace_places_begun < vspaces_max) {
        place = kernel_state.vspace_places_begun++;
    } else {
        return;
    }
    kernel_state.vspaces[place] = vspace;
    vspace->id = kernel_state.vspace_next_id++ * vspaces_max + place;
}

static void give_place_back(const struct vspace *vspace)
{
    uint32_t place = vspace->id % vspaces_max;
    if (kernel_state.vspaces[place] == vspace) {
        kernel_state.vspaces[place] = nullptr;
        kernel_state.vspace_places[kernel_state.vspace_places_free++] = (uint16_t)place;
    }
}

void *vspace_init(void *memory)
{
    struct vspace *vspace = (struct vspace *)((uint8_t *)memory + page_table_size_bytes);
    vspace->header = (struct object){.kind = OBJECT_VSPACE};
    take_place(vspace);
    arch_fill_kernel_half(memory);
    return vspace;
}

void vspace_destroy(struct vspace *vspace)
{
    if (cpu_this()->vspace == vspace) {
        cpu_write_cr3(arch_kernel_table());
        cpu_this()->vspace = nullptr;
    }
    give_place_back(vspace);
}

static struct vspace *vspace_by_id(uint64_t id)
{
    struct vspace *vspace = kernel_state.vspaces[id % vspaces_max];
    return vspace != nullptr && vspace->id == id ? vspace : nullptr;
}

static uint64_t *entry_in(uint64_t *table, uint64_t address, uint32_t bits)
{
    return &table[address >> bits & 511];
}

static uint64_t *table_behind(uint64_t entry)
{
    return kernel_pointer(entry & entry_address_mask);
}

/* Down to the entry that covers 2^bits bytes at `address`. nullptr if a table is missing on the way
 * (its size in *missing_bits_out) or if a large page is in the way (0 there). */
static uint64_t *walk(
    struct vspace *vspace, uint64_t address, uint32_t bits, uint64_t *missing_bits_out)
{
    uint64_t *table = vspace_top_table(vspace);
    for (uint32_t level = top_table_bits; level > bits; level -= 9) {
        uint64_t entry = *entry_in(table, address, level);
        if ((entry & entry_present) == 0) {
            *missing_bits_out = level;
            return nullptr;
        }
        if ((entry & entry_large) != 0) {
            *missing_bits_out = 0;
            return nullptr;
        }
        table = table_behind(entry);
    }
    return entry_in(table, address, bits);
}

static void flush(const struct vspace *vspace, uint64_t address, uint32_t pages)
{
    constexpr uint32_t pages_one_by_one = 16;
    if (cpu_this()->vspace != vspace) {
        return;
    }
    if (pages > pages_one_by_one) {
        cpu_write_cr3(cpu_read_cr3());
        return;
    }
    for (uint32_t i = 0; i < pages; i++) {
        cpu_invalidate_page(address + ((uint64_t)i << page_bits));
    }
}

/* Entry bits for rights and attribute; see page_entry.h for the memory types. */
static uint64_t entry_bits(uint64_t rights, uint64_t attribute)
{
    uint64_t bits = entry_present | entry_user;
    if ((rights & RIGHT_WRITE) != 0) {
        bits |= entry_writable;
    }
    if ((rights & RIGHT_EXECUTE) == 0) {
        bits |= entry_no_execute;
    }
    if (attribute == FRAME_WRITE_COMBINING) {
        bits |= entry_write_through;
    }
    if (attribute == FRAME_UNCACHED) {
        bits |= entry_write_through | entry_no_cache;
    }
    return bits;
}

static enum status check_map_arguments(
    const struct capability *frame, uint64_t address, uint64_t rights, uint64_t attribute)
{
    uint64_t size = UINT64_C(1) << frame->bits;
    if ((frame->flags & CAP_MAPPED) != 0) {
        return STATUS_BUSY;
    }
    if (!is_aligned(address, size) || address == 0 || address >= user_address_end ||
        user_address_end - address < size || attribute > FRAME_WRITE_COMBINING) {
        return STATUS_INVALID_ARGUMENT;
    }
    constexpr uint64_t mappable = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
    if ((rights & ~mappable) != 0 || (rights & RIGHT_READ) == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    if ((rights & RIGHT_WRITE) != 0 && (rights & RIGHT_EXECUTE) != 0) {
        return STATUS_DENIED;
    }
    return (frame->rights & rights) == rights ? STATUS_OK : STATUS_DENIED;
}

enum status vspace_decode_map_frame(struct vspace *vspace, struct capability *frame,
    uint64_t address, uint64_t rights_and_attribute, struct vspace_map_plan *plan_out,
    uint64_t *missing_bits_out)
{
    uint64_t rights = rights_and_attribute & 0xffff;
    uint64_t attribute = rights_and_attribute >> 16;
    enum status status = check_map_arguments(frame, address, rights, attribute);
    if (status != STATUS_OK) {
        return status;
    }
    if (vspace->id == 0) {
        return STATUS_NO_SPACE;
    }
    bool large = frame->bits == page_directory_bits;
    uint64_t missing_bits = 0;
    uint64_t *entry = walk(vspace, address, large ? page_directory_bits : page_bits, &missing_bits);
    if (entry == nullptr) {
        *missing_bits_out = missing_bits;
        return missing_bits == 0 ? STATUS_EXISTS : STATUS_MISSING_TABLE;
    }
    uint32_t count = large ? 1 : 1U << (frame->bits - page_bits);
    for (uint32_t i = 0; i < count; i++) {
        if (entry[i] != 0) {
            return STATUS_EXISTS;
        }
    }
    *plan_out = (struct vspace_map_plan){.vspace = vspace,
        .cap = frame,
        .entry = entry,
        .value = frame->address | entry_bits(rights, attribute) | (large ? entry_large : 0),
        .stride = UINT64_C(1) << page_bits,
        .count = count,
        .address = address};
    return STATUS_OK;
}

void vspace_commit_map_frame(const struct vspace_map_plan *plan)
{
    uint64_t value = plan->value;
    for (uint32_t i = 0; i < plan->count; i++) {
        plan->entry[i] = value;
        value += plan->stride;
    }
    plan->cap->flags |= CAP_MAPPED;
    plan->cap->address_mapped = plan->address;
    plan->cap->vspace_id = plan->vspace->id;
}

enum status vspace_decode_map_table(struct vspace *vspace, struct capability *table,
    uint64_t address, struct vspace_map_plan *plan_out)
{
    if ((table->flags & CAP_MAPPED) != 0) {
        return STATUS_BUSY;
    }
    if (address >= user_address_end) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (vspace->id == 0) {
        return STATUS_NO_SPACE;
    }
    uint64_t missing_bits = 0;
    if (walk(vspace, address, page_bits, &missing_bits) != nullptr || missing_bits == 0) {
        return STATUS_EXISTS;
    }
    uint64_t unused;
    *plan_out = (struct vspace_map_plan){.vspace = vspace,
        .cap = table,
        .entry = walk(vspace, address, (uint32_t)missing_bits, &unused),
        .value = table->address | entry_present | entry_writable | entry_user,
        .address = address,
        .table_bits = (uint8_t)missing_bits};
    return STATUS_OK;
}

void vspace_commit_map_table(const struct vspace_map_plan *plan)
{
    kassert(*plan->entry == 0);
    *plan->entry = plan->value;
    plan->cap->flags |= CAP_MAPPED;
    plan->cap->address_mapped = plan->address;
    plan->cap->vspace_id = plan->vspace->id;
    plan->cap->bits = plan->table_bits;
}

void vspace_unmap_frame(struct capability *frame)
{
    frame->flags &= (uint16_t)~CAP_MAPPED;
    struct vspace *vspace = vspace_by_id(frame->vspace_id);
    if (vspace == nullptr) {
        return;
    }
    bool large = frame->bits == page_directory_bits;
    uint64_t unused;
    uint64_t *entry =
        walk(vspace, frame->address_mapped, large ? page_directory_bits : page_bits, &unused);
    if (entry == nullptr || (*entry & entry_address_mask) != frame->address) {
        return;
    }
    uint32_t count = large ? 1 : 1U << (frame->bits - page_bits);
    for (uint32_t i = 0; i < count; i++) {
        entry[i] = 0;
    }
    flush(vspace, frame->address_mapped, count);
}

static void unlink_table(const struct capability *table)
{
    struct vspace *vspace = vspace_by_id(table->vspace_id);
    if (vspace == nullptr) {
        return;
    }
    uint64_t unused;
    uint64_t *entry = walk(vspace, table->address_mapped, table->bits, &unused);
    if (entry == nullptr || (*entry & entry_address_mask) != table->address) {
        return;
    }
    *entry = 0;
    flush(vspace, 0, UINT32_MAX);
}

/* What was mapped through the table remembers a place that does not lead here any more. Its entries
 * go too, or they would outlive it and show elsewhere when the table is mapped again. */
void vspace_unmap_table(struct capability *table)
{
    table->flags &= (uint16_t)~CAP_MAPPED;
    unlink_table(table);
    memset(kernel_pointer(table->address), 0, page_table_size_bytes);
}
