/* SPDX-License-Identifier: ISC */
/*
 * Charging the owners of inodes. Every store of an inode comes through here with what the inode
 * said before, so quota is right whatever changed it. Limits are kept and not enforced.
 */
#include "quota.h"

#include <string.h>

/* ---- Blocks of the file ---------------------------------------------------------------------- */

static enum status change(struct ext_quota *quota, const struct ext_quota_block *block)
{
    enum status status = ext_change_block(quota->mount, block->entry);
    if (status == STATUS_OK) {
        block->entry->owner_mark = ext_mark_of(EXT_MARK_QUOTA, 0);
    }
    return status;
}

static enum status pin_to_change(
    struct ext_quota *quota, uint32_t number, struct ext_quota_block *block_out)
{
    enum status status = ext_quota_pin(quota, number, block_out);
    if (status != STATUS_OK) {
        return status;
    }
    status = change(quota, block_out);
    if (status != STATUS_OK) {
        block_cache_put(&quota->mount->cache, block_out->entry);
    }
    return status;
}

static void put(struct ext_quota *quota, const struct ext_quota_block *block)
{
    block_cache_put(&quota->mount->cache, block->entry);
}

/* Space of the file for one more block of its tree, zeroed if it is new to the file. */
static enum status extend(struct ext_quota *quota, uint32_t number)
{
    struct ext_mount *mount = quota->mount;
    struct ext_inode *inode = &quota->file.inode;
    uint64_t end_bytes = ((uint64_t)number + 1) << quota_block_shift;
    if (end_bytes <= inode->size_bytes) {
        return STATUS_OK;
    }
    uint64_t logical = (uint64_t)number >> (mount->geometry.block_shift - quota_block_shift);
    struct ext_map_request request = {.logical_block = logical, .block_count = 1};
    struct ext_run run;
    bool fresh;
    enum status status = ext_map_allocate(mount, inode, request, &run, &fresh);
    if (status != STATUS_OK) {
        return status;
    }
    if (fresh) {
        struct block_cache_entry *entry;
        status =
            ext_change_fresh(mount, run.physical_block, ext_mark_of(EXT_MARK_QUOTA, 0), 0, &entry);
        if (status != STATUS_OK) {
            return status;
        }
        block_cache_put(&mount->cache, entry);
    }
    inode->size_bytes = (logical + 1) << mount->geometry.block_shift;
    quota->file.last_run.block_count = 0;
    return ext_store_inode(mount, inode);
}

/* A block that is free or new, zeroed; the first block of the file, part of the change, knows. */
static enum status take_block(struct ext_quota *quota, uint8_t *header, uint32_t *number_out)
{
    uint32_t number = load_le32(header + quota_free_block_at);
    bool new = number == 0;
    if (new) {
        number = quota->block_count;
        enum status status = extend(quota, number);
        if (status != STATUS_OK) {
            return status;
        }
    }
    struct ext_quota_block block;
    enum status status = pin_to_change(quota, number, &block);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t next = load_le32(block.bytes + quota_leaf_next);
    memset(block.bytes, 0, quota_block_bytes);
    put(quota, &block);
    if (new) {
        quota->block_count++;
        store_le32(header + quota_block_count_at, quota->block_count);
    } else if (next >= quota->block_count) {
        return ext_corrupt(quota->mount, "quota file free list", 0);
    } else {
        store_le32(header + quota_free_block_at, next);
    }
    *number_out = number;
    return STATUS_OK;
}

/* ---- Leaves ---------------------------------------------------------------------------------- */

/* Takes the first leaf out of the list of those with room. */
static enum status unlist_leaf(
    struct ext_quota *quota, uint8_t *header, const struct ext_quota_block *leaf)
{
    uint32_t next = load_le32(leaf->bytes + quota_leaf_next);
    if (next >= quota->block_count || load_le32(leaf->bytes + quota_leaf_previous) != 0) {
        return ext_corrupt(quota->mount, "quota file list of leaves", leaf->entry->block);
    }
    store_le32(leaf->bytes + quota_leaf_next, 0);
    store_le32(header + quota_free_leaf_at, next);
    if (next == 0) {
        return STATUS_OK;
    }
    struct ext_quota_block other;
    enum status status = pin_to_change(quota, next, &other);
    if (status == STATUS_OK) {
        store_le32(other.bytes + quota_leaf_previous, 0);
        put(quota, &other);
    }
    return status;
}

