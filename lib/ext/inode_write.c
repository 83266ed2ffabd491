/* SPDX-License-Identifier: ISC */
/*
 * Inodes: from a struct to the bytes of the inode table, [ext4 Inode Table Entry].
 */
#include <string.h>

#include "transaction.h"

constexpr uint32_t epoch_bits = 2;
constexpr uint64_t sectors_in_words_max = (uint64_t)1 << 48;
constexpr uint64_t large_file_bytes = (uint64_t)1 << 31;

/* Whether the field that ends `end` bytes into the inode is there. */
static bool has_field(const struct ext_mount *mount, const uint8_t *raw, size_t end)
{
    return mount->geometry.inode_bytes > original_inode_bytes &&
           end <= original_inode_bytes + (size_t)load_le16(raw + inode_extra_bytes);
}

/* [ext4 Inode Timestamps]: what the inode has no room for is lost. */
static void store_time(const struct ext_mount *mount, uint8_t *raw, size_t seconds_at,
    size_t extra_at, struct ext_time time)
{
    store_le32(raw + seconds_at, (uint32_t)time.seconds);
    if (has_field(mount, raw, extra_at + 4)) {
        uint64_t epoch = (uint64_t)(time.seconds - (int32_t)(uint32_t)time.seconds) >> 32;
        store_le32(raw + extra_at,
            time.nanoseconds << epoch_bits | (uint32_t)(epoch & ((1U << epoch_bits) - 1)));
    }
}

static void store_times(const struct ext_mount *mount, uint8_t *raw, const struct ext_inode *inode)
{
    store_time(mount, raw, inode_accessed, inode_accessed_extra, inode->accessed);
    store_time(mount, raw, inode_modified, inode_modified_extra, inode->modified);
    store_time(mount, raw, inode_changed, inode_changed_extra, inode->changed);
    if (has_field(mount, raw, inode_created + 4)) {
        store_time(mount, raw, inode_created, inode_created_extra, inode->created);
    }
}

/* 48 bits of sectors, or of blocks where that is too small; 32 without the feature. */
static enum status store_sector_count(
    const struct ext_mount *mount, uint8_t *raw, struct ext_inode *inode)
{
    uint64_t count = inode->sector_count;
    bool huge = ext_has(mount, EXT_RO_COMPAT, ro_compat_huge_file);
    inode->flags &= ~inode_flag_huge_file;
    if (huge && count >= sectors_in_words_max) {
        inode->flags |= inode_flag_huge_file;
        count >>= mount->geometry.block_shift - 9;
    }
    if (!huge && count > UINT32_MAX) {
        return STATUS_TOO_LARGE;
    }
    store_le32(raw + inode_sector_count_low, (uint32_t)count);
    if (huge) {
        store_le16(raw + inode_sector_count_high, (uint16_t)(count >> 32));
    }
    return STATUS_OK;
}

/* The first file of 2 GiB changes the volume: old programs cannot tell its size. */
static enum status store_size(struct ext_mount *mount, uint8_t *raw, const struct ext_inode *inode)
{
    store_le32(raw + inode_size_low, (uint32_t)inode->size_bytes);
    bool wide =
        inode->type == EXT_TYPE_FILE || (inode->type == EXT_TYPE_DIRECTORY &&
                                            ext_has(mount, EXT_INCOMPAT, incompat_large_directory));
    if (!wide) {
        return inode->size_bytes > UINT32_MAX ? STATUS_TOO_LARGE : STATUS_OK;
    }
    store_le32(raw + inode_size_high, (uint32_t)(inode->size_bytes >> 32));
    if (inode->size_bytes >= large_file_bytes &&
        !ext_has(mount, EXT_RO_COMPAT, ro_compat_large_file)) {
        if (mount->geometry.revision == revision_original) {
            return STATUS_TOO_LARGE;
        }
        mount->features[EXT_RO_COMPAT] |= ro_compat_large_file;
    }
    return STATUS_OK;
}

static enum status store_fields(struct ext_mount *mount, uint8_t *raw, struct ext_inode *inode)
{
    enum status status = store_sector_count(mount, raw, inode);
    if (status == STATUS_OK) {
        status = store_size(mount, raw, inode);
    }
    if (status != STATUS_OK) {
        return status;
    }
    store_le16(raw + inode_mode, inode->mode);
    store_le16(raw + inode_user_low, (uint16_t)inode->user_id);
    store_le16(raw + inode_user_high, (uint16_t)(inode->user_id >> 16));
    store_le16(raw + inode_group_low, (uint16_t)inode->group_id);
    store_le16(raw + inode_group_high, (uint16_t)(inode->group_id >> 16));
    store_le16(raw + inode_link_count, inode->link_count);
    store_le32(raw + inode_deleted, inode->deleted);
    store_le32(raw + inode_flags, inode->flags);
    store_le32(raw + inode_generation, inode->generation);
    store_le32(raw + inode_attribute_block_low, (uint32_t)inode->attribute_block);
    if (ext_has(mount, EXT_INCOMPAT, incompat_64bit)) {
        store_le16(raw + inode_attribute_block_high, (uint16_t)(inode->attribute_block >> 32));
    }
    if (has_field(mount, raw, inode_project + 4)) {
        store_le32(raw + inode_project, inode->project_id);
    } else if (inode->project_id != 0) {
        return STATUS_UNSUPPORTED;
    }
    memcpy(raw + inode_block_area, inode->block_area, sizeof inode->block_area);
    store_times(mount, raw, inode);
    return STATUS_OK;
}

