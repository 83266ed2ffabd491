/* SPDX-License-Identifier: ISC */
/*
 * Reading quota files, and what a mount checks of them: all of the tree, so that a charge finds
 * nothing that it must not believe.
 */
#include "quota.h"

static enum status fault_in(struct ext_quota *quota, const char *what, uint64_t block)
{
    return ext_corrupt(quota->mount, what, block);
}

enum status ext_quota_pin(
    struct ext_quota *quota, uint32_t number, struct ext_quota_block *block_out)
{
    struct ext_mount *mount = quota->mount;
    uint32_t shift = mount->geometry.block_shift - quota_block_shift;
    struct ext_quota_block block = {.number = number};
    enum status status = ext_own_file_pin(
        mount, &quota->file, number >> shift, "quota file with a hole", &block.entry);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t within = number & ((1U << shift) - 1);
    block.bytes = (uint8_t *)block.entry->buffer.bytes + ((size_t)within << quota_block_shift);
    *block_out = block;
    return STATUS_OK;
}

static const char *header_fault(const struct ext_quota *quota, const uint8_t *bytes)
{
    static const uint32_t magics[ext_quota_type_count] = {0xd9c0'1f11, 0xd9c0'1927, 0xd9c0'3f14};
    uint32_t block_count = load_le32(bytes + quota_block_count_at);
    if (load_le32(bytes + quota_magic_at) != magics[quota->type]) {
        return "quota file magic";
    }
    if (load_le32(bytes + quota_version_at) != quota_version) {
        return "quota file version";
    }
    if (block_count <= quota_root_block ||
        block_count > quota->file.inode.size_bytes >> quota_block_shift) {
        return "quota file block count";
    }
    if (load_le32(bytes + quota_free_block_at) >= block_count ||
        load_le32(bytes + quota_free_leaf_at) >= block_count) {
        return "quota file free list";
    }
    return nullptr;
}

enum status ext_quota_open(struct ext_mount *mount, uint32_t type, struct ext_quota *quota_out)
{
    uint32_t number = mount->geometry.quota_inodes[type];
    if (number == 0) {
        return STATUS_NOT_FOUND;
    }
    *quota_out = (struct ext_quota){.mount = mount, .type = type};
    enum status status =
        ext_own_file_open(mount, number, "quota file is missing", &quota_out->file);
    if (status != STATUS_OK) {
        return status;
    }
    if (quota_out->file.inode.size_bytes < quota_block_bytes) {
        return fault_in(quota_out, "quota file size", 0);
    }
    struct ext_quota_block header;
    status = ext_quota_pin(quota_out, 0, &header);
    if (status != STATUS_OK) {
        return status;
    }
    const char *fault = header_fault(quota_out, header.bytes);
    if (fault != nullptr) {
        status = fault_in(quota_out, fault, header.entry->block);
    }
    quota_out->block_count = load_le32(header.bytes + quota_block_count_at);
    block_cache_put(&mount->cache, header.entry);
    return status;
}

bool ext_quota_entry_used(const uint8_t *entry)
{
    for (uint32_t at = 0; at < quota_entry_bytes; at += 4) {
        if (load_le32(entry + at) != 0) {
            return true;
        }
    }
    return false;
}

uint8_t *ext_quota_find_in_leaf(const struct ext_quota_block *leaf, uint32_t id)
{
    for (uint32_t index = 0; index < quota_leaf_entries; index++) {
        uint8_t *entry = leaf->bytes + quota_leaf_header_bytes + (size_t)index * quota_entry_bytes;
        if (load_le32(entry + quota_entry_id) == id && ext_quota_entry_used(entry)) {
            return entry;
        }
    }
    return nullptr;
}

const char *ext_quota_leaf_fault(const uint8_t *bytes)
{
    uint32_t used = 0;
    for (uint32_t index = 0; index < quota_leaf_entries; index++) {
        used += ext_quota_entry_used(
            bytes + quota_leaf_header_bytes + (size_t)index * quota_entry_bytes);
    }
    return used == load_le16(bytes + quota_leaf_count) ? nullptr : "quota entry count";
}

/* ---- The whole tree -------------------------------------------------------------------------- */

/* A walk; a tree without loops has fewer blocks than its file, and leaves have few parents. */
struct walk {
    struct ext_quota *quota;
    uint32_t blocks[quota_depth]; /* from the root */
    uint32_t slots[quota_depth];  /* the next reference of each */
    uint32_t depth;
    uint64_t budget;
};

constexpr uint32_t references_per_block = quota_block_bytes / quota_reference_bytes;

/* The leaf must hold the id whose path leads to it. */
static enum status check_leaf(struct walk *walk, uint32_t number, uint32_t id)
{
    struct ext_quota_block leaf;
    enum status status = ext_quota_pin(walk->quota, number, &leaf);
    if (status != STATUS_OK) {
        return status;
    }
    const char *fault = ext_quota_leaf_fault(leaf.bytes);
    if (fault == nullptr && ext_quota_find_in_leaf(&leaf, id) == nullptr) {
        fault = "quota entry is missing";
    }
    if (fault != nullptr) {
        status = fault_in(walk->quota, fault, leaf.entry->block);
    }
    block_cache_put(&walk->quota->mount->cache, leaf.entry);
    return status;
}

/* The next reference of the block that the walk is in; 0 after the last. */
static enum status next_reference(struct walk *walk, uint32_t *number_out)
{
    struct ext_quota *quota = walk->quota;
    struct ext_quota_block block;
    enum status status = ext_quota_pin(quota, walk->blocks[walk->depth], &block);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t *slot = &walk->slots[walk->depth];
    uint32_t number = 0;
    while (*slot < references_per_block && number == 0) {
        number = load_le32(block.bytes + (size_t)*slot * quota_reference_bytes);
        (*slot)++;
    }
    if (number != 0 && (number <= quota_root_block || number >= quota->block_count)) {
        status = fault_in(quota, "quota tree reference", block.entry->block);
    }
    block_cache_put(&quota->mount->cache, block.entry);
    *number_out = number;
    return status;
}

static uint32_t id_of(const struct walk *walk)
{
    uint32_t id = 0;
    for (uint32_t depth = 0; depth < quota_depth; depth++) {
        id = id << 8 | (walk->slots[depth] - 1);
    }
    return id;
}

static enum status visit(struct walk *walk, uint32_t number)
{
    if (walk->budget == 0) {
        return fault_in(walk->quota, "quota tree has a loop", 0);
    }
    walk->budget--;
    if (walk->depth == quota_depth - 1) {
        return check_leaf(walk, number, id_of(walk));
    }
    walk->depth++;
    walk->blocks[walk->depth] = number;
    walk->slots[walk->depth] = 0;
    return STATUS_OK;
}

static enum status check_tree(struct ext_quota *quota)
{
    struct walk walk = {
        .quota = quota,
        .blocks = {quota_root_block},
        .budget = (uint64_t)quota->block_count * quota_leaf_entries,
    };
    for (;;) {
        uint32_t number;
        enum status status = next_reference(&walk, &number);
        if (status == STATUS_OK && number != 0) {
            status = visit(&walk, number);
        } else if (status == STATUS_OK && walk.depth == 0) {
            return STATUS_OK;
        } else {
            walk.depth -= status == STATUS_OK ? 1 : 0;
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
}

enum status ext_quota_check(struct ext_mount *mount)
{
    for (uint32_t type = 0; type < ext_quota_type_count; type++) {
        struct ext_quota quota;
        enum status status = ext_quota_open(mount, type, &quota);
        if (status == STATUS_NOT_FOUND) {
            continue;
        }
        if (status == STATUS_OK) {
            status = check_tree(&quota);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