static enum status fill_slot(
    struct ext_quota *quota, uint8_t *header, const struct ext_quota_block *leaf, uint32_t id)
{
    uint32_t count = load_le16(leaf->bytes + quota_leaf_count);
    uint32_t index = 0;
    uint8_t *entry = leaf->bytes + quota_leaf_header_bytes;
    while (index < quota_leaf_entries && ext_quota_entry_used(entry)) {
        index++;
        entry += quota_entry_bytes;
    }
    if (index == quota_leaf_entries || ext_quota_leaf_fault(leaf->bytes) != nullptr) {
        return ext_corrupt(quota->mount, "quota file list of leaves", leaf->entry->block);
    }
    store_le32(entry + quota_entry_id, id);
    /* An entry of zeros would count as unused. */
    store_le64(entry + quota_entry_inode_time, id == 0 ? 1 : 0);
    store_le16(leaf->bytes + quota_leaf_count, (uint16_t)(count + 1));
    return count + 1 == quota_leaf_entries ? unlist_leaf(quota, header, leaf) : STATUS_OK;
}

/* An entry for an id that has none, all zero, in some leaf. */
static enum status make_entry(
    struct ext_quota *quota, uint8_t *header, uint32_t id, uint32_t *leaf_out)
{
    uint32_t number = load_le32(header + quota_free_leaf_at);
    if (number == 0) {
        enum status status = take_block(quota, header, &number);
        if (status != STATUS_OK) {
            return status;
        }
        store_le32(header + quota_free_leaf_at, number);
    }
    struct ext_quota_block leaf;
    enum status status = pin_to_change(quota, number, &leaf);
    if (status == STATUS_OK) {
        status = fill_slot(quota, header, &leaf, id);
        put(quota, &leaf);
    }
    *leaf_out = number;
    return status;
}

/* ---- The tree -------------------------------------------------------------------------------- */

/* The reference for an id in a block of the tree; 0: there is none. */
static enum status read_reference(
    struct ext_quota *quota, uint32_t block, uint32_t id, uint32_t depth, uint32_t *number_out)
{
    struct ext_quota_block node;
    enum status status = ext_quota_pin(quota, block, &node);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t number = load_le32(node.bytes + quota_reference_at(id, depth));
    if (number != 0 && (number <= quota_root_block || number >= quota->block_count)) {
        status = ext_corrupt(quota->mount, "quota tree reference", node.entry->block);
    }
    put(quota, &node);
    *number_out = number;
    return status;
}

/* Makes what is missing of the path to an id: from `depth` below `block` on. */
static enum status grow_path(
    struct ext_quota *quota, uint8_t *header, uint32_t block, uint32_t id, uint32_t depth)
{
    uint32_t node = block;
    for (; depth < quota_depth; depth++) {
        uint32_t number;
        bool last = depth == quota_depth - 1;
        enum status status =
            last ? make_entry(quota, header, id, &number) : take_block(quota, header, &number);
        struct ext_quota_block parent;
        if (status == STATUS_OK) {
            status = pin_to_change(quota, node, &parent);
        }
        if (status != STATUS_OK) {
            return status;
        }
        store_le32(parent.bytes + quota_reference_at(id, depth), number);
        put(quota, &parent);
        node = number;
    }
    return STATUS_OK;
}

/* As deep as the tree goes for an id: a leaf, with *depth_out quota_depth, or a block above. */
static enum status descend(
    struct ext_quota *quota, uint32_t id, uint32_t *block_out, uint32_t *depth_out)
{
    uint32_t block = quota_root_block;
    uint32_t depth = 0;
    while (depth < quota_depth) {
        uint32_t number;
        enum status status = read_reference(quota, block, id, depth, &number);
        if (status != STATUS_OK) {
            return status;
        }
        if (number == 0) {
            break;
        }
        block = number;
        depth++;
    }
    *block_out = block;
    *depth_out = depth;
    return STATUS_OK;
}

