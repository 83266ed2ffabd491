/* SPDX-License-Identifier: ISC */
/*
 * Extent trees, [ext4 Extent Tree]. A node is checked as a whole before it is searched: magic,
 * depth, counts, order, ranges inside the volume and inside what its parent says it covers, and the
 * checksum of a node in a block of its own. Depth falls by one with every step, so a walk ends.
 */
#include "internal.h"

/* A node about to be searched. */
struct node {
    const uint8_t *bytes;
    uint64_t block; /* where it is; 0: in the inode */
    uint32_t room;  /* for entries */
    uint32_t depth; /* that it must have */
    uint64_t lower; /* it covers logical blocks from here */
    uint64_t upper; /* up to here, exclusively */
};

static const uint8_t *node_entry(const struct node *node, uint32_t index)
{
    return node->bytes + extent_header_bytes + (size_t)index * extent_entry_bytes;
}

static uint32_t node_entry_count(const struct node *node)
{
    return load_le16(node->bytes + extent_entry_count);
}

static uint32_t entry_logical(const uint8_t *entry)
{
    return load_le32(entry + extent_logical);
}

static uint64_t entry_child(const uint8_t *entry)
{
    return load_le32(entry + extent_child_low) | (uint64_t)load_le16(entry + extent_child_high)
                                                     << 32;
}

static uint64_t entry_start(const uint8_t *entry)
{
    return load_le32(entry + extent_start_low) | (uint64_t)load_le16(entry + extent_start_high)
                                                     << 32;
}

static uint32_t entry_length(const uint8_t *entry, enum ext_run_kind *kind_out)
{
    uint32_t length = load_le16(entry + extent_length);
    *kind_out = length > extent_length_written_max ? EXT_RUN_UNWRITTEN : EXT_RUN_DATA;
    return length > extent_length_written_max ? length - extent_length_written_max : length;
}

static const char *header_fault(const struct node *node)
{
    uint32_t entry_count = node_entry_count(node);
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
static const char *entries_fault(const struct ext_mount *mount, const struct node *node)
{
    uint32_t entry_count = node_entry_count(node);
    uint64_t next = node->lower;
    for (uint32_t index = 0; index < entry_count; index++) {
        const uint8_t *entry = node_entry(node, index);
        uint64_t logical = entry_logical(entry);
        enum ext_run_kind kind;
        uint64_t length = node->depth > 0 ? 1 : entry_length(entry, &kind);
        uint64_t place = node->depth > 0 ? entry_child(entry) : entry_start(entry);
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
    const struct ext_mount *mount, const struct ext_inode *inode, const struct node *node)
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
    const struct ext_mount *mount, const struct ext_inode *inode, const struct node *node)
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
static uint32_t search(const struct node *node, uint64_t logical_block)
{
    uint32_t entry_count = node_entry_count(node);
    uint32_t low = 0;
    uint32_t high = entry_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (entry_logical(node_entry(node, middle)) <= logical_block) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? entry_count : low - 1;
}

/* Where the entry after `index` begins, or the node ends; index may be entry_count: before all. */
static uint64_t next_logical(const struct node *node, uint32_t index)
{
    uint32_t entry_count = node_entry_count(node);
    uint32_t next = index == entry_count ? 0 : index + 1;
    return next < entry_count ? entry_logical(node_entry(node, next)) : node->upper;
}

static struct ext_run hole(uint64_t logical_block, uint64_t end)
{
    return (struct ext_run){
        .logical_block = logical_block, .block_count = end - logical_block, .kind = EXT_RUN_HOLE};
}

static struct ext_run find_in_leaf(const struct node *node, uint64_t logical_block)
{
    uint32_t index = search(node, logical_block);
    if (index == node_entry_count(node)) {
        return hole(logical_block, next_logical(node, index));
    }
    const uint8_t *entry = node_entry(node, index);
    enum ext_run_kind kind;
    uint64_t length = entry_length(entry, &kind);
    uint64_t skipped = logical_block - entry_logical(entry);
    if (skipped >= length) {
        return hole(logical_block, next_logical(node, index));
    }
    return (struct ext_run){
        .logical_block = logical_block,
        .physical_block = entry_start(entry) + skipped,
        .block_count = length - skipped,
        .kind = kind,
    };
}

/* One level down: turns `node` into its child that covers the block, if `found` is left false. */
static void choose_child(
    struct node *node, uint64_t logical_block, struct ext_run *run_out, bool *found_out)
{
    uint32_t index = search(node, logical_block);
    *found_out = index == node_entry_count(node);
    if (*found_out) {
        *run_out = hole(logical_block, next_logical(node, index));
        return;
    }
    const uint8_t *entry = node_entry(node, index);
    node->upper = next_logical(node, index);
    node->lower = entry_logical(entry);
    node->block = entry_child(entry);
    node->depth--;
}

/* Searches the node whose bytes are at hand; verified once for each time its block is loaded. */
static enum status search_node(struct ext_mount *mount, const struct ext_inode *inode,
    struct node *node, struct block_cache_entry *entry, const char **fault_out)
{
    uint64_t mark = ext_mark(EXT_MARK_EXTENT_NODE, inode);
    if (entry != nullptr && entry->owner_mark == mark) {
        *fault_out = header_fault(node);
        return *fault_out == nullptr ? STATUS_OK : STATUS_CORRUPT;
    }
    *fault_out = node_fault(mount, inode, node);
    if (*fault_out != nullptr) {
        return STATUS_CORRUPT;
    }
    if (entry != nullptr) {
        entry->owner_mark = mark;
    }
    return STATUS_OK;
}

/* Below the root: each turn loads, checks and searches one node. */
static enum status descend(struct ext_mount *mount, const struct ext_inode *inode, struct node node,
    uint64_t logical_block, struct ext_run *run_out)
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
        const char *fault = nullptr;
        status = search_node(mount, inode, &node, entry, &fault);
        if (status != STATUS_OK) {
            status = ext_corrupt(mount, fault, block);
        } else if (node.depth == 0) {
            *run_out = find_in_leaf(&node, logical_block);
            found = true;
        } else {
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
    struct node root = {
        .bytes = inode->block_area,
        .room = (ext_block_area_bytes - extent_header_bytes) / extent_entry_bytes,
        .depth = load_le16(inode->block_area + extent_depth),
        .upper = extent_logical_limit,
    };
    if (root.depth > extent_depth_max) {
        return ext_corrupt(mount, "extent tree depth", 0);
    }
    const char *fault = nullptr;
    if (search_node(mount, inode, &root, nullptr, &fault) != STATUS_OK) {
        return ext_corrupt(mount, fault, 0);
    }
    if (root.depth == 0) {
        *run_out = find_in_leaf(&root, logical_block);
        return STATUS_OK;
    }
    bool found;
    choose_child(&root, logical_block, run_out, &found);
    return found ? STATUS_OK : descend(mount, inode, root, logical_block, run_out);
}
