/* SPDX-License-Identifier: ISC */
/*
 * Where blocks go: files that grow at the same time stay in few pieces, small ones lie side by
 * side, and every block can be used.
 */
#define _DEFAULT_SOURCE

#include "ext_writable.h"

constexpr uint32_t file_count = 8;
constexpr uint32_t piece_count = 128;
constexpr uint32_t piece_bytes = 8192;

static struct writable volume;
static struct ext_mount *const mount = &volume.image.mount;
static struct ext_file files[file_count];
static uint8_t piece[piece_bytes];

static const char *const shapes[] = {"-t ext2 -b 1024 -N 512", "-t ext2 -b 4096 -N 512",
    "-t ext4 -b 1024 -O ^has_journal -N 512", "-t ext4 -b 4096 -J size=4 -N 512",
    "-t ext4 -b 1024 -O ^has_journal,bigalloc -C 4096 -N 512"};

static void make(const char *name, struct ext_file *file)
{
    uint64_t number = 0;
    const struct ext_new_inode wanted = {.mode = 0100644};
    const struct ext_name text = {.bytes = name, .size_bytes = (uint32_t)strlen(name)};
    CHECK_EQUAL(ext_create(mount, ext_root_number, text, &wanted, &number), STATUS_OK);
    CHECK_EQUAL(ext_open(mount, number, file), STATUS_OK);
}

static void make_files(void)
{
    for (uint32_t index = 0; index < file_count; index++) {
        char name[16];
        (void)snprintf(name, sizeof name, "file-%u", index);
        make(name, &files[index]);
    }
}

static enum status append(struct ext_file *file, uint64_t size_bytes)
{
    const struct ext_read_request request = {.offset_bytes = file->inode.size_bytes,
        .size_bytes = size_bytes,
        .buffer = block_buffer_plain(piece)};
    uint64_t done = 0;
    const enum status status = ext_write(mount, file, request, &done);
    return status == STATUS_OK && done != size_bytes ? STATUS_NO_SPACE : status;
}

/* In how many pieces the file lies. */
static uint32_t pieces_of(struct ext_file *file)
{
    const uint32_t block_bytes = mount->geometry.block_bytes;
    const uint64_t end = (file->inode.size_bytes + block_bytes - 1) / block_bytes;
    uint32_t count = 0;
    uint64_t expected = 0;
    for (uint64_t block = 0; block < end && !check_failing;) {
        struct ext_run run;
        CHECK_EQUAL(ext_map(mount, file, block, &run), STATUS_OK);
        count += run.physical_block == expected ? 0 : 1;
        expected = run.physical_block + run.block_count;
        block += run.block_count;
    }
    return count;
}

static void check_end(void)
{
    CHECK_EQUAL(ext_unmount(mount), STATUS_OK);
    CHECK(image_fsck(&volume.image));
    image_free(&volume.image);
}

static void files_that_grow_together_stay_whole(void)
{
    for (uint32_t shape = 0; shape < sizeof shapes / sizeof shapes[0] && !check_failing; shape++) {
        CHECK(writable_make(&volume, "24M", "%s", shapes[shape]));
        make_files();
        for (uint32_t step = 0; step < piece_count * file_count; step++) {
            CHECK_EQUAL(append(&files[step % file_count], piece_bytes), STATUS_OK);
        }
        uint32_t most = 0;
        for (uint32_t index = 0; index < file_count; index++) {
            const uint32_t count = pieces_of(&files[index]);
            most = count > most ? count : most;
        }
        printf("%s: 1 MiB in %u pieces at most\n", shapes[shape], most);
        /* Maps of blocks lie between the data, and windows double from a small one. */
        CHECK(most <= 16);
        check_end();
    }
}

static void small_files_lie_side_by_side(void)
{
    CHECK(writable_make(&volume, "24M", "-t ext4 -b 4096 -O ^has_journal -N 512"));
    uint64_t first = UINT64_MAX;
    uint64_t last = 0;
    for (uint32_t index = 0; index < 100; index++) {
        char name[16];
        struct ext_run run;
        (void)snprintf(name, sizeof name, "small-%u", index);
        make(name, &files[0]);
        CHECK_EQUAL(append(&files[0], 1000), STATUS_OK);
        CHECK_EQUAL(ext_map(mount, &files[0], 0, &run), STATUS_OK);
        first = run.physical_block < first ? run.physical_block : first;
        last = run.physical_block > last ? run.physical_block : last;
    }
    CHECK(last - first < 150); /* the table of inodes lies in between */
    check_end();
}

static void every_block_can_be_used(void)
{
    for (uint32_t shape = 0; shape < sizeof shapes / sizeof shapes[0] && !check_failing; shape++) {
        CHECK(writable_make(&volume, "9M", "-m 0 %s", shapes[shape]));
        make_files();
        uint32_t full_count = 0;
        for (uint32_t step = 0; full_count < file_count; step++) {
            const enum status status = append(&files[step % file_count], piece_bytes);
            CHECK(status == STATUS_OK || status == STATUS_NO_SPACE);
            full_count = status == STATUS_OK ? 0 : full_count + 1;
        }
        const uint64_t cluster_blocks = UINT64_C(1) << mount->geometry.cluster_shift;
        CHECK(ext_statfs(mount).free_block_count <= 2 * cluster_blocks);
        check_end();
    }
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(files_that_grow_together_stay_whole);
    TEST(small_files_lie_side_by_side);
    TEST(every_block_can_be_used);
    image_folder_remove();
    return check_report();
}
