/* SPDX-License-Identifier: ISC */
/*
 * Bitmaps, and the counts in group descriptors and super block, against what was found in use.
 * A group whose bitmap was never written has nothing in use but its own metadata.
 */
#include "check.h"

#include <string.h>

#include "../transaction.h"

constexpr uint32_t bits_per_byte = 8;

static void find_count(struct ext_check *check, uint32_t group, struct ext_finding finding)
{
    if (finding.expected == finding.found) {
        return;
    }
    finding.valued = true;
    finding.group = group;
    ext_check_find(check, finding);
}

/* A bitmap beside what it should be. */
struct comparison {
    const uint8_t *bytes;
    uint32_t group;
    uint64_t place;
    uint64_t first; /* what bit 0 stands for: cluster or inode */
    uint32_t count;
    uint32_t used_count;
    bool inodes;
};

static bool in_use(const struct ext_check *check, const struct comparison *comparison, uint32_t at)
{
    uint64_t number = comparison->first + at;
    if (comparison->inodes) {
        return (check->nodes[number - 1].state & check_in_use) != 0;
    }
    return (check->claimed[number / bits_per_byte] >> number % bits_per_byte & 1) != 0;
}

static void find_bit(
    struct ext_check *check, const struct comparison *comparison, uint32_t at, bool used)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    uint64_t number = comparison->first + at;
    struct ext_finding finding = {
        .group = comparison->group, .valued = true, .expected = used, .found = !used};
    if (comparison->inodes) {
        finding.what = "inode bitmap";
        finding.inode = number;
    } else {
        finding.what = "block bitmap";
        finding.block = (number << geometry->cluster_shift) + geometry->first_data_block;
    }
    ext_check_find(check, finding);
}

/* A row of bits that are wrong in the same way is found once. */
static void compare(struct ext_check *check, struct comparison *comparison)
{
    bool wrong_before = false;
    bool used_before = false;
    for (uint32_t at = 0; at < comparison->count; at++) {
        bool used = in_use(check, comparison, at);
        bool set = bitmap_test(comparison->bytes, at);
        comparison->used_count += used;
        bool wrong = used != set;
        if (wrong && (!wrong_before || used != used_before)) {
            find_bit(check, comparison, at, used);
        }
        wrong_before = wrong;
        used_before = used;
    }
    uint32_t end = check->mount.geometry.block_bytes * bits_per_byte;
    for (uint32_t at = comparison->count; at < end; at++) {
        if (!bitmap_test(comparison->bytes, at)) {
            ext_check_find(check, (struct ext_finding){.what = "bitmap has an end that is free",
                                      .group = comparison->group,
                                      .block = comparison->place});
            return;
        }
    }
}

/* What a descriptor says that the checksum of a bitmap is. */
static bool checksum_valid(struct ext_check *check, const struct comparison *comparison)
{
    struct ext_mount *mount = &check->mount;
    struct block_cache_entry *entry;
    struct ext_descriptor_place place = ext_descriptor_place(mount, comparison->group);
    if (!ext_has_checksums(mount) || !ext_check_pin(check, place.block, &entry)) {
        return true;
    }
    const uint8_t *raw = (const uint8_t *)entry->buffer.bytes + place.offset_bytes;
    uint32_t checksum = ext_bitmap_checksum(mount,
        comparison->inodes ? EXT_MARK_INODE_BITMAP : EXT_MARK_BLOCK_BITMAP, comparison->bytes);
    uint32_t found = load_le16(raw + (comparison->inodes ? descriptor_inode_bitmap_checksum_low
                                                         : descriptor_block_bitmap_checksum_low));
    if (mount->geometry.descriptor_bytes >= descriptor_bytes_long) {
        found |=
            (uint32_t)load_le16(raw + (comparison->inodes ? descriptor_inode_bitmap_checksum_high
                                                          : descriptor_block_bitmap_checksum_high))
            << 16;
    } else {
        checksum = (uint16_t)checksum;
    }
    ext_check_put(check, entry);
    return checksum == found;
}

