/* SPDX-License-Identifier: ISC */
/*
 * Replaying an inode: its fields, but not what the volume knows better. The map stays, which only
 * ranges change; so do the counts of links and of sectors, which follow names and ranges, the size
 * and the kind of a directory, which follow its entries, and the place among the orphans.
 *
 * An inode that was free is an orphan until it gets a name.
 */
#include <string.h>

#include "../transaction.h"
#include "fast_commit.h"

struct inode_step {
    const struct ext_fast_operation *operation;
    bool replaces; /* an orphan, which must go first */
};

/* Flags that say how contents are kept, which a fast commit cannot bring about. */
constexpr uint32_t flags_of_contents = inode_flag_encrypted | inode_flag_verity |
                                       inode_flag_attribute_value | inode_flag_inline_data |
                                       inode_flag_extents;
constexpr uint32_t flags_kept_of_directories = inode_flag_indexed | inode_flag_casefold;

/* The bytes of the operation over those that stand in the inode table (or zeros). */
static uint8_t *compose(
    struct ext_mount *mount, const struct ext_fast_operation *operation, const uint8_t *live)
{
    uint8_t *raw = mount->protected_unit;
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    memset(raw, 0, inode_bytes);
    if (live != nullptr) {
        memcpy(raw, live, inode_bytes);
    }
    memcpy(raw, operation->raw, inode_block_area);
    memcpy(raw + inode_generation, operation->raw + inode_generation,
        operation->raw_bytes - inode_generation);
    if (live == nullptr) {
        memcpy(raw + inode_block_area, operation->raw + inode_block_area, ext_block_area_bytes);
    }
    return raw;
}

static bool has_map(const struct ext_inode *inode)
{
    return (inode->flags & inode_flag_extents) != 0;
}

