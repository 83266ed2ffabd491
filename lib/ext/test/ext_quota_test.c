/* SPDX-License-Identifier: ISC */
/*
 * Quota files: e2fsck, which counts anew, agrees after every kind of change; damaged files are
 * refused at the mount, each for its one reason, and nothing is written.
 */
#define _GNU_SOURCE
#include "ext_single_faults.h"

#include <lib/testing/random.h>

#include "../quota.h"

constexpr uint32_t file_count = 6;

static struct writable writable;
static struct random numbers = {.state = 0x2545f4914f6cdd1d};
static struct ext_mount *mount_of(void)
{
    return &writable.image.mount;
}

static const char *const shapes[] = {
    "-t ext4 -b 1024 -I 256 -O ^has_journal,quota,project",
    "-t ext4 -b 4096 -I 512 -O ^has_journal,quota,project",
    "-t ext4 -b 4096 -I 256 -O ^has_journal,quota,project,bigalloc -C 16384",
    "-t ext4 -b 2048 -I 256 -O ^has_journal,quota,^metadata_csum",
    "-t ext4 -b 1024 -I 128 -O ^has_journal,quota -E quotatype=usrquota",
    "-t ext3 -b 1024 -I 256 -O ^has_journal,quota",
    "-t ext4 -b 4096 -I 256 -O quota,project",
};
constexpr uint32_t shape_count = sizeof shapes / sizeof shapes[0];

static bool make(const char *shape)
{
    return writable_make_of_tree(&writable, shape);
}

static struct ext_file open_random(void)
{
    char path[16];
    struct ext_file file = {};
    (void)sprintf(path, "file%u", random_below(&numbers, file_count));
    CHECK(image_open(&writable.image, path, &file) == STATUS_OK);
    return file;
}

/* Few ids often, and any. */
static uint32_t random_id(void)
{
    switch (random_below(&numbers, 3)) {
    case 0:
        return random_below(&numbers, 4);
    case 1:
        return 1000 + random_below(&numbers, 300);
    default:
        return (uint32_t)numbers.state;
    }
}

static enum status change_owner(struct ext_file *file)
{
    bool project = ext_has(mount_of(), EXT_RO_COMPAT, ro_compat_project);
    struct ext_attributes wanted = {
        .set = random_below(&numbers, 8) << 1 & (project ? 0xe : 0x6),
        .user_id = random_id(),
        .group_id = random_id(),
        .project_id = random_id(),
    };
    return ext_set_attributes(mount_of(), file, &wanted);
}

