/* SPDX-License-Identifier: ISC */
/*
 * The super block beyond what every mount asks of it, and its copies at the front of groups, which
 * must describe the same volume.
 */
#include "check.h"

#include <string.h>

static void find(struct ext_check *check, const char *what, uint32_t group)
{
    ext_check_find(check, (struct ext_finding){.what = what, .group = group});
}

/* What does not change while a volume lives. */
static const char *copy_fault(const struct ext_mount *mount, uint32_t group, const uint8_t *bytes)
{
    const struct ext_geometry *geometry = &mount->geometry;
    if (load_le16(bytes + superblock_magic_at) != superblock_magic) {
        return "copy of the super block: magic";
    }
    if (ext_has_checksums(mount) && !ext_superblock_checksum_valid(bytes)) {
        return "copy of the super block: checksum";
    }
    if (load_le32(bytes + superblock_block_count_low) != (uint32_t)geometry->block_count ||
        load_le32(bytes + superblock_inode_count) != geometry->inode_count ||
        load_le32(bytes + superblock_blocks_per_group) != geometry->blocks_per_group ||
        load_le32(bytes + superblock_inodes_per_group) != geometry->inodes_per_group) {
        return "copy of the super block: geometry";
    }
    uint16_t number = load_le16(bytes + superblock_group_number);
    return geometry->revision != revision_original && number != (uint16_t)group
               ? "copy of the super block: number of its group"
               : nullptr;
}

static void check_copy(struct ext_check *check, uint32_t group)
{
    uint64_t block = ext_group_first_block(&check->mount.geometry, group);
    struct block_cache_entry *entry;
    if (!ext_check_pin(check, block, &entry)) {
        return;
    }
    const char *fault = copy_fault(&check->mount, group, entry->buffer.bytes);
    ext_check_put(check, entry);
    if (fault != nullptr) {
        find(check, fault, group);
    }
}

uint32_t ext_check_superblock_word(struct ext_check *check, size_t offset)
{
    struct block_cache_entry *entry;
    const struct ext_geometry *geometry = &check->mount.geometry;
    if (!ext_check_pin(check, superblock_offset_bytes >> geometry->block_shift, &entry)) {
        return 0;
    }
    const uint8_t *bytes = entry->buffer.bytes;
    bytes += superblock_offset_bytes & (geometry->block_bytes - 1);
    uint32_t word = load_le32(bytes + offset);
    ext_check_put(check, entry);
    return word;
}

/* Fields that must be zero without a feature. */
static void check_absent(struct ext_check *check)
{
    static const struct {
        enum ext_feature_word word;
        uint32_t feature;
        size_t offset;
        const char *what;
    } fields[] = {
        {EXT_COMPAT, compat_has_journal, superblock_journal_inode, "journal without its feature"},
        {EXT_RO_COMPAT, ro_compat_quota, superblock_user_quota_inode,
            "quota file without its feature"},
        {EXT_RO_COMPAT, ro_compat_quota, superblock_group_quota_inode,
            "quota file without its feature"},
        {EXT_RO_COMPAT, ro_compat_project, superblock_project_quota_inode,
            "quota file without its feature"},
        {EXT_COMPAT, compat_orphan_file, superblock_orphan_file_inode,
            "orphan file without its feature"},
    };
    for (size_t index = 0; index < sizeof fields / sizeof fields[0]; index++) {
        if (!ext_has(&check->mount, fields[index].word, fields[index].feature) &&
            ext_check_superblock_word(check, fields[index].offset) != 0) {
            find(check, fields[index].what, ext_check_no_group);
        }
    }
}

/* The name of a journal on a device of its own, where there is none. */
static void check_journal_name(struct ext_check *check)
{
    uint32_t any = 0;
    for (size_t at = 0; at < sizeof check->mount.journal.device_uuid; at += 4) {
        any |= ext_check_superblock_word(check, superblock_journal_uuid + at);
    }
    if (any != 0 && !check->mount.journal.external) {
        find(check, "journal outside the volume that is not there", ext_check_no_group);
    }
}

/* Sizes that are stored twice, or only wished for. */
static void check_sizes(struct ext_check *check)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    uint32_t clusters = ext_check_superblock_word(check, superblock_clusters_per_group);
    if (geometry->cluster_shift == 0 && clusters != geometry->blocks_per_group) {
        find(check, "clusters per group", ext_check_no_group);
    }
    uint32_t descriptor = ext_check_superblock_word(check, superblock_descriptor_bytes - 2) >> 16;
    if (!ext_has(&check->mount, EXT_INCOMPAT, incompat_64bit) && descriptor != 0 &&
        descriptor != descriptor_bytes_short && descriptor != descriptor_bytes_long) {
        find(check, "group descriptor size", ext_check_no_group);
    }
    uint32_t extra = ext_check_superblock_word(check, superblock_needed_extra_bytes);
    uint32_t room = geometry->inode_bytes - original_inode_bytes;
    uint32_t needed = extra & 0xffff;
    uint32_t wanted = extra >> 16;
    if ((extra != 0 && room != 0) &&
        (needed > room || wanted > room || !is_aligned(needed, 4) || !is_aligned(wanted, 4))) {
        find(check, "extra bytes of inodes", ext_check_no_group);
    }
}

/* Features that mean nothing, or the wrong thing, beside or without others. */
static void check_features(struct ext_check *check)
{
    const struct ext_mount *mount = &check->mount;
    bool resize = ext_has(mount, EXT_COMPAT, compat_resize_inode);
    if (resize && ext_has(mount, EXT_INCOMPAT, incompat_meta_bg)) {
        find(check, "resize_inode beside meta_bg", ext_check_no_group);
    }
    if (ext_has_checksums(mount) && ext_has(mount, EXT_RO_COMPAT, ro_compat_group_checksum)) {
        find(check, "uninit_bg beside metadata_csum", ext_check_no_group);
    }
    if (ext_has(mount, EXT_INCOMPAT, incompat_needs_recovery)) {
        find(check, "volume needs recovery", ext_check_no_group);
    }
}

void ext_check_superblock(struct ext_check *check)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    check_features(check);
    check_absent(check);
    check_journal_name(check);
    check_sizes(check);
    if (geometry->reserved_block_count > geometry->block_count / 2) {
        find(check, "reserved block count", ext_check_no_group);
    }
    for (uint32_t group = 1; group < geometry->group_count; group++) {
        if (ext_group_has_superblock(&check->mount, group)) {
            check_copy(check, group);
        }
    }
}
