/* SPDX-License-Identifier: ISC */
/*
 * Files inside their inodes: random writes and new sizes agree with a model while they stay there,
 * when they move out because of their size or because attributes took the room, and after.
 */
#define _GNU_SOURCE
#include "ext_writable.h"

#include "../transaction.h"

constexpr uint32_t file_count = 6;
constexpr uint32_t size_max = 6000;

static struct writable writable;
static uint64_t random_state = 0x853c49e6748fea9b;

static uint32_t next_random(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 20) % limit;
}

static struct ext_mount *mount_of(void)
{
    return &writable.image.mount;
}

static const char *const shapes[] = {
    "-t ext4 -b 1024 -I 256 -O ^has_journal,inline_data",
    "-t ext4 -b 4096 -I 512 -O ^has_journal,inline_data",
    "-t ext4 -b 4096 -I 256 -O inline_data,quota",
    "-t ext4 -b 2048 -I 512 -O inline_data,^metadata_csum,^extent,^64bit",
};
constexpr uint32_t shape_count = sizeof shapes / sizeof shapes[0];

/* As mke2fs counts quota before it copies files. */
static bool make(const char *shape)
{
    return image_run("rm -f w.img; mke2fs -q -F %s -d tree w.img 16M >log 2>&1", shape) &&
           image_run("e2fsck -fy w.img >log 2>&1; [ $? -le 1 ]") &&
           image_load(&writable.image, "w.img") && writable_mount(&writable) == STATUS_OK &&
           mount_of()->writable;
}

struct model {
    uint8_t bytes[size_max];
    uint32_t size_bytes;
};

static struct model models[file_count];

static struct ext_file open_file(uint32_t index)
{
    char path[16];
    struct ext_file file = {};
    (void)sprintf(path, "file%u", index);
    CHECK(image_open(&writable.image, path, &file) == STATUS_OK);
    return file;
}

static bool is_inside(const struct ext_file *file)
{
    return (file->inode.flags & inode_flag_inline_data) != 0;
}

/* Mostly what fits into an inode. */
static uint32_t random_size(void)
{
    static const uint32_t limits[] = {20, 61, 100, 170, 420, size_max / 2};
    return next_random(limits[next_random(8) == 0 ? 5 : next_random(5)]);
}

static void write_some(struct model *model, struct ext_file *file)
{
    static uint8_t bytes[size_max];
    uint32_t offset = random_size();
    uint32_t size_bytes = random_size();
    for (uint32_t index = 0; index < size_bytes; index++) {
        bytes[index] = (uint8_t)next_random(256);
    }
    uint64_t done_bytes = 0;
    struct ext_read_request request = {
        .offset_bytes = offset, .size_bytes = size_bytes, .buffer = block_buffer_plain(bytes)};
    CHECK_EQUAL(ext_write(mount_of(), file, request, &done_bytes), STATUS_OK);
    CHECK_EQUAL(done_bytes, size_bytes);
    memcpy(model->bytes + offset, bytes, size_bytes);
    if (size_bytes > 0 && offset + size_bytes > model->size_bytes) {
        model->size_bytes = offset + size_bytes;
    }
}

static void resize(struct model *model, struct ext_file *file)
{
    uint32_t size_bytes = random_size();
    CHECK_EQUAL(ext_truncate(mount_of(), file, size_bytes), STATUS_OK);
    memset(model->bytes + size_bytes, 0, size_max - size_bytes);
    model->size_bytes = size_bytes;
}

static void change_attribute(struct ext_file *file)
{
    static uint8_t value[60];
    struct ext_attribute_request request = {
        .name = "user.a", .name_bytes = 6, .value = value, .value_bytes = next_random(60)};
    CHECK(ext_set_attribute(mount_of(), file, &request) == STATUS_OK);
}

static void compare(uint32_t index)
{
    static uint8_t got[size_max + 1];
    struct ext_file file = open_file(index);
    uint64_t done_bytes = 0;
    struct ext_read_request request = {.size_bytes = sizeof got, .buffer = block_buffer_plain(got)};
    CHECK(ext_read(mount_of(), &file, request, &done_bytes) == STATUS_OK);
    CHECK_EQUAL(done_bytes, models[index].size_bytes);
    CHECK(memcmp(got, models[index].bytes, models[index].size_bytes) == 0);
}

static void change_one(void)
{
    uint32_t index = next_random(file_count);
    struct ext_file file = open_file(index);
    switch (next_random(5)) {
    case 0:
        resize(&models[index], &file);
        break;
    case 1:
        change_attribute(&file);
        break;
    default:
        write_some(&models[index], &file);
        break;
    }
    compare(index);
}

