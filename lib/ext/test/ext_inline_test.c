/* SPDX-License-Identifier: ISC */
/*
 * Files inside their inodes: random writes and new sizes agree with a model while they stay there,
 * when they move out because of their size or because attributes took the room, and after. New
 * files and directories begin there, and leave it for a reason.
 */
#define _GNU_SOURCE
#include "ext_single_faults.h"

#include <lib/testing/random.h>

#include "../transaction.h"

constexpr uint32_t file_count = 6;
constexpr uint32_t size_max = 6000;

static struct writable writable;
static struct random numbers = {.state = 0x853c49e6748fea9b};
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

static bool make(const char *shape)
{
    return writable_make_of_tree(&writable, shape);
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
    return random_below(
        &numbers, limits[random_below(&numbers, 8) == 0 ? 5 : random_below(&numbers, 5)]);
}

static void write_some(struct model *model, struct ext_file *file)
{
    static uint8_t bytes[size_max];
    uint32_t offset = random_size();
    uint32_t size_bytes = random_size();
    for (uint32_t index = 0; index < size_bytes; index++) {
        bytes[index] = (uint8_t)random_below(&numbers, 256);
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
    struct ext_attribute_request request = {.name = "user.a",
        .name_bytes = 6,
        .value = value,
        .value_bytes = random_below(&numbers, 60)};
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
    uint32_t index = random_below(&numbers, file_count);
    struct ext_file file = open_file(index);
    switch (random_below(&numbers, 5)) {
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

static uint64_t make_node(uint64_t parent, const char *name, uint16_t mode)
{
    struct ext_new_inode wanted = {.mode = mode};
    struct ext_name stored = {.bytes = name, .size_bytes = (uint32_t)strlen(name)};
    uint64_t number = 0;
    CHECK_EQUAL(ext_create(mount_of(), parent, stored, &wanted, &number), STATUS_OK);
    return number;
}

static bool is_inside_number(uint64_t number)
{
    struct ext_file file = {};
    CHECK_EQUAL(ext_open(mount_of(), number, &file), STATUS_OK);
    return is_inside(&file);
}

/* One with 256 bytes: behind the fields 68 for names, in the block area 56. */
static void new_files_begin_inside(void)
{
    uint8_t bytes[200];
    memset(bytes, 'y', sizeof bytes);
    CHECK(make(shapes[0]));
    uint64_t number = make_node(ext_root_number, "fresh", 0100644);
    CHECK(is_inside_number(number));
    CHECK(!is_inside_number(make_node(ext_root_number, "fifo", 0010644)));
    struct ext_file file;
    uint64_t done_bytes;
    struct ext_read_request request = {.size_bytes = 100, .buffer = block_buffer_plain(bytes)};
    CHECK_EQUAL(ext_open(mount_of(), number, &file), STATUS_OK);
    CHECK_EQUAL(ext_write(mount_of(), &file, request, &done_bytes), STATUS_OK);
    CHECK(is_inside_number(number));
    request.size_bytes = sizeof bytes;
    CHECK_EQUAL(ext_write(mount_of(), &file, request, &done_bytes), STATUS_OK);
    CHECK(!is_inside_number(number));
    CHECK(writable_finish(&writable));
    CHECK(image_run("[ \"$(debugfs -R 'cat fresh' fsck.img 2>log | tr -d y | wc -c)\" = 0 ] && "
                    "[ \"$(debugfs -R 'cat fresh' fsck.img 2>log | wc -c)\" = 200 ]"));
}

/* Space is for blocks: the contents come first, and are the same. */
static void reserving_moves_files_out(void)
{
    static uint8_t got[5000];
    for (uint32_t shape = 0; shape < shape_count; shape++) {
        CHECK(make(shapes[shape]));
        bool extents = ext_has(mount_of(), EXT_INCOMPAT, incompat_extents);
        for (uint32_t index = 0; index < 4; index++) {
            bool keep = index % 2 == 0;
            struct ext_file file = open_file(index);
            uint64_t size_bytes = file.inode.size_bytes;
            CHECK_EQUAL(ext_reserve(mount_of(), &file, 0, 0, keep), STATUS_INVALID_ARGUMENT);
            CHECK(is_inside_number(file.inode.number));
            CHECK_EQUAL(ext_reserve(mount_of(), &file, 10, sizeof got - 10, keep),
                extents ? STATUS_OK : STATUS_UNSUPPORTED);
            CHECK_EQUAL(is_inside_number(file.inode.number), !extents);
            uint64_t done_bytes;
            struct ext_read_request request = {
                .size_bytes = sizeof got, .buffer = block_buffer_plain(got)};
            CHECK_EQUAL(ext_read(mount_of(), &file, request, &done_bytes), STATUS_OK);
            CHECK_EQUAL(done_bytes, extents && !keep ? sizeof got : size_bytes);
            memset(got + size_bytes, 0, sizeof got - size_bytes);
            CHECK(image_run("head -c %u tree/file%u >want", (unsigned)size_bytes, index));
            int descriptor = open("got", O_WRONLY | O_CREAT | O_TRUNC, 0600);
            CHECK(write(descriptor, got, size_bytes) == (ssize_t)size_bytes);
            (void)close(descriptor);
            CHECK(image_run("cmp want got"));
        }
        CHECK(writable_finish(&writable));
    }
}

/* How many names of up to four letters a directory keeps inside its inode. */
static void directories_fill_their_inodes(void)
{
    static const struct {
        const char *shape;
        uint32_t fit_count;
    } cases[] = {
        /* 12 bytes each: 4 in the block area; 68 bytes, and 324, in the attribute. */
        {"-t ext4 -b 1024 -I 256 -O ^has_journal,inline_data", 4 + 5},
        {"-t ext4 -b 4096 -I 512 -O ^has_journal,inline_data", 4 + 27},
        {"-t ext4 -b 1024 -I 512 -O inline_data,casefold -J size=1", 4 + 27},
    };
    for (uint32_t index = 0; index < 3; index++) {
        char name[8];
        CHECK(make(cases[index].shape));
        uint64_t directory = make_node(ext_root_number, "d", 0040755);
        uint32_t count = 0;
        while (is_inside_number(directory) && count < 60) {
            (void)snprintf(name, sizeof name, "n%03u", count++);
            (void)make_node(directory, name, 0100644);
        }
        CHECK_EQUAL(count, cases[index].fit_count + 1);
        uint64_t second = make_node(ext_root_number, "e", 0040755);
        for (uint32_t number = 0; number < cases[index].fit_count; number++) {
            (void)snprintf(name, sizeof name, "n%03u", number);
            (void)make_node(second, name, 0100644);
        }
        CHECK(is_inside_number(second));
        CHECK(writable_finish(&writable));
        CHECK(image_run("[ $(debugfs -R 'ls -p e' fsck.img 2>log | grep -c /n) = %u ] && "
                        "[ $(debugfs -R 'ls -p d' fsck.img 2>log | grep -c /n) = %u ]",
            cases[index].fit_count, cases[index].fit_count + 1));
    }
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
    single_faults_are_told(&writable, grow_out);
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
    TEST(new_files_begin_inside);
    TEST(reserving_moves_files_out);
    TEST(directories_fill_their_inodes);
    TEST(every_failure_is_told);
    image_folder_remove();
    return check_report();
}
