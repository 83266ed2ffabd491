/* SPDX-License-Identifier: ISC */
/*
 * Reading ahead: where one reads on, or lists a directory, the device is asked seldom; where not,
 * it is asked for no more than is wanted. What was read ahead is never older than what was written
 * since, and a device that fails is reported when the block is wanted, not before.
 */
#define _GNU_SOURCE
#include "ext_writable.h"

#include "../internal.h"

constexpr uint32_t block_bytes = 1024;
constexpr uint32_t file_bytes = 64 * block_bytes;
constexpr uint32_t piece_bytes = block_bytes / 4;
constexpr uint32_t name_count = 400;

static struct writable writable;
static struct image *const image = &writable.image;
static struct ext_mount *const mount = &writable.image.mount;
static uint8_t contents[file_bytes];

/* A volume with a file and a directory with many names; nothing of it is in the cache. */
static bool make_volume(void)
{
    bool well = image_run("rm -rf tree && mkdir -p tree/many && "
                          "seq 20000 | head -c %u >tree/file && "
                          "for number in $(seq %u); do : >tree/many/a-long-name-$number; done",
        file_bytes, name_count);
    int descriptor = open("tree/file", O_RDONLY);
    well = well && read(descriptor, contents, sizeof contents) == (ssize_t)sizeof contents;
    (void)close(descriptor);
    return well && writable_make(&writable, "4M", "-t ext4 -b %u -N 512 -d tree", block_bytes);
}

static void count_reads(void)
{
    block_fault_arm(&image->fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_READ});
}

static enum status read_piece(
    struct ext_file *file, uint64_t offset_bytes, uint32_t size_bytes, uint8_t *got)
{
    uint64_t done_bytes = 0;
    struct ext_read_request request = {
        .offset_bytes = offset_bytes, .size_bytes = size_bytes, .buffer = block_buffer_plain(got)};
    enum status status = ext_read(mount, file, request, &done_bytes);
    return status == STATUS_OK && done_bytes != size_bytes ? STATUS_END : status;
}

/* Reads the file from its beginning in pieces of one size; how often the device was asked. */
static uint64_t reads_in_pieces(uint32_t size_bytes)
{
    static uint8_t got[file_bytes];
    struct ext_file file;
    CHECK(make_volume());
    CHECK(image_open(image, "file", &file) == STATUS_OK);
    memset(got, 0, sizeof got);
    count_reads();
    for (uint32_t at = 0; at < file_bytes; at += size_bytes) {
        CHECK(read_piece(&file, at, size_bytes, got + at) == STATUS_OK);
    }
    CHECK(memcmp(got, contents, sizeof got) == 0);
    image_free(image);
    return image->fault.operation_count;
}

static void files_are_read_ahead(void)
{
    constexpr uint32_t blocks = file_bytes / block_bytes;
    CHECK_EQUAL(reads_in_pieces(piece_bytes), blocks / block_cache_ahead_max);
    CHECK_EQUAL(reads_in_pieces(block_bytes), blocks / block_cache_ahead_max);
    CHECK_EQUAL(reads_in_pieces(4 * block_bytes), blocks / block_cache_ahead_max);
    /* What is large enough goes into the reader's memory at once. */
    CHECK_EQUAL(reads_in_pieces(block_cache_ahead_max * block_bytes), 4);
    CHECK_EQUAL(reads_in_pieces(file_bytes), 1);
}

static void scattered_reads_bring_what_is_wanted(void)
{
    static uint8_t got[block_bytes];
    struct ext_file file;
    CHECK(make_volume());
    CHECK(image_open(image, "file", &file) == STATUS_OK);
    uint64_t before = mount->cache.counters.ahead_count;
    count_reads();
    for (uint32_t block = 60; block > 0; block -= 4) {
        CHECK(read_piece(&file, (uint64_t)block * block_bytes + 1, piece_bytes, got) == STATUS_OK);
        CHECK(memcmp(got, contents + (size_t)block * block_bytes + 1, piece_bytes) == 0);
    }
    CHECK_EQUAL(image->fault.operation_count, 15);
    CHECK_EQUAL(mount->cache.counters.ahead_count, before);
    image_free(image);
}

static bool count_name(void *context, const struct ext_entry *)
{
    ++*(uint32_t *)context;
    return true;
}