static void load_models(void)
{
    for (uint32_t index = 0; index < file_count; index++) {
        models[index] = (struct model){};
        struct ext_file file = open_file(index);
        CHECK(is_inside(&file));
        uint64_t done_bytes = 0;
        struct ext_read_request request = {
            .size_bytes = size_max, .buffer = block_buffer_plain(models[index].bytes)};
        CHECK(ext_read(mount_of(), &file, request, &done_bytes) == STATUS_OK);
        models[index].size_bytes = (uint32_t)done_bytes;
    }
}

static void random_changes_agree_with_a_model(void)
{
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        for (uint32_t round = 0; round < 6 && !check_failing; round++) {
            CHECK(make(shapes[shape]));
            load_models();
            for (uint32_t count = 0; count < 40; count++) {
                change_one();
            }
            CHECK(ext_unmount(mount_of()) == STATUS_OK);
            CHECK(image_fsck(&writable.image));
            CHECK(writable_mount(&writable) == STATUS_OK);
            for (uint32_t index = 0; index < file_count; index++) {
                compare(index);
            }
            CHECK(writable_finish(&writable));
        }
        if (check_failing) {
            printf("shape: %s\n", shapes[shape]);
        }
    }
}

/* Up to the last byte that there is room for, and one more. */
static void files_stay_as_long_as_they_fit(void)
{
    static uint8_t bytes[600];
    memset(bytes, 'x', sizeof bytes);
    CHECK(make(shapes[0]));
    struct ext_file file = open_file(0);
    uint32_t size_bytes = 0;
    uint32_t sectors = (uint32_t)file.inode.sector_count;
    for (; size_bytes < sizeof bytes && is_inside(&file); size_bytes++) {
        CHECK_EQUAL(file.inode.sector_count, sectors);
        uint64_t done_bytes;
        struct ext_read_request request = {
            .offset_bytes = size_bytes, .size_bytes = 1, .buffer = block_buffer_plain(bytes)};
        CHECK(ext_write(mount_of(), &file, request, &done_bytes) == STATUS_OK);
        CHECK(ext_refresh(mount_of(), &file) == STATUS_OK);
    }
    /* 96 bytes behind the fields: a header, an entry with its name, a zero word. */
    CHECK_EQUAL(size_bytes, 60 + 96 - 4 - 20 - 4 + 1);
    CHECK_EQUAL(file.inode.sector_count, 2);
    CHECK(writable_finish(&writable));
    CHECK(image_run("debugfs -R 'cat file0' fsck.img 2>log >got && [ $(wc -c <got) = 129 ] && "
                    "[ $(tr -d x <got | wc -c) = 0 ]"));
}

static enum status grow_out(void)
{
    static uint8_t bytes[2000];
    enum status status = writable_mount(&writable);
    struct ext_file file;
    if (status == STATUS_OK) {
        status = image_open(&writable.image, "file3", &file);
    }
    uint64_t done_bytes;
    struct ext_read_request request = {
        .offset_bytes = 50, .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    if (status == STATUS_OK) {
        status = ext_write(mount_of(), &file, request, &done_bytes);
    }
    enum status end = ext_unmount(mount_of());
    return status == STATUS_OK ? end : status;
}

static void every_failure_is_told(void)
{
    CHECK(make(shapes[2]));
    CHECK(ext_unmount(mount_of()) == STATUS_OK);
    uint8_t *before = malloc(writable.image.size_bytes);
    memcpy(before, writable.image.bytes, writable.image.size_bytes);
    static const uint32_t kinds[] = {BLOCK_FAULT_READ, BLOCK_FAULT_WRITE, BLOCK_FAULT_FLUSH};
    for (uint32_t kind = 0; kind < 3; kind++) {
        uint64_t first = 0;
        for (bool hit = true; hit && !check_failing; first++) {
            memcpy(writable.image.bytes, before, writable.image.size_bytes);
            struct block_fault_plan plan = {
                .kinds = kinds[kind], .status = STATUS_IO, .first = first, .count = 1};
            block_fault_arm(&writable.image.fault, plan);
            enum status status = grow_out();
            hit = writable.image.fault.hit_count > 0;
            CHECK_EQUAL(status, hit ? STATUS_IO : STATUS_OK);
            block_fault_arm(&writable.image.fault, (struct block_fault_plan){});
            CHECK(writable_mount(&writable) == STATUS_OK);
            CHECK(ext_unmount(mount_of()) == STATUS_OK);
        }
        CHECK(first > 2);
    }
    CHECK(image_fsck(&writable.image));
    free(before);
    image_free(&writable.image);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    CHECK(image_run("mkdir tree && : > tree/file0 && echo 1 > tree/file1 && "
                    "for i in 2 3 4 5; do head -c $((i * 25)) /dev/urandom > tree/file$i; done"));
    TEST(random_changes_agree_with_a_model);
    TEST(files_stay_as_long_as_they_fit);
    TEST(every_failure_is_told);
    image_folder_remove();
    return check_report();
}
