/* SPDX-License-Identifier: ISC */
/*
 * Writing, cutting and reserving contents, in all shapes of volumes, against a copy in memory; then
 * e2fsck judges the volume and debugfs the bytes.
 */
#define _DEFAULT_SOURCE

#include "ext_writable.h"

#include <lib/testing/random.h>

constexpr uint32_t file_count = 4;
constexpr uint64_t model_bytes = 3 << 20;

static struct writable volume;
static uint8_t models[file_count][model_bytes];
static uint64_t sizes[file_count];
static uint8_t buffer[model_bytes];

static struct random numbers = {.state = 0x9e3779b97f4a7c15};
struct shape {
    const char *name;
    const char *options;
};

static const struct shape shapes[] = {
    {"ext2, 1 KiB", "-t ext2 -b 1024 -I 128"},
    {"ext2, 2 KiB", "-t ext2 -b 2048 -I 256"},
    {"ext2, 4 KiB", "-t ext2 -b 4096 -I 256"},
    {"ext4, 1 KiB", "-t ext4 -b 1024 -O ^has_journal"},
    {"ext4, 2 KiB, 512", "-t ext4 -b 2048 -I 512 -O ^has_journal"},
    {"ext4, 4 KiB", "-t ext4 -b 4096 -O ^has_journal"},
    {"ext4, no checksums", "-t ext4 -b 1024 -O ^has_journal,^metadata_csum,uninit_bg"},
    {"ext4, 32 bit, small groups", "-t ext4 -b 1024 -g 1024 -O ^has_journal,^64bit,^resize_inode"},
    {"clusters of 4 blocks", "-t ext4 -b 1024 -O ^has_journal,bigalloc -C 4096"},
    {"clusters of 16 blocks", "-t ext4 -b 4096 -O ^has_journal,bigalloc -C 65536"},
    {"journal, ext3", "-t ext3 -b 1024 -J size=1"},
    {"journal, ext4", "-t ext4 -b 4096 -J size=4"},
    {"journal, no checksums", "-t ext4 -b 2048 -J size=2 -O ^metadata_csum,^64bit"},
    {"meta_bg", "-t ext4 -b 1024 -g 1024 -O ^has_journal,meta_bg,^resize_inode"},
};

static struct ext_file files[file_count];

static bool make_files(const struct shape *shape)
{
    static const char names[] =
        "for f in f0 f1 f2 f3; do : > $f; "
        "E2FSPROGS_FAKE_TIME=1700000000 debugfs -w -R \"write $f $f\" w.img "
        ">/dev/null 2>&1 || exit 1; done";
    if (!image_run("rm -f w.img; E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F %s w.img 14M",
            shape->options) ||
        !image_run("%s", names) || !image_load(&volume.image, "w.img") ||
        writable_mount(&volume) != STATUS_OK || !volume.image.mount.writable) {
        return false;
    }
    for (uint32_t index = 0; index < file_count; index++) {
        char name[3] = {'f', (char)('0' + index), '\0'};
        if (image_open(&volume.image, name, &files[index]) != STATUS_OK) {
            return false;
        }
        sizes[index] = 0;
        memset(models[index], 0, model_bytes);
    }
    return true;
}

static void step_write(uint32_t index)
{
    uint64_t offset =
        random_below(&numbers, 4) == 0 ? sizes[index] : random_below(&numbers, model_bytes);
    uint64_t limit = model_bytes - offset;
    uint64_t length = random_below(&numbers, 3) == 0 ? random_below(&numbers, 100)
                                                     : random_below(&numbers, 70'000);
    length = length < limit ? length : limit;
    for (uint64_t at = 0; at < length; at++) {
        buffer[at] = (uint8_t)random_below(&numbers, 256);
    }
    struct ext_read_request request = {
        .offset_bytes = offset, .size_bytes = length, .buffer = block_buffer_plain(buffer)};
    uint64_t done;
    enum status status = ext_write(&volume.image.mount, &files[index], request, &done);
    CHECK(status == STATUS_OK || status == STATUS_NO_SPACE);
    memcpy(models[index] + offset, buffer, done);
    if (done > 0 && offset + done > sizes[index]) {
        sizes[index] = offset + done;
    }
}

static void step_truncate(uint32_t index)
{
    uint64_t size = random_below(&numbers, model_bytes);
    CHECK(ext_truncate(&volume.image.mount, &files[index], size) == STATUS_OK);
    if (size < sizes[index]) {
        memset(models[index] + size, 0, sizes[index] - size);
    }
    sizes[index] = size;
}

static void step_reserve(uint32_t index)
{
    uint64_t offset = random_below(&numbers, model_bytes - 1);
    uint32_t length_max = (uint32_t)(model_bytes - offset);
    uint64_t length = 1 + random_below(&numbers, length_max < 200'000 ? length_max : 200'000);
    bool keep = random_below(&numbers, 2) == 0;
    enum status status = ext_reserve(&volume.image.mount, &files[index], offset, length, keep);
    CHECK(status == STATUS_OK || status == STATUS_NO_SPACE || status == STATUS_UNSUPPORTED);
    if (status == STATUS_OK && !keep && offset + length > sizes[index]) {
        sizes[index] = offset + length;
    }
    if (status == STATUS_NO_SPACE) {
        struct ext_inode inode; /* A part may have been taken before space ran out. */
        CHECK(ext_read_inode(&volume.image.mount, files[index].inode.number, &inode) == STATUS_OK);
        sizes[index] = inode.size_bytes;
    }
}

static void check_file(uint32_t index)
{
    uint64_t done = 0;
    struct ext_read_request request = {
        .size_bytes = model_bytes, .buffer = block_buffer_plain(buffer)};
    CHECK(ext_read(&volume.image.mount, &files[index], request, &done) == STATUS_OK);
    CHECK_EQUAL(done, sizes[index]);
    CHECK(memcmp(buffer, models[index], done) == 0);
}

static void check_with_debugfs(uint32_t index)
{
    CHECK(image_run("rm -f out; debugfs -R 'dump f%u out' fsck.img >/dev/null 2>&1", index));
    FILE *file = fopen("out", "rb");
    CHECK(file != nullptr);
    if (file == nullptr) {
        return;
    }
    size_t count = fread(buffer, 1, model_bytes, file);
    (void)fclose(file);
    CHECK_EQUAL(count, sizes[index]);
    CHECK(memcmp(buffer, models[index], count) == 0);
}

static void contents_agree_with_a_model(void)
{
    for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
        printf("%s\n", shapes[shape].name);
        CHECK(make_files(&shapes[shape]));
        for (uint32_t step = 0; step < 600; step++) {
            uint32_t index = random_below(&numbers, file_count);
            uint64_t kind = random_below(&numbers, 10);
            if (kind < 6) {
                step_write(index);
            } else if (kind < 8) {
                step_truncate(index);
            } else if (kind < 9) {
                step_reserve(index);
            } else {
                check_file(index);
            }
            if (step % 97 == 0) {
                CHECK(ext_sync(&volume.image.mount) == STATUS_OK);
            }
        }
        for (uint32_t index = 0; index < file_count; index++) {
            check_file(index);
        }
        CHECK(writable_finish(&volume));
        for (uint32_t index = 0; index < file_count; index++) {
            check_with_debugfs(index);
        }
    }
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(contents_agree_with_a_model);
    image_folder_remove();
    return check_report();
}
