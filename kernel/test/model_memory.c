/* SPDX-License-Identifier: ISC */
/* The model: making objects out of memory, and address spaces. */
#include "model.h"

#include <string.h>

constexpr uint64_t user_end = UINT64_C(0x00007ffffffff000);
constexpr uint32_t top_level = 39;
constexpr uint32_t large_bits = 21;

static uint64_t round_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) / alignment * alignment;
}

struct shape {
    uint64_t bytes; /* 0: cannot be made */
    uint64_t alignment;
};

static struct shape shape_of(uint64_t kind, uint64_t bits)
{
    switch (kind) {
    case OBJECT_UNTYPED:
        return bits >= 12 && bits <= 46 ? (struct shape){1ULL << bits, 1ULL << bits}
                                        : (struct shape){};
    case OBJECT_FRAME:
        return bits >= 12 && bits <= 21 ? (struct shape){1ULL << bits, 1ULL << bits}
                                        : (struct shape){};
    case OBJECT_CSPACE:
        return bits >= 4 && bits <= 17 ? (struct shape){64 + (64ULL << bits), 64}
                                       : (struct shape){};
    case OBJECT_PAGE_TABLE:
        return (struct shape){4096, 4096};
    case OBJECT_VSPACE:
        return (struct shape){8192, 4096};
    case OBJECT_THREAD:
        return (struct shape){2048, 64};
    case OBJECT_ENDPOINT:
    case OBJECT_REPLY:
        return (struct shape){64, 64};
    case OBJECT_NOTIFICATION:
        return (struct shape){128, 64};
    default:
        return (struct shape){};
    }
}

static void make(
    struct mcap *cap, struct mcap *untyped, const struct mregisters *call, uint64_t address)
{
    enum object_kind kind = (enum object_kind)(uint8_t)call->rdx;
    uint8_t bits = (uint8_t)(call->rdx >> 8);
    *cap = (struct mcap){.kind = kind,
        .rights = rights_all,
        .parent = untyped,
        .depth = untyped->depth + 1,
        .device = untyped->device,
        .address = address};
    if (kind == OBJECT_UNTYPED || kind == OBJECT_FRAME) {
        cap->bits = bits;
    }
    if ((kind == OBJECT_FRAME && !untyped->device) || kind == OBJECT_PAGE_TABLE) {
        for (uint64_t at = address; at == address || at < address + (1ULL << cap->bits);
            at += 4096) {
            *model_page(at) = (struct mpage){};
        }
    }
    if (model_kind_counts(kind)) {
        cap->object = model_new_object(kind);
        cap->object->address = address;
        cap->address = 0;
    }
    if (kind == OBJECT_VSPACE) {
        *model_page(address) = (struct mpage){};
    }
    if (kind == OBJECT_CSPACE) {
        cap->object->label = (uint32_t)call->r8;
        cap->object->space->slot_count = 1U << bits;
    }
    if (kind == OBJECT_ENDPOINT) {
        cap->object->label = (uint32_t)call->r8;
    }
}

static uint64_t used_of(const struct mcap *untyped)
{
    if (untyped->spent) {
        return 1ULL << untyped->bits;
    }
    return model_children(untyped) == 0 ? 0 : untyped->used_bytes;
}