/* What stands in the inode behind the fields, and how far these go, as the operation says. */
static enum status store_extra(struct ext_mount *mount, const struct ext_fast_operation *operation)
{
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    if (inode_bytes == original_inode_bytes || operation->raw_bytes <= original_inode_bytes) {
        return STATUS_OK;
    }
    struct block_cache_entry *entry;
    uint8_t *raw;
    enum status status = ext_inode_change(mount, operation->inode_number, &entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t before = load_le16(raw + inode_extra_bytes);
    uint32_t after = load_le16(operation->raw + inode_extra_bytes);
    bool attributes = original_inode_bytes + before + 4 <= inode_bytes &&
                      load_le32(raw + original_inode_bytes + before) == attribute_magic;
    if (before != after && attributes && operation->raw_bytes < inode_bytes) {
        status = ext_corrupt(mount, "fast commit moves attributes of an inode", entry->block);
    } else {
        memcpy(raw + original_inode_bytes, operation->raw + original_inode_bytes,
            operation->raw_bytes - original_inode_bytes);
    }
    block_cache_put(&mount->cache, entry);
    return status;
}

/* Stores it, and reads it once more, which judges it. */
static enum status store(struct ext_mount *mount, const struct ext_inode *inode)
{
    struct ext_inode judged;
    enum status status = ext_store_inode(mount, inode);
    if (status == STATUS_OK) {
        status = ext_load_inode(mount, inode->number, &judged);
    }
    return status == STATUS_NOT_FOUND
               ? ext_corrupt(mount, "fast commit of an inode without a type", 0)
               : status;
}

/* ---- An inode that was free ------------------------------------------------------------------ */

static enum status check_new(struct ext_mount *mount, const struct ext_inode *inode)
{
    constexpr uint32_t impossible =
        inode_flag_encrypted | inode_flag_verity | inode_flag_attribute_value;
    if ((inode->flags & impossible) != 0) {
        return ext_journal_refuse(mount, "fast commit", "it makes what is encrypted or sealed");
    }
    if (inode->type == EXT_TYPE_UNKNOWN) {
        return ext_corrupt(mount, "fast commit of an inode without a type", 0);
    }
    return inode->attribute_block != 0
               ? ext_corrupt(mount, "fast commit of an attribute block", inode->attribute_block)
               : STATUS_OK;
}

static enum status make(struct ext_mount *mount, const struct ext_fast_operation *operation)
{
    const uint8_t *raw = compose(mount, operation, nullptr);
    struct ext_inode inode = ext_inode_parse(mount, operation->inode_number, raw);
    uint32_t generation = inode.generation;
    enum status status = check_new(mount, &inode);
    if (status == STATUS_OK) {
        status = ext_claim_inode(mount, operation->inode_number, inode.type == EXT_TYPE_DIRECTORY);
    }
    if (status != STATUS_OK) {
        return status;
    }
    inode.link_count = 0;
    inode.sector_count = 0;
    inode.deleted = 0;
    if (inode.type == EXT_TYPE_DIRECTORY) {
        inode.flags &= ~inode_flag_indexed;
        inode.size_bytes = mount->geometry.block_bytes;
    }
    if (has_map(&inode)) {
        ext_extent_init(&inode);
    }
    status = ext_store_new_inode(mount, &inode);
    if (status == STATUS_OK) {
        status = store_extra(mount, operation);
    }
    inode.generation = generation;
    if (status == STATUS_OK) {
        status = ext_orphan_add(mount, &inode);
    }
    return status == STATUS_OK ? store(mount, &inode) : status;
}

/* ---- An inode in use ------------------------------------------------------------------------- */

static enum status check_changed(
    struct ext_mount *mount, const struct ext_inode *live, const struct ext_inode *inode)
{
    if (live->type != inode->type) {
        return ext_corrupt(mount, "fast commit of an inode that is another's", 0);
    }
    if (live->attribute_block != inode->attribute_block) {
        return ext_corrupt(mount, "fast commit of an attribute block", inode->attribute_block);
    }
    bool directory = live->type == EXT_TYPE_DIRECTORY;
    if (!directory && ((live->flags ^ inode->flags) & flags_of_contents) != 0) {
        return ext_journal_refuse(mount, "fast commit", "it changes how contents are kept");
    }
    return STATUS_OK;
}

static enum status amend(struct ext_mount *mount, const struct ext_fast_operation *operation,
    const struct ext_inode *live)
{
    struct block_cache_entry *entry;
    const uint8_t *stored;
    enum status status = ext_inode_pin(mount, operation->inode_number, &entry, &stored);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *raw = compose(mount, operation, stored);
    block_cache_put(&mount->cache, entry);
    struct ext_inode inode = ext_inode_parse(mount, operation->inode_number, raw);
    status = check_changed(mount, live, &inode);
    if (status == STATUS_OK) {
        status = store_extra(mount, operation);
    }
    if (status != STATUS_OK) {
        return status;
    }
    inode.link_count = live->link_count;
    inode.sector_count = live->sector_count;
    inode.deleted = live->deleted;
    if ((live->flags & inode_flag_inline_data) == 0 || live->type == EXT_TYPE_DIRECTORY) {
        memcpy(inode.block_area, live->block_area, sizeof inode.block_area);
    } else {
        memcpy(inode.block_area, operation->raw + inode_block_area, sizeof inode.block_area);
    }
    if (live->type == EXT_TYPE_DIRECTORY) {
        uint32_t kept = flags_of_contents | flags_kept_of_directories;
        inode.flags = (inode.flags & ~kept) | (live->flags & kept);
        inode.size_bytes = live->size_bytes;
    }
    return store(mount, &inode);
}

static enum status run_inode(struct ext_mount *mount, void *context)
{
    struct inode_step *step = context;
    const struct ext_fast_operation *operation = step->operation;
    struct ext_inode live;
    step->replaces = false;
    enum status status = ext_fast_load(mount, operation->inode_number, &live);
    if (status == STATUS_NOT_FOUND) {
        bool used;
        status = ext_inode_in_use(mount, operation->inode_number, &used);
        if (status == STATUS_OK && used) {
            return STATUS_NO_SPACE; /* Freed, but not before the next commit. */
        }
        return status == STATUS_OK ? make(mount, operation) : status;
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t generation = load_le32(operation->raw + inode_generation);
    step->replaces = live.link_count == 0 && live.generation != generation;
    return step->replaces ? STATUS_OK : amend(mount, operation, &live);
}

enum status ext_fast_apply_inode(
    struct ext_mount *mount, const struct ext_fast_operation *operation)
{
    struct inode_step step = {.operation = operation};
    struct ext_step change = {run_inode, &step, ext_change_block_max};
    enum status status = ext_change(mount, change);
    if (status == STATUS_OK && step.replaces) {
        status = ext_delete_inode(mount, operation->inode_number);
        if (status == STATUS_OK) {
            status = ext_change(mount, change);
        }
    }
    return status;
}
