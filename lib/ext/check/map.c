/* SPDX-License-Identifier: ISC */
/*
 * The map of one inode, whole: extent trees and block maps. A node that lies is found, and what is
 * below it is left out. Depth falls with every step down, so a walk ends.
 */
#include "check.h"

/* A walk over a map. Data is claimed in rows, so that what is used twice is found once a row. */
struct walk {
    struct ext_check *check;
    const struct ext_inode *inode;
    struct check_map map;
    uint64_t row_first; /* not claimed yet */
    uint64_t row_count;
    uint64_t last_physical; /* cluster of the last block of data, for clusters of many blocks */
    uint64_t last_logical;
    bool any;
};

static void claim_row(struct walk *walk)
{
    if (walk->row_count > 0) {
        ext_check_claim(walk->check, walk->inode->number, walk->row_first, walk->row_count);
    }
    walk->row_count = 0;
}

static void find(struct walk *walk, const char *what, uint64_t block)
{
    walk->map.bad = true;
    ext_check_find_inode(walk->check, what, walk->inode->number, block);
}

/* Blocks that start in the cluster where the last ones ended belong to the same claim. */
static void add_data(struct walk *walk, struct ext_run run)
{
    uint32_t shift = walk->check->mount.geometry.cluster_shift;
    uint64_t mask = ((uint64_t)1 << shift) - 1;
    uint64_t logical_last = run.logical_block + run.block_count - 1;
    uint64_t last = run.physical_block + run.block_count - 1;
    uint64_t clusters = (last >> shift) - (run.physical_block >> shift) + 1;
    if ((run.logical_block & mask) != (run.physical_block & mask)) {
        find(walk, "blocks are not in step with their cluster", run.physical_block);
    }
    bool same = shift > 0 && walk->any && walk->last_physical == run.physical_block >> shift &&
                walk->last_logical == run.logical_block >> shift;
    walk->map.holes = walk->map.holes || run.logical_block != walk->map.end;
    walk->map.end = logical_last + 1;
    if (run.kind == EXT_RUN_DATA) {
        walk->map.end_written = logical_last + 1;
    }
    walk->any = true;
    walk->last_physical = last >> shift;
    walk->last_logical = logical_last >> shift;
    uint64_t first = run.physical_block;
    if (same) {
        clusters--;
        first = ((first >> shift) + 1) << shift;
    }
    walk->map.block_count += clusters << shift;
    if (clusters == 0) {
        return;
    }
    if (walk->row_count == 0 || walk->row_first + walk->row_count != first || shift > 0) {
        claim_row(walk);
        walk->row_first = first;
    }
    walk->row_count += last + 1 - first;
}

static void add_node(struct walk *walk, uint64_t block)
{
    claim_row(walk);
    walk->map.block_count += (uint64_t)1 << walk->check->mount.geometry.cluster_shift;
    ext_check_claim(walk->check, walk->inode->number, block, 1);
}

/* ---- Extent trees ---------------------------------------------------------------------------- */

/* More than the checks of every mount: capacity as it must be, and the place in the parent. */
static bool node_sound(
    struct walk *walk, const struct extent_node *node, struct block_cache_entry *entry)
{
    constexpr uint32_t missing_max = 2; /* entries that a node may leave for its checksum */
    struct ext_mount *mount = &walk->check->mount;
    enum status status = extent_node_check(mount, walk->inode, node, entry);
    if (status != STATUS_OK) {
        walk->map.bad = true;
        mount->corruption.block = node->block;
        ext_check_note(walk->check, status, walk->inode->number);
        return false;
    }
    if (load_le16(node->bytes + extent_entry_count_max) + missing_max < node->room) {
        find(walk, "extent node capacity", node->block);
    }
    if (node->block != 0 && extent_count_of(node->bytes) > 0 &&
        extent_logical_of(extent_entry_at(node->bytes, 0)) != node->lower) {
        find(walk, "extent index begins elsewhere than what it is for", node->block);
    }
    if (node->block != 0 && extent_count_of(node->bytes) == 0) {
        find(walk, "extent node without entries", node->block);
    }
    return true;
}

static void walk_leaf(struct walk *walk, const struct extent_node *node)
{
    uint32_t count = extent_count_of(node->bytes);
    for (uint32_t index = 0; index < count; index++) {
        struct ext_run run = extent_run_of(extent_entry_at(node->bytes, index));
        if (run.kind == EXT_RUN_UNWRITTEN && walk->inode->type == EXT_TYPE_DIRECTORY) {
            find(walk, "directory has blocks that were never written", run.physical_block);
        }
        add_data(walk, run);
    }
}

static void walk_node(struct walk *walk, const struct extent_node *node);

