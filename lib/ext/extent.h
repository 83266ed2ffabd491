/* SPDX-License-Identifier: ISC */
/*
 * Nodes of extent trees, [ext4 Extent Tree], for the two files that read and change them.
 */
#pragma once

#include "internal.h"

/* A node: header, then entries. What it must be follows from its parent. */
struct extent_node {
    const uint8_t *bytes;
    uint64_t block; /* where it is; 0: in the inode */
    uint32_t room;  /* for entries */
    uint32_t depth; /* that it must have */
    uint64_t lower; /* it covers logical blocks from here */
    uint64_t upper; /* up to here, exclusively */
};

static inline const uint8_t *extent_entry_at(const uint8_t *node, uint32_t index)
{
    return node + extent_header_bytes + (size_t)index * extent_entry_bytes;
}

static inline uint32_t extent_count_of(const uint8_t *node)
{
    return load_le16(node + extent_entry_count);
}

static inline uint32_t extent_logical_of(const uint8_t *entry)
{
    return load_le32(entry + extent_logical);
}

static inline uint64_t extent_child_of(const uint8_t *entry)
{
    return load_le32(entry + extent_child_low) | (uint64_t)load_le16(entry + extent_child_high)
                                                     << 32;
}

static inline uint64_t extent_start_of(const uint8_t *entry)
{
    return load_le32(entry + extent_start_low) | (uint64_t)load_le16(entry + extent_start_high)
                                                     << 32;
}

static inline uint32_t extent_length_of(const uint8_t *entry, enum ext_run_kind *kind_out)
{
    uint32_t length = load_le16(entry + extent_length);
    *kind_out = length > extent_length_written_max ? EXT_RUN_UNWRITTEN : EXT_RUN_DATA;
    return length > extent_length_written_max ? length - extent_length_written_max : length;
}

/* A leaf's entry as a run. */
static inline struct ext_run extent_run_of(const uint8_t *entry)
{
    struct ext_run run = {
        .logical_block = extent_logical_of(entry), .physical_block = extent_start_of(entry)};
    run.block_count = extent_length_of(entry, &run.kind);
    return run;
}

/* The last entry at or before `logical_block`, or the count of entries if all are after it. */
uint32_t extent_search(const uint8_t *node, uint64_t logical_block);

/* Where the entry after `index` begins, or the node ends; index may be the count: before all. */
uint64_t extent_next_logical(const struct extent_node *node, uint32_t index);

/*
 * Verifies a node, once for each time that its block is loaded; `entry` is nullptr for the root.
 * CORRUPT with what is wrong.
 */
enum status extent_node_check(struct ext_mount *mount, const struct ext_inode *inode,
    const struct extent_node *node, struct block_cache_entry *entry);
