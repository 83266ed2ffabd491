/* SPDX-License-Identifier: ISC */
/*
 * Orphans of all kinds are finished by a mount, wherever the one before ended; damaged lists and
 * files are refused, each for its one reason. Then who has a volume mounted.
 */
#define _GNU_SOURCE
#include "ext_writable.h"

#include "../transaction.h"

static struct writable writable;

static struct ext_mount *mount_of(void)
{
    return &writable.image.mount;
}

static const char *const shapes[] = {
    "-t ext2 -b 1024 -I 128",
    "-t ext3 -b 1024 -I 256",
    "-t ext4 -b 1024 -I 256 -O ^has_journal",
    "-t ext4 -b 4096 -I 256 -O orphan_file,quota",
    "-t ext4 -b 4096 -I 512 -O inline_data,^metadata_csum",
    "-t ext4 -b 2048 -I 256 -O orphan_file,^metadata_csum",
};
constexpr uint32_t shape_count = sizeof shapes / sizeof shapes[0];
constexpr uint32_t journal_shape = 3;
constexpr uint32_t list_shape = 1;

/* What loses its name, and what keeps it with blocks past its end. */
static const char *const nameless[] = {
    "file0", "big", "with-attributes", "long-link", "short-link", "fifo", "dir", "file1", "file2"};
constexpr uint32_t nameless_count = sizeof nameless / sizeof nameless[0];
static uint32_t numbers[nameless_count + 1];

static bool make(const char *shape)
{
    return image_run("rm -f w.img; mke2fs -q -F %s -d tree w.img 24M >log 2>&1", shape) &&
           image_run("debugfs -w -R 'ea_set -f value with-attributes user.a' w.img >log 2>&1") &&
           image_run("e2fsck -fy w.img >log 2>&1; [ $? -le 1 ]");
}

/* Takes the names away with debugfs, and leaves what a crash between two changes would. */
static void orphan_by_debugfs(void)
{
    FILE *script = fopen("script", "w");
    CHECK(image_load(&writable.image, "w.img") && writable_mount(&writable) == STATUS_OK);
    for (uint32_t index = 0; index < nameless_count; index++) {
        struct ext_file file = {};
        CHECK(image_open(&writable.image, nameless[index], &file) == STATUS_OK);
        numbers[index] = (uint32_t)file.inode.number;
        fprintf(script, "unlink %s\nsif <%u> links_count 0\n", nameless[index], numbers[index]);
    }
    struct ext_file file = {};
    CHECK(image_open(&writable.image, "too-long", &file) == STATUS_OK);
    numbers[nameless_count] = (uint32_t)file.inode.number;
    fprintf(script, "sif too-long size 5000\nsif <2> links_count 3\n");
    (void)fclose(script);
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    CHECK(image_save(&writable.image, "w.img"));
    image_free(&writable.image);
    CHECK(image_run("debugfs -w -f script w.img >log 2>&1"));
    CHECK(image_load(&writable.image, "w.img"));
    CHECK(writable_mount(&writable) == STATUS_OK && mount_of()->writable);
}

static enum status run_add(struct ext_mount *mount, void *context)
{
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, *(uint32_t *)context, &inode);
    if (status == STATUS_OK) {
        status = ext_orphan_add(mount, &inode);
    }
    return status == STATUS_OK ? ext_store_inode(mount, &inode) : status;
}

static enum status run_remove(struct ext_mount *mount, void *context)
{
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, *(uint32_t *)context, &inode);
    if (status == STATUS_OK) {
        status = ext_orphan_remove(mount, &inode);
    }
    return status == STATUS_OK ? ext_store_inode(mount, &inode) : status;
}

static enum status change(enum status (*run)(struct ext_mount *, void *), uint32_t *number)
{
    return ext_change(mount_of(), (struct ext_step){run, number, 8});
}

static void make_orphans(uint32_t shape)
{
    CHECK(make(shapes[shape]));
    orphan_by_debugfs();
    for (uint32_t index = 0; index <= nameless_count; index++) {
        CHECK(change(run_add, &numbers[index]) == STATUS_OK);
    }
}