enum status model_retype(
    struct mcap *untyped, const struct mcap *target, const struct mregisters *call)
{
    uint64_t kind = call->rdx & 0xff;
    uint64_t count = call->rdx >> 16;
    uint64_t first_slot = call->r10 >> 32;
    if (kind >= OBJECT_KIND_COUNT || count == 0 || count > retype_count_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct shape shape = shape_of(kind, call->rdx >> 8 & 0xff);
    bool memory = kind == OBJECT_UNTYPED || kind == OBJECT_FRAME;
    if (shape.bytes == 0 || (untyped->device && !memory)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (untyped->depth >= model_depth_max) {
        return STATUS_TOO_LARGE;
    }
    uint64_t first = round_up(used_of(untyped), shape.alignment);
    uint64_t stride = round_up(shape.bytes, shape.alignment);
    if (first + stride * count > 1ULL << untyped->bits) {
        return STATUS_NO_MEMORY;
    }
    struct mspace *space = target->object->space;
    if (first_slot == 0 || first_slot + count > space->slot_count) {
        return STATUS_INVALID_ARGUMENT;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (space->slots[first_slot + i].kind != OBJECT_NONE) {
            return STATUS_EXISTS;
        }
    }
    for (uint64_t i = 0; i < count; i++) {
        make(&space->slots[first_slot + i], untyped, call, untyped->address + first + stride * i);
    }
    untyped->used_bytes = first + stride * count;
    return STATUS_OK;
}

/* --- address spaces: entries are looked at in the places that are ever used --- */

static uint64_t top_of(const struct mcap *vspace)
{
    return vspace->object->address;
}

static struct mentry *entry_at(uint64_t table, uint64_t address, uint32_t level)
{
    return &model_page(table)->entries[address >> level & (model_table_entries - 1)];
}

/* The entry for 2^bits bytes at `address`, or nullptr and which table is missing (0: a large page
 * is in the way). */
static struct mentry *find(uint64_t table, uint64_t address, uint32_t bits, uint64_t *missing_out)
{
    uint32_t level = top_level;
    while (level != bits) {
        const struct mentry *entry = entry_at(table, address, level);
        if (entry->what != ENTRY_TABLE) {
            *missing_out = entry->what == ENTRY_NONE ? level : 0;
            return nullptr;
        }
        table = entry->address;
        level -= 9;
    }
    return entry_at(table, address, bits);
}

static uint32_t entries_of(const struct mcap *frame)
{
    return frame->bits == large_bits ? 1 : 1U << (frame->bits - 12);
}

static enum status check_frame(
    const struct mcap *frame, uint64_t address, uint64_t rights, uint64_t attribute)
{
    uint64_t bytes = 1ULL << frame->bits;
    if (frame->mapped) {
        return STATUS_BUSY;
    }
    if (address % bytes != 0 || address == 0 || address >= user_end || address > user_end - bytes ||
        attribute > FRAME_WRITE_COMBINING) {
        return STATUS_INVALID_ARGUMENT;
    }
    if ((rights & ~7ULL) != 0 || (rights & RIGHT_READ) == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    bool write_and_execute = (rights & 6) == 6;
    return write_and_execute || (frame->rights & rights) != rights ? STATUS_DENIED : STATUS_OK;
}

enum status model_map_frame(struct mcap *frame, const struct mcap *vspace, uint64_t address,
    uint64_t rights_and_attribute, uint64_t *missing_out)
{
    uint64_t rights = rights_and_attribute & 0xffff;
    uint64_t attribute = rights_and_attribute >> 16;
    enum status status = check_frame(frame, address, rights, attribute);
    if (status != STATUS_OK) {
        return status;
    }
    bool large = frame->bits == large_bits;
    uint64_t missing = 0;
    struct mentry *entry = find(top_of(vspace), address, large ? large_bits : 12, &missing);
    if (entry == nullptr) {
        *missing_out = missing;
        return missing == 0 ? STATUS_EXISTS : STATUS_MISSING_TABLE;
    }
    for (uint32_t i = 0; i < entries_of(frame); i++) {
        if (entry[i].what != ENTRY_NONE) {
            return STATUS_EXISTS;
        }
    }
    for (uint32_t i = 0; i < entries_of(frame); i++) {
        entry[i] = (struct mentry){.what = ENTRY_FRAME,
            .large = large,
            .rights = (uint16_t)rights,
            .attribute = attribute,
            .address = frame->address + 4096ULL * i};
    }
    frame->mapped = true;
    frame->mapped_at = address;
    frame->mapped_in = vspace->object->number;
    return STATUS_OK;
}

enum status model_map_table(struct mcap *table, const struct mcap *vspace, uint64_t address)
{
    if (table->mapped) {
        return STATUS_BUSY;
    }
    if (address >= user_end) {
        return STATUS_INVALID_ARGUMENT;
    }
    uint64_t missing = 0;
    if (find(top_of(vspace), address, 12, &missing) != nullptr || missing == 0) {
        return STATUS_EXISTS;
    }
    struct mentry *entry = find(top_of(vspace), address, (uint32_t)missing, &missing);
    *entry = (struct mentry){.what = ENTRY_TABLE, .address = table->address};
    table->mapped = true;
    table->mapped_at = address;
    table->mapped_in = vspace->object->number;
    table->bits = (uint8_t)missing;
    return STATUS_OK;
}

static struct mentry *own_entry(const struct mcap *cap, uint32_t bits)
{
    for (uint32_t i = 0; i < model_objects_max; i++) {
        struct mobject *object = &model.objects[i];
        if (object->kind == OBJECT_VSPACE && object->number == cap->mapped_in) {
            uint64_t missing;
            struct mentry *entry = find(object->address, cap->mapped_at, bits, &missing);
            bool own =
                entry != nullptr && entry->what != ENTRY_NONE && entry->address == cap->address;
            return own ? entry : nullptr;
        }
    }
    return nullptr;
}

void model_unmap(struct mcap *cap)
{
    if (!cap->mapped) {
        return;
    }
    cap->mapped = false;
    if (cap->kind == OBJECT_PAGE_TABLE) {
        struct mentry *entry = own_entry(cap, cap->bits);
        if (entry != nullptr) {
            *entry = (struct mentry){};
        }
        memset(model_page(cap->address)->entries, 0, sizeof(struct mentry[model_table_entries]));
        return;
    }
    struct mentry *entry = own_entry(cap, cap->bits == large_bits ? large_bits : 12);
    for (uint32_t i = 0; entry != nullptr && i < entries_of(cap); i++) {
        entry[i] = (struct mentry){};
    }
}
