/* SPDX-License-Identifier: ISC */
/*
 * Group descriptors, the copies at the front of groups, and what both use.
 */
#include "check.h"

/*
 * With clusters, several structures may share one: they are claimed without a word if the cluster
 * belongs to the volume already, as all do at this time.
 */
static void claim_structure(struct ext_check *check, uint32_t group, uint64_t first, uint64_t count)
{
    uint32_t shift = check->mount.geometry.cluster_shift;
    if (shift == 0) {
        uint64_t before = check->finding_count;
        ext_check_claim(check, 0, first, count);
        if (check->finding_count != before) {
            check->usage_known = false;
        }
        return;
    }
    (void)group;
    for (uint64_t block = first; block < first + count; block++) {
        if (!ext_check_is_claimed(check, block)) {
            ext_check_claim(check, 0, block, 1);
        }
    }
}

static void claim_copies(struct ext_check *check, uint32_t group)
{
    struct ext_group_copies copies = ext_group_copies(&check->mount, group);
    uint64_t count = copies.superblock_blocks + copies.descriptor_blocks;
    uint64_t left = check->mount.geometry.block_count - copies.first_block;
    if (count > 0) {
        claim_structure(check, group, copies.first_block, count < left ? count : left);
    }
}

static void find_group(struct ext_check *check, const char *what, uint32_t group)
{
    ext_check_find(check, (struct ext_finding){
                              .what = what,
                              .group = group,
                              .block = ext_descriptor_place(&check->mount, group).block,
                          });
}

/* Flags and what must go with them. */
static void check_flags(struct ext_check *check, uint32_t group, const struct ext_group *values)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    bool inodes_unused = (values->flags & group_inodes_unused) != 0;
    if (inodes_unused && values->unused_inode_count != geometry->inodes_per_group) {
        find_group(check, "group without inodes has some that may be in use", group);
    }
    if (!ext_has_group_flags(&check->mount)) {
        struct ext_descriptor_place place = ext_descriptor_place(&check->mount, group);
        struct block_cache_entry *entry;
        if (!ext_check_pin(check, place.block, &entry)) {
            return;
        }
        const uint8_t *raw = (const uint8_t *)entry->buffer.bytes + place.offset_bytes;
        uint16_t flags = load_le16(raw + descriptor_flags);
        if ((flags & (group_inodes_unused | group_blocks_unused)) != 0 ||
            load_le16(raw + descriptor_unused_inodes_low) != 0) {
            find_group(check, "group descriptor says what it cannot without a checksum", group);
        }
        ext_check_put(check, entry);
    }
}

void ext_check_groups(struct ext_check *check)
{
    struct ext_mount *mount = &check->mount;
    for (uint32_t group = 0; group < mount->geometry.group_count; group++) {
        claim_copies(check, group);
    }
    for (uint32_t group = 0; group < mount->geometry.group_count; group++) {
        struct ext_group values;
        enum status status = ext_group_read(mount, group, &values);
        if (status == STATUS_CORRUPT) {
            find_group(check, mount->corruption.what, group);
            check->groups_known = false;
            continue;
        }
        if (status != STATUS_OK) {
            ext_check_note(check, status, 0);
            return;
        }
        check_flags(check, group, &values);
        claim_structure(check, group, values.block_bitmap, 1);
        claim_structure(check, group, values.inode_bitmap, 1);
        claim_structure(check, group, values.inode_table, mount->geometry.inode_table_blocks);
    }
}