static enum status find_leaf(struct ext_quota *quota, uint32_t id, uint32_t *leaf_out)
{
    uint32_t depth;
    enum status status = descend(quota, id, leaf_out, &depth);
    if (status != STATUS_OK || depth == quota_depth) {
        return status;
    }
    struct ext_quota_block header;
    status = pin_to_change(quota, 0, &header);
    if (status != STATUS_OK) {
        return status;
    }
    status = grow_path(quota, header.bytes, *leaf_out, id, depth);
    put(quota, &header);
    return status == STATUS_OK ? descend(quota, id, leaf_out, &depth) : status;
}

/* ---- Charges --------------------------------------------------------------------------------- */

struct charge {
    int64_t bytes;
    int64_t inodes;
};

static bool add(uint8_t *at, int64_t amount)
{
    uint64_t value = load_le64(at);
    bool enough = amount >= 0 || value >= (uint64_t)-amount;
    store_le64(at, enough ? value + (uint64_t)amount : 0);
    return enough;
}

static enum status charge_id(
    struct ext_mount *mount, uint32_t type, uint32_t id, struct charge charge)
{
    struct ext_quota quota;
    enum status status = ext_quota_open(mount, type, &quota);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    uint32_t number;
    struct ext_quota_block leaf;
    status = find_leaf(&quota, id, &number);
    if (status == STATUS_OK) {
        status = pin_to_change(&quota, number, &leaf);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *entry = ext_quota_find_in_leaf(&leaf, id);
    if (entry == nullptr) {
        status = ext_corrupt(mount, "quota entry is missing", leaf.entry->block);
    } else if (!add(entry + quota_entry_space, charge.bytes) ||
               !add(entry + quota_entry_inodes, charge.inodes)) {
        status = ext_corrupt(mount, "quota of an owner of more than it says", leaf.entry->block);
    } else if (!ext_quota_entry_used(entry)) {
        store_le64(entry + quota_entry_inode_time, 1);
    }
    put(&quota, &leaf);
    return status;
}

/* What an inode stands for; an unused one for nothing. */
struct holding {
    uint32_t ids[ext_quota_type_count];
    struct charge charge;
};

static struct holding holding_of(const struct ext_inode *inode)
{
    if (inode == nullptr) {
        return (struct holding){};
    }
    return (struct holding){
        .ids = {inode->user_id, inode->group_id, inode->project_id},
        .charge = {.bytes = (int64_t)(inode->sector_count * 512), .inodes = 1},
    };
}

static bool is_nothing(struct charge charge)
{
    return charge.bytes == 0 && charge.inodes == 0;
}

static enum status move(struct ext_mount *mount, uint32_t type, const struct holding *before,
    const struct holding *after)
{
    struct charge taken = {-before->charge.bytes, -before->charge.inodes};
    struct charge given = after->charge;
    if (before->ids[type] == after->ids[type] || is_nothing(taken) || is_nothing(given)) {
        uint32_t id = is_nothing(taken) ? after->ids[type] : before->ids[type];
        struct charge both = {taken.bytes + given.bytes, taken.inodes + given.inodes};
        return is_nothing(both) ? STATUS_OK : charge_id(mount, type, id, both);
    }
    enum status status = charge_id(mount, type, before->ids[type], taken);
    return status == STATUS_OK ? charge_id(mount, type, after->ids[type], given) : status;
}

/* Files of the file system itself belong to nobody. */
static bool is_exempt(const struct ext_mount *mount, uint64_t number)
{
    const struct ext_geometry *geometry = &mount->geometry;
    bool reserved = number < geometry->first_inode && number != ext_root_number;
    return reserved || number == geometry->quota_inodes[EXT_QUOTA_PROJECT] ||
           number == geometry->orphan_file_inode;
}

enum status ext_quota_move(
    struct ext_mount *mount, const struct ext_inode *before, const struct ext_inode *after)
{
    if (!ext_has(mount, EXT_RO_COMPAT, ro_compat_quota) ||
        is_exempt(mount, before == nullptr ? after->number : before->number)) {
        return STATUS_OK;
    }
    struct holding old = holding_of(before);
    struct holding new = holding_of(after);
    for (uint32_t type = 0; type < ext_quota_type_count; type++) {
        enum status status = move(mount, type, &old, &new);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