static enum status change_attribute(struct ext_file *file)
{
    static uint8_t value[600];
    struct ext_attribute_request request = {
        .name = "user.a", .name_bytes = 6, .value = value, .value_bytes = sizeof value};
    if (random_below(&numbers, 2) == 0) {
        enum status status = ext_remove_attribute(mount_of(), file, "user.a", 6);
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return ext_set_attribute(mount_of(), file, &request);
}

static enum status change_contents(struct ext_file *file)
{
    static uint8_t bytes[20'000];
    if (random_below(&numbers, 3) == 0) {
        return ext_truncate(mount_of(), file, random_below(&numbers, 30'000));
    }
    uint64_t done_bytes;
    struct ext_read_request request = {
        .offset_bytes = random_below(&numbers, 60'000),
        .size_bytes = 1 + random_below(&numbers, sizeof bytes - 1),
        .buffer = block_buffer_plain(bytes),
    };
    return ext_write(mount_of(), file, request, &done_bytes);
}

static enum status change_something(void)
{
    struct ext_file file = open_random();
    switch (random_below(&numbers, 3)) {
    case 0:
        return change_owner(&file);
    case 1:
        return change_attribute(&file);
    default:
        return change_contents(&file);
    }
}

static void others_count_the_same(void)
{
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        CHECK(make(shapes[shape]));
        for (uint32_t round = 0; round < 6 && !check_failing; round++) {
            for (uint32_t change = 0; change < 60; change++) {
                CHECK_EQUAL(change_something(), STATUS_OK);
            }
            CHECK(ext_unmount(mount_of()) == STATUS_OK);
            CHECK(image_fsck(&writable.image));
            CHECK(writable_mount(&writable) == STATUS_OK);
        }
        CHECK(writable_finish(&writable));
        if (check_failing) {
            printf("shape: %s\n", shapes[shape]);
        }
    }
}

static void many_owners_have_entries(void)
{
    CHECK(make(shapes[0]));
    struct ext_file file = open_random();
    for (uint32_t id = 0; id < 700 && !check_failing; id++) {
        struct ext_attributes wanted = {
            .set = EXT_SET_USER | EXT_SET_GROUP,
            .user_id = id * 65'521,
            .group_id = id,
        };
        CHECK_EQUAL(ext_set_attributes(mount_of(), &file, &wanted), STATUS_OK);
    }
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    CHECK(image_fsck(&writable.image));
    CHECK(writable_mount(&writable) == STATUS_OK);
    struct ext_quota quota;
    CHECK(ext_quota_open(mount_of(), EXT_QUOTA_GROUP, &quota) == STATUS_OK);
    CHECK(quota.block_count > 700 / quota_leaf_entries);
    CHECK(writable_finish(&writable));
}

/* Limits that others have set are still there. */
static void limits_are_kept(void)
{
    CHECK(make(shapes[1]));
    struct ext_quota quota;
    struct ext_quota_block block;
    CHECK(ext_quota_open(mount_of(), EXT_QUOTA_USER, &quota) == STATUS_OK);
    CHECK(ext_quota_pin(&quota, 5, &block) == STATUS_OK);
    uint64_t place = block.entry->block * 4096 + (5 & 3) * quota_block_bytes;
    CHECK(ext_quota_find_in_leaf(&block, 0) != nullptr);
    place += (uint64_t)(ext_quota_find_in_leaf(&block, 0) - block.bytes);
    block_cache_put(&mount_of()->cache, block.entry);
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    store_le64(writable.image.bytes + place + 0x08, 1234);
    store_le64(writable.image.bytes + place + 0x28, 5678);
    CHECK(writable_mount(&writable) == STATUS_OK);
    uint64_t before = load_le64(writable.image.bytes + place + quota_entry_space);
    struct ext_file file = {};
    CHECK(image_open(&writable.image, "file0", &file) == STATUS_OK);
    CHECK(ext_truncate(mount_of(), &file, 0) == STATUS_OK);
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    CHECK_EQUAL(load_le64(writable.image.bytes + place + 0x08), 1234);
    CHECK_EQUAL(load_le64(writable.image.bytes + place + 0x28), 5678);
    CHECK_EQUAL(load_le64(writable.image.bytes + place + quota_entry_space), before - 4096);
    CHECK(image_fsck(&writable.image));
    image_free(&writable.image);
}

/* A change that gives three files of quota new blocks. */
static enum status new_owners(void)
{
    struct ext_file file;
    enum status status = writable_mount(&writable);
    if (status == STATUS_OK) {
        status = image_open(&writable.image, "file0", &file);
    }
    struct ext_attributes wanted = {
        .set = EXT_SET_USER | EXT_SET_GROUP | EXT_SET_PROJECT,
        .user_id = 0x12345678,
        .group_id = 0x87654321,
        .project_id = 0x11111111,
    };
    if (status == STATUS_OK) {
        status = ext_set_attributes(mount_of(), &file, &wanted);
    }
    enum status end = ext_unmount(mount_of());
    return status == STATUS_OK ? end : status;
}

static void every_failure_is_told(void)
{
    CHECK(make("-t ext4 -b 1024 -I 256 -O quota,project"));
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    single_faults_are_told(&writable, new_owners);
}

/* ---- Damage ---------------------------------------------------------------------------------- */

struct damage {
    uint32_t block; /* of the quota file */
    uint32_t at;
    uint32_t value;
    const char *what;
};

static void inflict(const struct damage *damage, uint64_t block_at)
{
    uint8_t *bytes = writable.image.bytes;
    uint64_t place = block_at + damage->at;
    uint32_t before = load_le32(bytes + place);
    CHECK(before != damage->value);
    store_le32(bytes + place, damage->value);
    block_fault_arm(&writable.image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE});
    enum status status = writable_mount(&writable);
    CHECK_EQUAL(status, STATUS_CORRUPT);
    const char *what = mount_of()->corruption.what;
    CHECK(what != nullptr && strcmp(what, damage->what) == 0);
    if (check_failing) {
        printf("wanted: %s, is: %s\n", damage->what, what == nullptr ? "nothing" : what);
    }
    CHECK_EQUAL(writable.image.fault.operation_count, 0);
    store_le32(bytes + place, before);
    CHECK(writable_mount(&writable) == STATUS_OK);
}

/* The file has the blocks 0 header, 1 to 4 the tree, 5 a leaf. */
static void damaged_files_are_refused(void)
{
    static const struct damage damages[] = {
        {0, 0x00, 0xd9c01f12, "quota file magic"},
        {0, 0x04, 0, "quota file version"},
        {0, 0x14, 1, "quota file block count"},
        {0, 0x14, 10'000, "quota file block count"},
        {0, 0x18, 77, "quota file free list"},
        {0, 0x1c, 77, "quota file free list"},
        {1, 0x00, 1, "quota tree reference"},
        {1, 0x00, 99, "quota tree reference"},
        {2, 0x00, 2, "quota entry is missing"},
        {4, 0x00, 4, "quota entry is missing"},
        {4, 0x04, 5, "quota entry is missing"},
        {5, 0x08, 3, "quota entry count"},
        {5, 0x10, 9, "quota entry is missing"},
    };
    CHECK(make(shapes[0]));
    struct ext_quota quota;
    struct ext_quota_block block;
    uint64_t places[6] = {};
    CHECK(ext_quota_open(mount_of(), EXT_QUOTA_USER, &quota) == STATUS_OK);
    CHECK_EQUAL(quota.block_count, 6);
    for (uint32_t index = 0; index < 6; index++) {
        CHECK(ext_quota_pin(&quota, index, &block) == STATUS_OK);
        places[index] = block.entry->block * 1024;
        block_cache_put(&mount_of()->cache, block.entry);
    }
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    for (uint32_t index = 0; index < sizeof damages / sizeof damages[0]; index++) {
        inflict(&damages[index], places[damages[index].block]);
    }
    image_free(&writable.image);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    CHECK(image_run("mkdir tree tree/dir && for i in 0 1 2 3 4 5; do echo $i >tree/file$i; done"));
    TEST(others_count_the_same);
    TEST(many_owners_have_entries);
    TEST(limits_are_kept);
    TEST(every_failure_is_told);
    TEST(damaged_files_are_refused);
    image_folder_remove();
    return check_report();
}
