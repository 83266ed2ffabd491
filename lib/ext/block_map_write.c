/* SPDX-License-Identifier: ISC */
/*
 * Changing block maps, [ext4 Direct/Indirect Block Addressing]. Blocks of pointers come with the
 * first block that they map and go with the last one.
 */
#include <string.h>

#include "transaction.h"

/* The array of pointers that maps a block: in the inode, or a block that is pinned. */
struct pointer_array {
    struct block_cache_entry *entry; /* nullptr: in the inode */
    uint8_t *bytes;
    uint32_t slot;
    uint32_t slot_count;
};

static uint32_t pointers_shift(const struct ext_mount *mount)
{
    return mount->geometry.block_shift - 2;
}

static uint32_t load_pointer(const uint8_t *array, uint32_t slot)
{
    return load_le32(array + (size_t)slot * block_pointer_bytes);
}

static void store_pointer(uint8_t *array, uint32_t slot, uint32_t block)
{
    store_le32(array + (size_t)slot * block_pointer_bytes, block);
}

static void count_blocks(const struct ext_mount *mount, struct ext_inode *inode, int64_t blocks)
{
    inode->sector_count += (uint64_t)blocks << (mount->geometry.block_shift - 9);
}

static enum status change_array(struct ext_mount *mount, const struct pointer_array *array)
{
    return array->entry == nullptr ? STATUS_OK : ext_change_block(mount, array->entry);
}

static void put_array(struct ext_mount *mount, const struct pointer_array *array)
{
    if (array->entry != nullptr) {
        block_cache_put(&mount->cache, array->entry);
    }
}