static void store_checksum(const struct ext_mount *mount, uint8_t *raw, uint64_t number)
{
    if (ext_has_checksums(mount)) {
        uint32_t seed = ext_inode_checksum_seed(mount, (uint32_t)number, raw);
        ext_inode_checksum_store(mount, seed, raw);
    }
}

enum status ext_inode_change(struct ext_mount *mount, uint64_t number,
    struct block_cache_entry **entry_out, uint8_t **raw_out)
{
    const uint8_t *raw;
    struct block_cache_entry *entry;
    enum status status = ext_inode_pin(mount, (uint32_t)number, &entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    status = ext_change_block(mount, entry);
    if (status != STATUS_OK) {
        block_cache_put(&mount->cache, entry);
        return status;
    }
    entry->owner_mark = ext_mark_of(EXT_MARK_INODES, 0);
    *entry_out = entry;
    *raw_out = (uint8_t *)entry->buffer.bytes + (raw - (const uint8_t *)entry->buffer.bytes);
    return STATUS_OK;
}

/*
 * What the medium says of an inode, before it says something else, counts for quota. Its checksum
 * is wrong if attributes in it were changed before, which does not matter here.
 */
static enum status move_quota(
    struct ext_mount *mount, uint64_t number, const uint8_t *raw, const struct ext_inode *after)
{
    if (!ext_has(mount, EXT_RO_COMPAT, ro_compat_quota)) {
        return STATUS_OK;
    }
    struct ext_inode before = ext_inode_parse(mount, (uint32_t)number, raw);
    return ext_quota_move(mount, &before, after);
}

enum status ext_store_inode(struct ext_mount *mount, const struct ext_inode *inode)
{
    struct block_cache_entry *entry;
    uint8_t *raw;
    enum status status = ext_inode_change(mount, inode->number, &entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    status = move_quota(mount, inode->number, raw, inode);
    if (status == STATUS_OK) {
        struct ext_inode stored = *inode;
        status = store_fields(mount, raw, &stored);
        store_checksum(mount, raw, inode->number);
    }
    block_cache_put(&mount->cache, entry);
    return status;
}

enum status ext_store_new_inode(struct ext_mount *mount, struct ext_inode *inode)
{
    struct block_cache_entry *entry;
    uint8_t *raw;
    enum status status = ext_inode_change(mount, inode->number, &entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    inode->generation = load_le32(raw + inode_generation) + 1;
    memset(raw, 0, inode_bytes);
    if (inode_bytes > original_inode_bytes) {
        store_le16(raw + inode_extra_bytes, (uint16_t)mount->geometry.wanted_extra_bytes);
    }
    store_le32(raw + inode_generation, inode->generation);
    inode->checksum_seed =
        ext_has_checksums(mount) ? ext_inode_checksum_seed(mount, (uint32_t)inode->number, raw) : 0;
    status = store_fields(mount, raw, inode);
    store_checksum(mount, raw, inode->number);
    block_cache_put(&mount->cache, entry);
    return status == STATUS_OK ? ext_quota_move(mount, nullptr, inode) : status;
}

/* Only the generation stays, so that the next inode in the slot gets another. */
static void erase(const struct ext_mount *mount, uint8_t *raw, const struct ext_inode *inode)
{
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    uint16_t extra_bytes =
        inode_bytes > original_inode_bytes ? load_le16(raw + inode_extra_bytes) : 0;
    memset(raw, 0, inode_bytes);
    if (inode_bytes > original_inode_bytes) {
        store_le16(raw + inode_extra_bytes, extra_bytes);
    }
    store_le32(raw + inode_generation, inode->generation);
    store_le32(raw + inode_deleted, (uint32_t)mount->now.seconds);
    store_checksum(mount, raw, inode->number);
}

enum status ext_clear_inode(struct ext_mount *mount, const struct ext_inode *inode)
{
    struct block_cache_entry *entry;
    uint8_t *raw;
    enum status status = ext_inode_change(mount, inode->number, &entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    status = move_quota(mount, inode->number, raw, nullptr);
    if (status == STATUS_OK) {
        erase(mount, raw, inode);
    }
    block_cache_put(&mount->cache, entry);
    return status;
}
