/* SPDX-License-Identifier: ISC */
/*
 * Extent trees, [ext4 Extent Tree]. A node is checked as a whole before it is searched: magic,
 * depth, counts, order, ranges inside the volume and inside what its parent says it covers, and the
 * checksum of a node in a block of its own. Depth falls by one with every step, so a walk ends.
 */
#include "extent.h"

static const char *header_fault(const struct extent_node *node)
{
    uint32_t entry_count = extent_count_of(node->bytes);
    uint32_t entry_count_max = load_le16(node->bytes + extent_entry_count_max);
    if (load_le16(node->bytes + extent_magic_at) != extent_magic) {
        return "extent node magic";
    }
    if (load_le16(node->bytes + extent_depth) != node->depth) {
        return "extent node depth";
    }
    if (entry_count_max == 0 || entry_count_max > node->room) {
        return "extent node capacity";
    }
    if (entry_count > entry_count_max) {
        return "extent node entry count";
    }
    if (entry_count == 0 && node->depth > 0) {
        return "extent index without entries";
    }
    return nullptr;
}

/* Order and ranges of all entries; `next` is where the previous entry ends. */
static const char *entries_fault(const struct ext_mount *mount, const struct extent_node *node)
{
    uint32_t entry_count = extent_count_of(node->bytes);
    uint64_t next = node->lower;
    for (uint32_t index = 0; index < entry_count; index++) {
        const uint8_t *entry = extent_entry_at(node->bytes, index);
        uint64_t logical = extent_logical_of(entry);
        enum ext_run_kind kind;
        uint64_t length = node->depth > 0 ? 1 : extent_length_of(entry, &kind);
        uint64_t place = node->depth > 0 ? extent_child_of(entry) : extent_start_of(entry);
        if (length == 0) {
            return "extent without length";
        }
        if (logical < next || logical + length > node->upper) {
            return "order of extents";
        }
        if (!ext_blocks_valid(mount, place, length)) {
            return "extent outside the volume";
        }
        next = logical + length;
    }
    return nullptr;
}

static bool node_checksum_valid(
    const struct ext_mount *mount, const struct ext_inode *inode, const struct extent_node *node)
{
    if (!ext_has_checksums(mount) || node->block == 0) {
        return true;
    }
    size_t covered_bytes =
        extent_header_bytes +
        (size_t)load_le16(node->bytes + extent_entry_count_max) * extent_entry_bytes;
    return ext_checksum(inode->checksum_seed, node->bytes, covered_bytes) ==
           load_le32(node->bytes + covered_bytes);
}

static const char *node_fault(
    const struct ext_mount *mount, const struct ext_inode *inode, const struct extent_node *node)
{
    const char *fault = header_fault(node);
    if (fault != nullptr) {
        return fault;
    }
    if (!node_checksum_valid(mount, inode, node)) {
        return "extent node checksum";
    }
    return entries_fault(mount, node);
}

