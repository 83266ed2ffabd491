/* SPDX-License-Identifier: ISC */
/*
 * Block maps, [ext4 Direct/Indirect Block Addressing]: 12 pointers to data in the inode, then one
 * each to a block of pointers, to a block of such blocks, and to a block of those. Depth is bounded
 * by construction; a pointer of 0 is a hole as wide as all that it would map.
 */
#include "internal.h"

static uint32_t pointers_shift(const struct ext_geometry *geometry)
{
    return geometry->block_shift - 2;
}

uint64_t ext_block_map_limit(const struct ext_geometry *geometry)
{
    uint64_t limit = block_map_direct_count;
    for (uint32_t level = 1; level <= block_map_level_max; level++) {
        limit += (uint64_t)1 << (level * pointers_shift(geometry));
    }
    return limit;
}

struct ext_map_place ext_block_map_place(
    const struct ext_geometry *geometry, uint64_t logical_block)
{
    if (logical_block < block_map_direct_count) {
        return (struct ext_map_place){.root_slot = (uint32_t)logical_block};
    }
    uint64_t index = logical_block - block_map_direct_count;
    uint32_t level = 1;
    while (level < block_map_level_max && index >> (level * pointers_shift(geometry)) != 0) {
        index -= (uint64_t)1 << (level * pointers_shift(geometry));
        level++;
    }
    return (struct ext_map_place){
        .level_count = level, .root_slot = block_map_direct_count - 1 + level, .index = index};
}

/* The run that begins in the last array, at `slot` of `slot_count` pointers. */
static enum status collect_run(struct ext_mount *mount, const uint8_t *pointers, uint32_t slot,
    uint32_t slot_count, struct ext_run *run)
{
    uint32_t first = load_le32(pointers + (size_t)slot * block_pointer_bytes);
    uint64_t count = 1;
    for (; slot + count < slot_count; count++) {
        uint32_t next = load_le32(pointers + (size_t)(slot + count) * block_pointer_bytes);
        uint64_t wanted = first == 0 ? 0 : first + count;
        if (next != wanted) {
            break;
        }
    }
    if (first != 0 && !ext_blocks_valid(mount, first, count)) {
        return ext_corrupt(mount, "block map points outside the volume", first);
    }
    run->kind = first == 0 ? EXT_RUN_HOLE : EXT_RUN_DATA;
    run->physical_block = first;
    run->block_count = count;
    return STATUS_OK;
}

/* Below pointer block `block`, which maps what `place` says with `level` levels including itself.
 */
static enum status descend(
    struct ext_mount *mount, uint64_t block, struct ext_map_place place, struct ext_run *run)
{
    uint32_t shift = pointers_shift(&mount->geometry);
    uint64_t mask = ((uint64_t)1 << shift) - 1;
    for (uint32_t level = place.level_count; level > 0; level--) {
        uint64_t covered = (uint64_t)1 << (level * shift);
        if (block == 0) {
            run->kind = EXT_RUN_HOLE;
            run->physical_block = 0;
            run->block_count = covered - (place.index & (covered - 1));
            return STATUS_OK;
        }
        if (!ext_blocks_valid(mount, block, 1)) {
            return ext_corrupt(mount, "block map points outside the volume", block);
        }
        struct block_cache_entry *entry;
        enum status status = block_cache_get(&mount->cache, block, &entry);
        if (status != STATUS_OK) {
            return status;
        }
        const uint8_t *pointers = entry->buffer.bytes;
        uint32_t slot = (uint32_t)(place.index >> ((level - 1) * shift) & mask);
        if (level == 1) {
            status = collect_run(mount, pointers, slot, (uint32_t)mask + 1, run);
            block_cache_put(&mount->cache, entry);
            return status;
        }
        block = load_le32(pointers + (size_t)slot * block_pointer_bytes);
        block_cache_put(&mount->cache, entry);
    }
    return STATUS_INTERNAL; /* Not reached: the last level returns. */
}

enum status ext_block_map_find(struct ext_mount *mount, const struct ext_inode *inode,
    uint64_t logical_block, struct ext_run *run_out)
{
    uint64_t limit = ext_block_map_limit(&mount->geometry);
    struct ext_run run = {.logical_block = logical_block};
    if (logical_block >= limit) {
        run.kind = EXT_RUN_HOLE;
        run.block_count = UINT64_MAX - logical_block;
        *run_out = run;
        return STATUS_OK;
    }
    struct ext_map_place place = ext_block_map_place(&mount->geometry, logical_block);
    enum status status;
    if (place.level_count == 0) {
        status =
            collect_run(mount, inode->block_area, place.root_slot, block_map_direct_count, &run);
    } else {
        size_t at = (size_t)place.root_slot * block_pointer_bytes;
        status = descend(mount, load_le32(inode->block_area + at), place, &run);
    }
    if (status == STATUS_OK) {
        *run_out = run;
    }
    return status;
}