static void directories_and_their_inodes_are_read_ahead(void)
{
    struct ext_file directory;
    struct ext_file file;
    uint32_t shown_count = 0;
    CHECK(make_volume());
    CHECK(image_open(image, "many", &directory) == STATUS_OK);
    count_reads();
    CHECK(ext_read_directory(mount, &directory, 0,
              (struct ext_visitor){.visit = count_name, .context = &shown_count}) == STATUS_END);
    CHECK_EQUAL(shown_count, name_count + 2);
    uint64_t block_count = directory.inode.size_bytes / block_bytes;
    CHECK(block_count > block_cache_ahead_max / 2);
    CHECK_EQUAL(image->fault.operation_count, (block_count - 1) / block_cache_ahead_max + 1);
    count_reads();
    uint64_t first = mount->geometry.first_inode;
    for (uint64_t number = first; number < first + name_count; number++) {
        CHECK(ext_open(mount, number, &file) == STATUS_OK);
    }
    CHECK(image->fault.operation_count <=
          mount->geometry.inode_table_blocks / block_cache_ahead_max + 1);
    image_free(image);
}

/* Blocks that were read ahead and then written, past the cache and through it. */
static void what_was_read_ahead_is_not_older(void)
{
    static uint8_t got[piece_bytes];
    static uint8_t fresh[4 * block_bytes];
    struct ext_file reader;
    struct ext_file writer;
    uint64_t done_bytes;
    CHECK(make_volume());
    CHECK(image_open(image, "file", &reader) == STATUS_OK);
    CHECK(image_open(image, "file", &writer) == STATUS_OK);
    CHECK(read_piece(&reader, 0, piece_bytes, got) == STATUS_OK);
    CHECK(mount->cache.counters.ahead_count >= block_cache_ahead_max);
    memset(fresh, 0xee, sizeof fresh);
    struct ext_read_request whole = {.offset_bytes = 2 * block_bytes,
        .size_bytes = sizeof fresh,
        .buffer = block_buffer_plain(fresh)};
    struct ext_read_request part = {.offset_bytes = 8 * block_bytes + 10,
        .size_bytes = 100,
        .buffer = block_buffer_plain(fresh)};
    CHECK(ext_write(mount, &writer, whole, &done_bytes) == STATUS_OK);
    CHECK(ext_write(mount, &writer, part, &done_bytes) == STATUS_OK);
    memset(contents + 2 * block_bytes, 0xee, sizeof fresh);
    memset(contents + 8 * block_bytes + 10, 0xee, 100);
    for (uint32_t at = piece_bytes; at < file_bytes; at += piece_bytes) {
        CHECK(read_piece(&reader, at, piece_bytes, got) == STATUS_OK);
        CHECK(memcmp(got, contents + at, piece_bytes) == 0);
    }
    CHECK(ext_unmount(mount) == STATUS_OK && image_fsck(image));
    image_free(image);
}

static void failures_are_told_when_the_block_is_wanted(void)
{
    static uint8_t got[block_bytes];
    struct ext_file file;
    CHECK(make_volume());
    CHECK(image_open(image, "file", &file) == STATUS_OK);
    CHECK(read_piece(&file, 0, block_bytes, got) == STATUS_OK);
    block_fault_arm(
        &image->fault, (struct block_fault_plan){
                           .kinds = BLOCK_FAULT_READ, .status = STATUS_IO, .count = UINT64_MAX});
    for (uint32_t block = 1; block < block_cache_ahead_max; block++) {
        CHECK(read_piece(&file, (uint64_t)block * block_bytes, block_bytes, got) == STATUS_OK);
    }
    uint64_t next = (uint64_t)block_cache_ahead_max * block_bytes;
    CHECK(read_piece(&file, next, block_bytes, got) == STATUS_IO);
    CHECK_EQUAL(image->fault.hit_count, 2);
    block_fault_arm(&image->fault, (struct block_fault_plan){});
    CHECK(read_piece(&file, next, block_bytes, got) == STATUS_OK);
    CHECK(memcmp(got, contents + next, block_bytes) == 0);
    image_free(image);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(files_are_read_ahead);
    TEST(scattered_reads_bring_what_is_wanted);
    TEST(directories_and_their_inodes_are_read_ahead);
    TEST(what_was_read_ahead_is_not_older);
    TEST(failures_are_told_when_the_block_is_wanted);
    image_folder_remove();
    return check_report();
}