/* The last entry at or before `logical_block`, or entry_count if all are after it. */
uint32_t extent_search(const uint8_t *node, uint64_t logical_block)
{
    uint32_t entry_count = extent_count_of(node);
    uint32_t low = 0;
    uint32_t high = entry_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (extent_logical_of(extent_entry_at(node, middle)) <= logical_block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? entry_count : low - 1;
}

/* Where the entry after `index` begins, or the node ends; index may be entry_count: before all. */
uint64_t extent_next_logical(const struct extent_node *node, uint32_t index)
{
    uint32_t entry_count = extent_count_of(node->bytes);
    uint32_t next = index == entry_count ? 0 : index + 1;
    return next < entry_count ? extent_logical_of(extent_entry_at(node->bytes, next)) : node->upper;
}

static struct ext_run hole(uint64_t logical_block, uint64_t end)
{
    return (struct ext_run){
        .logical_block = logical_block, .block_count = end - logical_block, .kind = EXT_RUN_HOLE};
}

static struct ext_run find_in_leaf(const struct extent_node *node, uint64_t logical_block)
{
    uint32_t index = extent_search(node->bytes, logical_block);
    if (index == extent_count_of(node->bytes)) {
        return hole(logical_block, extent_next_logical(node, index));
    }
    const uint8_t *entry = extent_entry_at(node->bytes, index);
    enum ext_run_kind kind;
    uint64_t length = extent_length_of(entry, &kind);
    uint64_t skipped = logical_block - extent_logical_of(entry);
    if (skipped >= length) {
        return hole(logical_block, extent_next_logical(node, index));
    }
    return (struct ext_run){
        .logical_block = logical_block,
        .physical_block = extent_start_of(entry) + skipped,
        .block_count = length - skipped,
        .kind = kind,
    };
}

/* One level down: turns `node` into its child that covers the block, if `found` is left false. */
static void choose_child(
    struct extent_node *node, uint64_t logical_block, struct ext_run *run_out, bool *found_out)
{
    uint32_t index = extent_search(node->bytes, logical_block);
    *found_out = index == extent_count_of(node->bytes);
    if (*found_out) {
        *run_out = hole(logical_block, extent_next_logical(node, index));
        return;
    }
    const uint8_t *entry = extent_entry_at(node->bytes, index);
    node->upper = extent_next_logical(node, index);
    node->lower = extent_logical_of(entry);
    node->block = extent_child_of(entry);
    node->depth--;
}

enum status extent_node_check(struct ext_mount *mount, const struct ext_inode *inode,
    const struct extent_node *node, struct block_cache_entry *entry)
{
    uint64_t mark = ext_mark(EXT_MARK_EXTENT_NODE, inode);
    bool known = entry != nullptr && entry->owner_mark == mark;
    const char *fault = known ? header_fault(node) : node_fault(mount, inode, node);
    if (fault != nullptr) {
        return ext_corrupt(mount, fault, node->block);
    }
    if (entry != nullptr) {
        entry->owner_mark = mark;
        entry->owner_seed = inode->checksum_seed;
    }
    return STATUS_OK;
}

/* Below the root: each turn loads, checks and searches one node. */
static enum status descend(struct ext_mount *mount, const struct ext_inode *inode,
    struct extent_node node, uint64_t logical_block, struct ext_run *run_out)
{
    uint32_t block_bytes = mount->geometry.block_bytes;
    bool found = false;
    while (!found) {
        uint64_t block = node.block;
        struct block_cache_entry *entry;
        enum status status = block_cache_get(&mount->cache, block, &entry);
        if (status != STATUS_OK) {
            return status;
        }
        node.bytes = entry->buffer.bytes;
        node.room = (block_bytes - extent_header_bytes) / extent_entry_bytes;
        status = extent_node_check(mount, inode, &node, entry);
        if (status == STATUS_OK && node.depth == 0) {
            *run_out = find_in_leaf(&node, logical_block);
            found = true;
        } else if (status == STATUS_OK) {
            choose_child(&node, logical_block, run_out, &found);
        }
        block_cache_put(&mount->cache, entry);
        if (status != STATUS_OK) {
            return status;
        }
        if (!found && !ext_blocks_valid(mount, node.block, 1)) {
            return ext_corrupt(mount, "extent outside the volume", block);
        }
    }
    return STATUS_OK;
}

enum status ext_extent_find(struct ext_mount *mount, const struct ext_inode *inode,
    uint64_t logical_block, struct ext_run *run_out)
{
    if (logical_block >= extent_logical_limit) {
        *run_out = hole(logical_block, UINT64_MAX);
        return STATUS_OK;
    }
    struct extent_node root = {
        .bytes = inode->block_area,
        .room = (ext_block_area_bytes - extent_header_bytes) / extent_entry_bytes,
        .depth = load_le16(inode->block_area + extent_depth),
        .upper = extent_logical_limit,
    };
    if (root.depth > extent_depth_max) {
        return ext_corrupt(mount, "extent tree depth", 0);
    }
    enum status status = extent_node_check(mount, inode, &root, nullptr);
    if (status != STATUS_OK) {
        return status;
    }
    if (root.depth == 0) {
        *run_out = find_in_leaf(&root, logical_block);
        return STATUS_OK;
    }
    bool found;
    choose_child(&root, logical_block, run_out, &found);
    return found ? STATUS_OK : descend(mount, inode, root, logical_block, run_out);
}