static void walk_child(struct walk *walk, const struct extent_node *parent, uint32_t index)
{
    const struct ext_geometry *geometry = &walk->check->mount.geometry;
    const uint8_t *entry = extent_entry_at(parent->bytes, index);
    struct extent_node node = {
        .block = extent_child_of(entry),
        .room = (geometry->block_bytes - extent_header_bytes) / extent_entry_bytes,
        .depth = parent->depth - 1,
        .lower = extent_logical_of(entry),
        .upper = extent_next_logical(parent, index),
    };
    struct block_cache_entry *cached;
    add_node(walk, node.block);
    if (!ext_check_pin(walk->check, node.block, &cached)) {
        return;
    }
    node.bytes = cached->buffer.bytes;
    if (node_sound(walk, &node, cached)) {
        walk_node(walk, &node);
    }
    ext_check_put(walk->check, cached);
}

/* As deep as extent_depth_max. */
static void walk_node(struct walk *walk, const struct extent_node *node)
{
    if (node->depth == 0) {
        walk_leaf(walk, node);
        return;
    }
    uint32_t count = extent_count_of(node->bytes);
    for (uint32_t index = 0; index < count; index++) {
        walk_child(walk, node, index);
    }
}

static void walk_extents(struct walk *walk)
{
    struct extent_node root = {
        .bytes = walk->inode->block_area,
        .room = (ext_block_area_bytes - extent_header_bytes) / extent_entry_bytes,
        .depth = load_le16(walk->inode->block_area + extent_depth),
        .upper = extent_logical_limit,
    };
    if (root.depth > extent_depth_max) {
        find(walk, "extent tree depth", 0);
    } else if (node_sound(walk, &root, nullptr)) {
        walk_node(walk, &root);
    }
}

/* ---- Block maps ------------------------------------------------------------------------------ */

/* A row of pointers to blocks of `level`: 0 is data. */
struct pointers {
    const uint8_t *bytes;
    uint32_t count;
    uint32_t level;
    uint64_t logical; /* of the first */
};

/* Data blocks below one pointer to a block of `level`. */
static uint64_t span_of(const struct walk *walk, uint32_t level)
{
    uint64_t per_block = walk->check->mount.geometry.block_bytes / block_pointer_bytes;
    uint64_t span = 1;
    for (uint32_t step = 0; step < level; step++) {
        span *= per_block;
    }
    return span;
}

static void walk_pointers(struct walk *walk, const struct pointers *pointers);

static void walk_pointer(struct walk *walk, uint64_t block, uint32_t level, uint64_t logical)
{
    if (!ext_blocks_valid(&walk->check->mount, block, 1)) {
        find(walk, "block pointer outside the volume", block);
        return;
    }
    if (level == 0) {
        struct ext_run run = {
            .logical_block = logical,
            .physical_block = block,
            .block_count = 1,
            .kind = EXT_RUN_DATA,
        };
        add_data(walk, run);
        return;
    }
    struct block_cache_entry *entry;
    add_node(walk, block);
    if (!ext_check_pin(walk->check, block, &entry)) {
        return;
    }
    struct pointers below = {
        .bytes = entry->buffer.bytes,
        .count = walk->check->mount.geometry.block_bytes / block_pointer_bytes,
        .level = level - 1,
        .logical = logical,
    };
    walk_pointers(walk, &below);
    ext_check_put(walk->check, entry);
}

/* As deep as block_map_level_max. */
static void walk_pointers(struct walk *walk, const struct pointers *pointers)
{
    uint64_t span = span_of(walk, pointers->level);
    for (uint32_t index = 0; index < pointers->count; index++) {
        uint32_t block = load_le32(pointers->bytes + (size_t)index * block_pointer_bytes);
        if (block != 0) {
            walk_pointer(walk, block, pointers->level, pointers->logical + index * span);
        }
    }
}

static void walk_block_map(struct walk *walk)
{
    struct pointers row = {
        .bytes = walk->inode->block_area,
        .count = block_map_direct_count,
    };
    walk_pointers(walk, &row);
    row.bytes += (size_t)block_map_direct_count * block_pointer_bytes;
    row.logical = block_map_direct_count;
    row.count = 1;
    for (row.level = 1; row.level <= block_map_level_max; row.level++) {
        walk_pointers(walk, &row);
        row.bytes += block_pointer_bytes;
        row.logical += span_of(walk, row.level);
    }
}

struct check_map ext_check_map(struct ext_check *check, const struct ext_inode *inode)
{
    struct walk walk = {.check = check, .inode = inode};
    if ((inode->flags & inode_flag_extents) != 0) {
        walk_extents(&walk);
    } else {
        walk_block_map(&walk);
    }
    claim_row(&walk);
    if (walk.map.bad) {
        check->usage_known = false;
    }
    return walk.map;
}