static void check_finished(void)
{
    struct ext_inode inode;
    for (uint32_t index = 0; index < nameless_count; index++) {
        CHECK_EQUAL(ext_load_inode(mount_of(), numbers[index], &inode), STATUS_NOT_FOUND);
    }
    CHECK(ext_load_inode(mount_of(), numbers[nameless_count], &inode) == STATUS_OK);
    CHECK_EQUAL(inode.size_bytes, 5000);
    CHECK(inode.sector_count <= 24 && inode.deleted == 0);
}

static void orphans_are_finished(void)
{
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        make_orphans(shape);
        CHECK(ext_unmount(mount_of()) == STATUS_OK);
        CHECK(writable_mount(&writable) == STATUS_OK && mount_of()->writable);
        check_finished();
        CHECK(writable_finish(&writable));
        CHECK(image_run("! dumpe2fs -h fsck.img 2>&1 | grep -q orphan_present"));
        if (check_failing) {
            printf("shape: %s\n", shapes[shape]);
        }
    }
}

static void orphans_stay_for_a_mount_that_cannot_write(void)
{
    make_orphans(journal_shape);
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    block_fault_arm(&writable.image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE});
    writable.image.options.read_only = true;
    CHECK(image_mount(&writable.image) == STATUS_OK);
    writable.image.options.read_only = false;
    CHECK_EQUAL(writable.image.fault.operation_count, 0);
    struct ext_inode inode;
    CHECK(ext_load_inode(mount_of(), numbers[0], &inode) == STATUS_OK);
    CHECK(writable_mount(&writable) == STATUS_OK);
    check_finished();
    CHECK(writable_finish(&writable));
}

static void orphans_leave_in_any_order(void)
{
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        CHECK(make(shapes[shape]));
        CHECK(image_load(&writable.image, "w.img") && writable_mount(&writable) == STATUS_OK);
        for (uint32_t index = 0; index < nameless_count; index++) {
            struct ext_file file = {};
            CHECK(image_open(&writable.image, nameless[index], &file) == STATUS_OK);
            numbers[index] = (uint32_t)file.inode.number;
            CHECK(change(run_add, &numbers[index]) == STATUS_OK);
        }
        for (uint32_t index = 0; index < nameless_count; index++) {
            uint32_t next = index * 4 % nameless_count;
            CHECK(ext_orphans_check(mount_of()) == STATUS_OK);
            CHECK(change(run_remove, &numbers[next]) == STATUS_OK);
        }
        CHECK(writable_finish(&writable));
    }
}

/* Wherever the mount that finishes ends, the next one goes on. */
static void an_interrupted_mount_is_taken_up(void)
{
    for (uint32_t shape = list_shape; shape <= journal_shape; shape += journal_shape - list_shape) {
        make_orphans(shape);
        CHECK(ext_unmount(mount_of()) == STATUS_OK);
        uint8_t *before = malloc(writable.image.size_bytes);
        memcpy(before, writable.image.bytes, writable.image.size_bytes);
        uint64_t first = 0;
        for (bool hit = true; hit && !check_failing; first++) {
            memcpy(writable.image.bytes, before, writable.image.size_bytes);
            struct block_fault_plan plan = {.kinds = BLOCK_FAULT_WRITE | BLOCK_FAULT_FLUSH,
                .status = STATUS_IO,
                .first = first,
                .count = UINT64_MAX};
            block_fault_arm(&writable.image.fault, plan);
            enum status status = writable_mount(&writable);
            if (status == STATUS_OK) {
                status = ext_unmount(mount_of());
            }
            hit = writable.image.fault.hit_count > 0;
            CHECK_EQUAL(status, hit ? STATUS_IO : STATUS_OK);
            block_fault_arm(&writable.image.fault, (struct block_fault_plan){});
            CHECK(writable_mount(&writable) == STATUS_OK && mount_of()->writable);
            check_finished();
            CHECK(ext_unmount(mount_of()) == STATUS_OK);
            CHECK(first % 4 != 0 || image_fsck(&writable.image));
        }
        CHECK(first > 4);
        free(before);
        image_free(&writable.image);
    }
}