/* Allocates a block of pointers for the array's slot. */
static enum status add_pointers(struct ext_mount *mount, struct ext_inode *inode,
    const struct pointer_array *array, uint64_t goal)
{
    uint64_t block;
    uint32_t count;
    struct block_cache_entry *entry;
    enum status status = change_array(mount, array);
    if (status == STATUS_OK) {
        status = ext_allocate_blocks(mount,
            (struct ext_allocation){.goal = {.block = goal}, .block_count = 1, .metadata = true},
            &block, &count);
    }
    if (status == STATUS_OK && block > UINT32_MAX) {
        status = STATUS_NO_SPACE;
    }
    if (status == STATUS_OK) {
        status = ext_change_fresh(mount, block, ext_mark(EXT_MARK_POINTERS, inode), 0, &entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    block_cache_put(&mount->cache, entry);
    store_pointer(array->bytes, array->slot, (uint32_t)block);
    count_blocks(mount, inode, 1);
    return STATUS_OK;
}

/* One level down: `array` becomes the block of pointers behind its slot. */
static enum status enter(struct ext_mount *mount, struct pointer_array *array)
{
    uint64_t block = load_pointer(array->bytes, array->slot);
    if (!ext_blocks_valid(mount, block, 1)) {
        return ext_corrupt(mount, "block map points outside the volume", block);
    }
    struct block_cache_entry *entry;
    enum status status = block_cache_get(&mount->cache, block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    put_array(mount, array);
    *array = (struct pointer_array){
        .entry = entry,
        .bytes = entry->buffer.bytes,
        .slot_count = 1U << pointers_shift(mount),
    };
    return STATUS_OK;
}

/* The array that maps `logical`, with all blocks of pointers on the way; give its entry back. */
static enum status reach(struct ext_mount *mount, struct ext_inode *inode, uint64_t logical,
    uint64_t goal, struct pointer_array *array_out)
{
    uint32_t shift = pointers_shift(mount);
    struct pointer_array array = {.bytes = inode->block_area, .slot_count = block_map_direct_count};
    struct ext_map_place place = ext_block_map_place(&mount->geometry, logical);
    array.slot = place.root_slot;
    for (uint32_t level = place.level_count; level > 0; level--) {
        enum status status = STATUS_OK;
        if (load_pointer(array.bytes, array.slot) == 0) {
            status = add_pointers(mount, inode, &array, goal);
        }
        if (status == STATUS_OK) {
            status = enter(mount, &array);
        }
        if (status != STATUS_OK) {
            put_array(mount, &array);
            return status;
        }
        array.slot = (uint32_t)(place.index >> ((level - 1) * shift)) & (array.slot_count - 1);
    }
    *array_out = array;
    return STATUS_OK;
}

static enum status fill_slots(struct ext_mount *mount, struct ext_inode *inode,
    const struct pointer_array *array, struct ext_goal goal, struct ext_run *run)
{
    uint32_t wanted = 0;
    while (wanted < run->block_count && array->slot + wanted < array->slot_count &&
           load_pointer(array->bytes, array->slot + wanted) == 0) {
        wanted++;
    }
    uint64_t first;
    uint32_t count;
    enum status status = change_array(mount, array);
    if (status == STATUS_OK) {
        status = ext_allocate_blocks(
            mount, (struct ext_allocation){.goal = goal, .block_count = wanted}, &first, &count);
    }
    if (status == STATUS_OK && first + count - 1 > UINT32_MAX) {
        status = STATUS_NO_SPACE;
    }
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t index = 0; index < count; index++) {
        store_pointer(array->bytes, array->slot + index, (uint32_t)first + index);
    }
    count_blocks(mount, inode, count);
    run->physical_block = first;
    run->block_count = count;
    run->kind = EXT_RUN_DATA;
    return STATUS_OK;
}

enum status ext_block_map_fill(
    struct ext_mount *mount, struct ext_inode *inode, struct ext_goal goal, struct ext_run *run)
{
    if (run->logical_block >= ext_block_map_limit(&mount->geometry)) {
        return STATUS_TOO_LARGE;
    }
    struct pointer_array array;
    enum status status = reach(mount, inode, run->logical_block, goal.block, &array);
    if (status == STATUS_OK) {
        status = fill_slots(mount, inode, &array, goal, run);
        put_array(mount, &array);
    }
    return status;
}

/* ---- Removing -------------------------------------------------------------------------------- */

/* Blocks [first, end) of a file go, the last first, until a step has done enough. */
struct removal {
    struct ext_mount *mount;
    struct ext_inode *inode;
    uint64_t first;
    uint64_t end;
    bool stopped;
};

/* Frees the pointers of slots [from, to), from the end, run by run. */
static enum status clear_data(struct removal *removal, uint8_t *bytes, uint32_t from, uint32_t to)
{
    struct ext_mount *mount = removal->mount;
    while (to > from && !removal->stopped) {
        uint32_t last = load_pointer(bytes, to - 1);
        uint32_t count = 1;
        if (last == 0) {
            to--;
            continue;
        }
        while (to - count > from && load_pointer(bytes, to - count - 1) == last - count) {
            count++;
        }
        enum status status = ext_free_blocks(
            mount, last - count + 1, count, ext_contents_are_metadata(removal->inode));
        if (status != STATUS_OK) {
            return status;
        }
        memset(bytes + (size_t)(to - count) * block_pointer_bytes, 0,
            (size_t)count * block_pointer_bytes);
        count_blocks(mount, removal->inode, -(int64_t)count);
        to -= count;
        removal->stopped = ext_change_is_long(mount);
    }
    return STATUS_OK;
}

static bool is_empty(const uint8_t *bytes, uint32_t slot_count)
{
    for (uint32_t slot = 0; slot < slot_count; slot++) {
        if (load_pointer(bytes, slot) != 0) {
            return false;
        }
    }
    return true;
}

static enum status clear_slot(
    struct removal *removal, uint8_t *parent, uint32_t slot, uint64_t base, uint32_t level);

/*
 * Clears what the array maps of the removal's range: `base` is the first block that it maps, and
 * each slot maps 2^(level * shift) of them. Depth is at most three.
 */
static enum status clear_array(
    struct removal *removal, uint8_t *bytes, uint64_t base, uint32_t level)
{
    uint32_t shift = level * pointers_shift(removal->mount);
    uint32_t slot_count = 1U << pointers_shift(removal->mount);
    uint64_t from = removal->first > base ? (removal->first - base) >> shift : 0;
    uint64_t to = (removal->end - base + ((uint64_t)1 << shift) - 1) >> shift;
    to = to < slot_count ? to : slot_count;
    if (level == 0) {
        return clear_data(removal, bytes, (uint32_t)from, (uint32_t)to);
    }
    enum status status = STATUS_OK;
    for (uint64_t slot = to; slot > from && status == STATUS_OK && !removal->stopped; slot--) {
        status =
            clear_slot(removal, bytes, (uint32_t)slot - 1, base + ((slot - 1) << shift), level - 1);
    }
    return status;
}

/* The block of pointers behind a slot: what it maps goes, and with the last of that, itself. */
static enum status clear_slot(
    struct removal *removal, uint8_t *parent, uint32_t slot, uint64_t base, uint32_t level)
{
    struct ext_mount *mount = removal->mount;
    struct pointer_array array = {.bytes = parent, .slot = slot};
    if (load_pointer(parent, slot) == 0) {
        return STATUS_OK;
    }
    enum status status = enter(mount, &array);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t block = array.entry->block;
    status = change_array(mount, &array);
    if (status == STATUS_OK) {
        status = clear_array(removal, array.bytes, base, level);
    }
    bool empty = status == STATUS_OK && is_empty(array.bytes, array.slot_count);
    put_array(mount, &array);
    if (empty) {
        status = ext_free_blocks(mount, block, 1, true);
        store_pointer(parent, slot, 0);
        count_blocks(mount, removal->inode, -1);
        removal->stopped = removal->stopped || ext_change_is_long(mount);
    }
    return status;
}

enum status ext_block_map_clear(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t end, bool *done_out)
{
    struct removal removal = {.mount = mount, .inode = inode, .first = first, .end = end};
    uint64_t limit = ext_block_map_limit(&mount->geometry);
    removal.end = end < limit ? end : limit;
    uint64_t base = limit;
    enum status status = STATUS_OK;
    for (uint32_t level = block_map_level_max; level > 0; level--) {
        base -= (uint64_t)1 << (level * pointers_shift(mount));
        if (removal.end > base && status == STATUS_OK && !removal.stopped) {
            status = clear_slot(
                &removal, inode->block_area, block_map_direct_count - 1 + level, base, level - 1);
            removal.end = base;
        }
    }
    if (status == STATUS_OK && !removal.stopped && removal.first < block_map_direct_count) {
        uint64_t to = removal.end < block_map_direct_count ? removal.end : block_map_direct_count;
        status = clear_data(&removal, inode->block_area, (uint32_t)removal.first, (uint32_t)to);
    }
    *done_out = !removal.stopped;
    return status;
}

/* ---- The end --------------------------------------------------------------------------------- */

/* The slot after the last one in use, and whether there is any. */
static uint32_t used_slots(const uint8_t *bytes, uint32_t slot_count)
{
    while (slot_count > 0 && load_pointer(bytes, slot_count - 1) == 0) {
        slot_count--;
    }
    return slot_count;
}

/* Below the last pointer in use of each level; `base` is the first block that the array maps. */
static enum status end_below(struct ext_mount *mount, struct pointer_array *array, uint64_t base,
    uint32_t level, uint64_t *end_out)
{
    for (;;) {
        uint32_t used = used_slots(array->bytes, array->slot_count);
        if (used == 0 || level == 0) {
            *end_out = base + used;
            return STATUS_OK;
        }
        array->slot = used - 1;
        base += (uint64_t)array->slot << (level * pointers_shift(mount));
        enum status status = enter(mount, array);
        if (status != STATUS_OK) {
            return status;
        }
        level--;
    }
}

enum status ext_block_map_end(
    struct ext_mount *mount, const struct ext_inode *inode, uint64_t *end_out)
{
    uint8_t *area = (uint8_t *)inode->block_area;
    uint64_t base = ext_block_map_limit(&mount->geometry);
    for (uint32_t level = block_map_level_max; level > 0; level--) {
        base -= (uint64_t)1 << (level * pointers_shift(mount));
        struct pointer_array array = {.bytes = area, .slot = block_map_direct_count - 1 + level};
        if (load_pointer(area, array.slot) == 0) {
            continue;
        }
        enum status status = enter(mount, &array);
        if (status == STATUS_OK) {
            status = end_below(mount, &array, base, level - 1, end_out);
        }
        put_array(mount, &array);
        return status;
    }
    *end_out = used_slots(area, block_map_direct_count);
    return STATUS_OK;
}