static void check_written(struct ext_check *check, struct comparison *comparison)
{
    struct block_cache_entry *entry;
    if (!ext_check_pin(check, comparison->place, &entry)) {
        return;
    }
    comparison->bytes = entry->buffer.bytes;
    if (!checksum_valid(check, comparison)) {
        ext_check_find(check,
            (struct ext_finding){
                .what = "bitmap checksum", .group = comparison->group, .block = comparison->place});
    }
    compare(check, comparison);
    ext_check_put(check, entry);
}

static void check_bitmap(
    struct ext_check *check, struct comparison *comparison, const struct ext_group *values)
{
    uint16_t unused = comparison->inodes ? group_inodes_unused : group_blocks_unused;
    if ((values->flags & unused) == 0) {
        check_written(check, comparison);
        return;
    }
    enum ext_mark_kind kind = comparison->inodes ? EXT_MARK_INODE_BITMAP : EXT_MARK_BLOCK_BITMAP;
    memset(check->bitmap, 0, sizeof check->bitmap);
    ext_bitmap_make(&check->mount, kind, comparison->group, values, check->bitmap);
    comparison->bytes = check->bitmap;
    compare(check, comparison);
}

static void check_blocks(struct ext_check *check, uint32_t group, const struct ext_group *values)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    uint64_t skipped = ext_group_first_block(geometry, group) - geometry->first_data_block;
    struct comparison comparison = {
        .group = group,
        .place = values->block_bitmap,
        .first = skipped >> geometry->cluster_shift,
        .count = ext_group_cluster_count(geometry, group),
    };
    check_bitmap(check, &comparison, values);
    uint32_t free = comparison.count - comparison.used_count;
    find_count(check, group,
        (struct ext_finding){.what = "free blocks of a group",
            .expected = free,
            .found = values->free_cluster_count});
    check->free_cluster_count += free;
}

static uint32_t count_directories(const struct ext_check *check, uint32_t group)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    uint32_t count = 0;
    uint32_t first = group * geometry->inodes_per_group;
    for (uint32_t index = first; index < first + geometry->inodes_per_group; index++) {
        const struct ext_check_node *node = &check->nodes[index];
        count += (node->state & check_in_use) != 0 && node->type == EXT_TYPE_DIRECTORY;
    }
    return count;
}

static void check_inodes(struct ext_check *check, uint32_t group, const struct ext_group *values)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    struct comparison comparison = {
        .group = group,
        .place = values->inode_bitmap,
        .first = (uint64_t)group * geometry->inodes_per_group + 1,
        .count = geometry->inodes_per_group,
        .inodes = true,
    };
    check_bitmap(check, &comparison, values);
    uint32_t free = comparison.count - comparison.used_count;
    find_count(check, group,
        (struct ext_finding){
            .what = "free inodes of a group", .expected = free, .found = values->free_inode_count});
    find_count(check, group,
        (struct ext_finding){.what = "directories of a group",
            .expected = count_directories(check, group),
            .found = values->directory_count});
    check->free_inode_count += free;
}

void ext_check_bitmaps(struct ext_check *check)
{
    const struct ext_mount *mount = &check->mount;
    if (!check->usage_known) {
        return; /* What is wrong would be found again, as many blocks. */
    }
    for (uint32_t group = 0; group < mount->geometry.group_count; group++) {
        struct ext_group values;
        enum status status = ext_group_read(&check->mount, group, &values);
        if (status != STATUS_OK || check->failure != STATUS_OK) {
            ext_check_note(check, status, 0);
            return;
        }
        check_blocks(check, group, &values);
        check_inodes(check, group, &values);
    }
    find_count(check, ext_check_no_group,
        (struct ext_finding){.what = "free block count",
            .expected = check->free_cluster_count << mount->geometry.cluster_shift,
            .found = mount->counts.free_block_count});
    find_count(check, ext_check_no_group,
        (struct ext_finding){.what = "free inode count",
            .expected = check->free_inode_count,
            .found = mount->counts.free_inode_count});
}
