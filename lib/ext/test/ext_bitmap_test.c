/* SPDX-License-Identifier: ISC */
/*
 * Bitmaps that lie: found by the mount of a small volume, and at the first use on a large one. Each
 * is a volume by mke2fs with one bit turned, which without that bit is mounted.
 */
#define _GNU_SOURCE
#include "ext_image.h"

#include "../transaction.h"

static struct image image;
static uint8_t *pristine;

/* Which bit is turned. */
enum place {
    PLACE_SUPERBLOCK,
    PLACE_DESCRIPTORS,
    PLACE_BLOCK_BITMAP,
    PLACE_INODE_BITMAP,
    PLACE_INODE_TABLE,
    PLACE_INODE_TABLE_END,
    PLACE_LAST_BLOCK, /* which is free */
    PLACE_ROOT,
    PLACE_LAST_INODE, /* which is free */
};

struct lie {
    enum place place;
    uint32_t group;   /* the bit is that of something of this group */
    bool counted;     /* the counts of the bitmap's group say the same */
    const char *what; /* which the mount says */
};

static void make_base(const char *arguments)
{
    CHECK(image_run("rm -f img && mke2fs -q -F %s img 16M >log 2>&1", arguments));
    CHECK(image_load(&image, "img"));
    pristine = malloc(image.size_bytes);
    memcpy(pristine, image.bytes, image.size_bytes);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
}

static void drop_base(void)
{
    free(pristine);
    image_free(&image);
}

static uint64_t block_of(enum place place, uint32_t group, const struct ext_group *values)
{
    const struct ext_geometry *geometry = &image.mount.geometry;
    uint64_t first = ext_group_first_block(geometry, group);
    switch (place) {
    case PLACE_DESCRIPTORS:
        return first + 1;
    case PLACE_BLOCK_BITMAP:
        return values->block_bitmap;
    case PLACE_INODE_BITMAP:
        return values->inode_bitmap;
    case PLACE_INODE_TABLE:
        return values->inode_table;
    case PLACE_INODE_TABLE_END:
        return values->inode_table + geometry->inode_table_blocks - 1;
    case PLACE_LAST_BLOCK:
        return first + ext_group_block_count(geometry, group) - 1;
    default:
        return first;
    }
}

static void change_count(uint32_t group, size_t field, bool more)
{
    struct ext_descriptor_place place = ext_descriptor_place(&image.mount, group);
    uint8_t *at = image.bytes + (place.block << image.mount.geometry.block_shift) +
                  place.offset_bytes + field;
    store_le16(at, (uint16_t)(load_le16(at) + (more ? 1 : -1)));
}

/* Turns the bit on the medium; the image is mounted and whole. */
static void tell(const struct lie *lie)
{
    const struct ext_geometry *geometry = &image.mount.geometry;
    struct ext_group values;
    CHECK_EQUAL(ext_group_read(&image.mount, lie->group, &values), STATUS_OK);
    uint32_t holder = lie->group;
    uint32_t bit = lie->place == PLACE_ROOT ? 1 : geometry->inodes_per_group - 1;
    bool inodes = lie->place == PLACE_ROOT || lie->place == PLACE_LAST_INODE;
    if (!inodes) {
        uint64_t block = block_of(lie->place, lie->group, &values);
        uint64_t offset = block - geometry->first_data_block;
        holder = (uint32_t)(offset / geometry->blocks_per_group);
        bit = (uint32_t)(offset % geometry->blocks_per_group);
        CHECK_EQUAL(ext_group_read(&image.mount, holder, &values), STATUS_OK);
    }
    uint64_t bitmap = inodes ? values.inode_bitmap : values.block_bitmap;
    uint8_t *at = image.bytes + (bitmap << geometry->block_shift) + bit / 8;
    *at = (uint8_t)(*at ^ 1U << bit % 8);
    if (lie->counted) {
        bool is_free = (*at >> bit % 8 & 1) == 0;
        change_count(
            holder, inodes ? descriptor_free_inodes_low : descriptor_free_blocks_low, is_free);
    }
}

static void is_said(const struct lie *lie)
{
    memcpy(image.bytes, pristine, image.size_bytes);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    tell(lie);
    enum status status = image_mount(&image);
    const char *what = image.mount.corruption.what;
    if (status != STATUS_CORRUPT || what == nullptr || strcmp(what, lie->what) != 0) {
        printf("place %d of group %u: %s, %s\n", (int)lie->place, lie->group, status_name(status),
            what == nullptr ? "nothing noted" : what);
        CHECK(false);
    }
}