/* ---- Damage ---------------------------------------------------------------------------------- */

/* Mounts; the volume must be refused for `what` and stay as it is. */
static void expect_refusal(const char *wanted)
{
    block_fault_arm(&writable.image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE});
    CHECK_EQUAL(writable_mount(&writable), STATUS_CORRUPT);
    const char *what = mount_of()->corruption.what;
    CHECK(what != nullptr && strcmp(what, wanted) == 0);
    CHECK_EQUAL(writable.image.fault.operation_count, 0);
    if (check_failing) {
        printf("wanted: %s, is: %s\n", wanted, what == nullptr ? "nothing" : what);
    }
}

static void store_seen(uint8_t *at, uint32_t value, const char *wanted)
{
    uint32_t before = load_le32(at);
    store_le32(at, value);
    expect_refusal(wanted);
    store_le32(at, before);
}

/* The place of an inode's bytes in the image. */
static uint8_t *inode_at(uint32_t number)
{
    struct block_cache_entry *entry;
    const uint8_t *raw;
    CHECK(ext_inode_pin(mount_of(), number, &entry, &raw) == STATUS_OK);
    size_t within = (size_t)(raw - (const uint8_t *)entry->buffer.bytes);
    uint64_t block = entry->block;
    block_cache_put(&mount_of()->cache, entry);
    return writable.image.bytes + block * mount_of()->geometry.block_bytes + within;
}

static void damaged_lists_are_refused(void)
{
    make_orphans(list_shape);
    uint8_t *oldest = inode_at(numbers[0]);
    uint8_t *newest = inode_at(numbers[nameless_count]);
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    uint8_t *first = writable.image.bytes + superblock_offset_bytes + superblock_last_orphan;
    CHECK_EQUAL(load_le32(first), numbers[nameless_count]);
    store_seen(first, 5, "orphan list");
    store_seen(first, 1'000'000, "orphan list");
    store_seen(first, 2000, "orphan list");
    store_seen(oldest + inode_deleted, 9, "orphan list");
    store_seen(oldest + inode_deleted, numbers[0], "orphan list has a loop");
    store_seen(oldest + inode_deleted, numbers[3], "orphan list has a loop");
    store_seen(newest + inode_deleted, numbers[nameless_count], "orphan list has a loop");
    CHECK(writable_mount(&writable) == STATUS_OK);
    check_finished();
    CHECK(writable_finish(&writable));
}

static void damaged_files_are_refused(void)
{
    make_orphans(journal_shape);
    struct ext_file file;
    struct block_cache_entry *entry;
    uint32_t number = mount_of()->geometry.orphan_file_inode;
    CHECK(ext_own_file_open(mount_of(), number, "", &file) == STATUS_OK);
    CHECK(ext_own_file_pin(mount_of(), &file, 0, "", &entry) == STATUS_OK);
    struct block_cache_entry copy = *entry;
    block_cache_put(&mount_of()->cache, entry);
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    uint8_t *bytes = writable.image.bytes + copy.block * 4096;
    copy.buffer.bytes = bytes;
    store_seen(bytes + 4096 - 8, 1, "orphan file magic");
    store_seen(bytes + 4096 - 4, 1, "orphan file checksum");
    static const uint32_t values[] = {5, 1'000'000, 2000};
    uint32_t checksum = load_le32(bytes + 4096 - 4);
    for (uint32_t index = 0; index < 3; index++) {
        uint32_t before = load_le32(bytes + 4);
        store_le32(bytes + 4, values[index]);
        store_le32(bytes + 4096 - 4,
            ext_orphan_block_checksum(mount_of(), file.inode.checksum_seed, &copy));
        expect_refusal("orphan file entry");
        store_le32(bytes + 4, before);
    }
    store_le32(bytes + 4096 - 4, checksum);
    CHECK(writable_mount(&writable) == STATUS_OK);
    check_finished();
    CHECK(writable_finish(&writable));
}

