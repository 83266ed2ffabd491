/* SPDX-License-Identifier: ISC */
/*
 * Quota files, [ext4 Quota] and the format "v2r1" of the quota tools: a tree of 1 KiB blocks over
 * the four bytes of an id, the highest first, whose leaves hold entries. Private to lib/ext.
 */
#pragma once

#include "transaction.h"

constexpr uint32_t quota_block_shift = 10;
constexpr uint32_t quota_block_bytes = 1U << quota_block_shift;

/* The first block. */
constexpr size_t quota_magic_at = 0x00;
constexpr size_t quota_version_at = 0x04;
constexpr size_t quota_block_count_at = 0x14;
constexpr size_t quota_free_block_at = 0x18; /* the first of those that were given back */
constexpr size_t quota_free_leaf_at = 0x1c;  /* the first of those with room */
constexpr uint32_t quota_version = 1;

/* The tree. */
constexpr uint32_t quota_root_block = 1;
constexpr uint32_t quota_depth = 4;
constexpr uint32_t quota_reference_bytes = 4;

/* A leaf. */
constexpr size_t quota_leaf_next = 0x00;
constexpr size_t quota_leaf_previous = 0x04;
constexpr size_t quota_leaf_count = 0x08;
constexpr uint32_t quota_leaf_header_bytes = 16;
constexpr uint32_t quota_entry_bytes = 72;
constexpr uint32_t quota_leaf_entries =
    (quota_block_bytes - quota_leaf_header_bytes) / quota_entry_bytes;
constexpr size_t quota_entry_id = 0x00;
constexpr size_t quota_entry_inodes = 0x18;
constexpr size_t quota_entry_space = 0x30;
constexpr size_t quota_entry_inode_time = 0x40;

/* The file of one type. */
struct ext_quota {
    struct ext_mount *mount;
    struct ext_file file;
    uint32_t type;
    uint32_t block_count; /* as its first block says */
};

/* A block of it in the cache, pinned. */
struct ext_quota_block {
    struct block_cache_entry *entry;
    uint8_t *bytes;
    uint32_t number;
};

/* The file, its first block verified. NOT_FOUND if the volume has none of this type. */
enum status ext_quota_open(struct ext_mount *mount, uint32_t type, struct ext_quota *quota_out);

/* A block below block_count. Give block_out->entry back. */
enum status ext_quota_pin(
    struct ext_quota *quota, uint32_t number, struct ext_quota_block *block_out);

/* Where the reference for an id is in a block of the tree. */
static inline size_t quota_reference_at(uint32_t id, uint32_t depth)
{
    return (size_t)(id >> (8 * (quota_depth - 1 - depth)) & 0xff) * quota_reference_bytes;
}

/* Whether an entry of a leaf is in use: some byte of it is not zero. */
bool ext_quota_entry_used(const uint8_t *entry);

/* The entry of an id in a leaf; nullptr if it has none. */
uint8_t *ext_quota_find_in_leaf(const struct ext_quota_block *leaf, uint32_t id);

/* What is wrong with a leaf, whatever ids it holds. */
const char *ext_quota_leaf_fault(const uint8_t *bytes);