static void are_said(const char *arguments, const struct lie *lies, size_t count)
{
    make_base(arguments);
    for (size_t index = 0; index < count; index++) {
        is_said(&lies[index]);
    }
    drop_base();
}

static const char metadata_free[] = "block bitmap says that metadata is free";
static const char blocks_differ[] = "block bitmap and free blocks of its group differ";
static const char reserved_free[] = "inode bitmap says that reserved inodes are free";
static const char inodes_differ[] = "inode bitmap and free inodes of its group differ";

static void mounts_find_lies_without_checksums(void)
{
    static const struct lie lies[] = {
        {PLACE_SUPERBLOCK, 0, true, metadata_free},
        {PLACE_SUPERBLOCK, 1, true, metadata_free},
        {PLACE_DESCRIPTORS, 1, true, metadata_free},
        {PLACE_BLOCK_BITMAP, 0, true, metadata_free},
        {PLACE_INODE_BITMAP, 1, true, metadata_free},
        {PLACE_INODE_TABLE, 0, false, metadata_free},
        {PLACE_INODE_TABLE, 1, true, metadata_free},
        {PLACE_INODE_TABLE_END, 1, true, metadata_free},
        {PLACE_LAST_BLOCK, 1, false, blocks_differ},
        {PLACE_ROOT, 0, true, reserved_free},
        {PLACE_LAST_INODE, 1, false, inodes_differ},
    };
    are_said("-t ext2 -b 1024", lies, sizeof lies / sizeof lies[0]);
}

/* The first group holds the metadata of both. */
static void mounts_find_lies_about_other_groups(void)
{
    static const struct lie lies[] = {
        {PLACE_BLOCK_BITMAP, 1, true, metadata_free},
        {PLACE_INODE_BITMAP, 1, true, metadata_free},
        {PLACE_INODE_TABLE, 1, true, metadata_free},
        {PLACE_INODE_TABLE_END, 1, true, metadata_free},
    };
    are_said("-t ext4 -b 1024 -O ^metadata_csum,^uninit_bg,^has_journal", lies,
        sizeof lies / sizeof lies[0]);
}

static void mounts_find_wrong_checksums(void)
{
    static const struct lie lies[] = {
        {PLACE_INODE_TABLE, 0, false, "block bitmap checksum"},
        {PLACE_LAST_BLOCK, 1, false, "block bitmap checksum"},
        {PLACE_LAST_INODE, 0, false, "inode bitmap checksum"},
    };
    are_said("-t ext4 -b 1024 -O ^has_journal", lies, sizeof lies / sizeof lies[0]);
}

static void what_needs_repair_is_mounted_to_be_read(void)
{
    make_base("-t ext2 -b 1024");
    tell(&(struct lie){PLACE_LAST_BLOCK, 1, false, blocks_differ});
    CHECK_EQUAL(image_mount(&image), STATUS_CORRUPT);
    store_le16(image.bytes + 1024 + 0x3a, 0);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK(!image.mount.clean);
    drop_base();
}

static enum status use_bitmap(uint32_t number)
{
    struct ext_group_pin group;
    struct block_cache_entry *bitmap;
    CHECK_EQUAL(ext_group_pin(&image.mount, number, &group), STATUS_OK);
    enum status status = ext_bitmap_pin(&image.mount, &group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        block_cache_put(&image.mount.cache, bitmap);
    }
    block_cache_put(&image.mount.cache, group.entry);
    return status;
}

static void many_groups_are_judged_when_they_are_used(void)
{
    make_base("-t ext2 -b 1024 -g 256");
    CHECK(image.mount.geometry.group_count > ext_checked_group_count_max);
    tell(&(struct lie){PLACE_INODE_TABLE, 40, true, metadata_free});
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(use_bitmap(39), STATUS_OK);
    CHECK_EQUAL(use_bitmap(40), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, metadata_free) == 0);
    drop_base();
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(mounts_find_lies_without_checksums);
    TEST(mounts_find_lies_about_other_groups);
    TEST(mounts_find_wrong_checksums);
    TEST(what_needs_repair_is_mounted_to_be_read);
    TEST(many_groups_are_judged_when_they_are_used);
    image_folder_remove();
    return check_report();
}
