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
    if (geometry->reserved_block_count > geometry->block_count / 2) {
        find(check, "reserved block count", ext_check_no_group);
    }
    for (uint32_t group = 1; group < geometry->group_count; group++) {
        if (ext_group_has_superblock(&check->mount, group)) {
            check_copy(check, group);
        }
    }
}