/* ---- Multiple mount protection --------------------------------------------------------------- */

static uint32_t sequence_on_medium(void)
{
    uint64_t block = mount_of()->geometry.mmp_block;
    return load_le32(
        writable.image.bytes + block * mount_of()->geometry.block_bytes + mmp_sequence);
}

static void a_mounted_volume_says_so(void)
{
    CHECK(writable_make(&writable, "24M", "-t ext4 -b 4096 -O mmp"));
    CHECK_EQUAL(mount_of()->geometry.mmp_update_seconds, 5);
    uint32_t sequence = sequence_on_medium();
    CHECK(sequence != 0 && sequence <= mmp_sequence_max);
    CHECK(ext_mmp_tick(mount_of()) == STATUS_OK);
    CHECK_EQUAL(sequence_on_medium(), sequence + 1);
    static struct image other;
    other = writable.image;
    other.fault.below = &other.memory.device;
    CHECK(image_mount(&other) == STATUS_UNSUPPORTED);
    CHECK(strcmp(other.mount.refusal.what, "mmp") == 0);
    CHECK(writable_finish(&writable));
    CHECK(image_run("debugfs -R dump_mmp fsck.img 2>&1 | grep -q 'sequence: ff4d4d50'"));
}

static void a_volume_that_was_taken_is_left_alone(void)
{
    CHECK(writable_make(&writable, "24M", "-t ext4 -b 4096 -O mmp"));
    uint64_t block = mount_of()->geometry.mmp_block;
    uint8_t *bytes = writable.image.bytes + block * 4096;
    store_le32(bytes + mmp_sequence, 77);
    ext_mmp_checksum_store(mount_of(), bytes);
    CHECK(ext_mmp_tick(mount_of()) == STATUS_UNSUPPORTED);
    block_fault_arm(&writable.image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE});
    uint32_t number = 12;
    CHECK(change(run_add, &number) == STATUS_UNSUPPORTED);
    CHECK(ext_unmount(mount_of()) != STATUS_OK);
    CHECK_EQUAL(writable.image.fault.operation_count, 0);
    CHECK_EQUAL(sequence_on_medium(), 77);
    image_free(&writable.image);
}

/* As a replay of what Linux has written leaves them; nothing else is changed. */
static void counts_of_the_super_block_are_put_right(void)
{
    for (uint32_t index = 0; index < shape_count; index++) {
        CHECK(make(shapes[index]));
        CHECK(image_run("debugfs -w -R 'ssv free_blocks_count 7' w.img >log 2>&1 && "
                        "debugfs -w -R 'ssv free_inodes_count 9' w.img >log 2>&1"));
        CHECK(image_load(&writable.image, "w.img") && writable_mount(&writable) == STATUS_OK);
        CHECK(mount_of()->writable && writable_finish(&writable));
        CHECK(image_run("! dumpe2fs -h fsck.img 2>/dev/null | grep -E 'Free blocks: +7$|Free "
                        "inodes: +9$'"));
    }
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    CHECK(image_run("mkdir tree tree/dir && for i in 0 1 2; do echo $i > tree/file$i; done && "
                    "for i in $(seq 0 32 4000); do dd if=/dev/urandom of=tree/big bs=1024 seek=$i "
                    "count=1 conv=notrunc 2>/dev/null; done; cp tree/big tree/too-long && "
                    "head -c 700 /dev/urandom > value && echo a > tree/with-attributes && "
                    "ln -s short tree/short-link && ln -s $(printf %%0100d 7) tree/long-link && "
                    "mkfifo tree/fifo"));
    TEST(orphans_are_finished);
    TEST(orphans_stay_for_a_mount_that_cannot_write);
    TEST(orphans_leave_in_any_order);
    TEST(an_interrupted_mount_is_taken_up);
    TEST(damaged_lists_are_refused);
    TEST(damaged_files_are_refused);
    TEST(counts_of_the_super_block_are_put_right);
    TEST(a_mounted_volume_says_so);
    TEST(a_volume_that_was_taken_is_left_alone);
    image_folder_remove();
    return check_report();
}
