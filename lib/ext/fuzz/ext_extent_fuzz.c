/* SPDX-License-Identifier: ISC */
/*
 * Extents, block maps and contents inside inodes: what a file maps and holds, before and after it
 * is written in the middle, extended, and cut.
 */
#include "life.h"
#include "target.h"

static const char *const names[] = {
    "ext2", "ext2-4k", "ext4", "ext4-inline", "ext4-deep", "encrypted-1k", nullptr};
static const enum part_kind kinds[] = {PART_EXTENTS, PART_POINTERS, PART_INODE};

constexpr uint64_t mapped_count_max = 3000;
constexpr uint32_t written_bytes = 1500;

static enum status map_all(struct ext_file *file)
{
    uint64_t logical = 0;
    for (uint64_t count = 0; count < mapped_count_max; count++) {
        struct ext_run run = {};
        enum status status = ext_map(&life_mount, file, logical, &run);
        if (status != STATUS_OK || run.block_count == 0 || run.block_count > (uint64_t)1 << 32) {
            return status == STATUS_UNSUPPORTED ? STATUS_OK : status;
        }
        require(run.logical_block == logical, "a run begins elsewhere");
        require(run.kind == EXT_RUN_HOLE ||
                    (run.physical_block < life_mount.geometry.block_count &&
                        run.block_count <= life_mount.geometry.block_count - run.physical_block),
            "a run leaves the volume");
        logical += run.block_count;
        if (logical << life_mount.geometry.block_shift >= file->inode.size_bytes) {
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

static enum status change_file(struct ext_file *file)
{
    static uint8_t bytes[written_bytes];
    uint64_t done_bytes = 0;
    uint64_t half = file->inode.size_bytes / 2;
    struct ext_read_request request = {
        .offset_bytes = half, .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    enum status status = ext_write(&life_mount, file, request, &done_bytes);
    if (status == STATUS_OK) {
        status = ext_reserve(&life_mount, file, 2 * half, 5000, false);
    }
    if (status == STATUS_OK || status == STATUS_UNSUPPORTED) {
        status = ext_truncate(&life_mount, file, half / 3);
    }
    return status == STATUS_OK ? ext_truncate(&life_mount, file, 0) : status;
}

/* Of what can be refused on a sound volume nothing is left. */
static enum status accept(enum status status)
{
    return status == STATUS_NO_SPACE || status == STATUS_TOO_LARGE || status == STATUS_DENIED
               ? STATUS_OK
               : status;
}

static enum status use_file(struct ext_file *file)
{
    if (file->inode.type != EXT_TYPE_FILE) {
        return STATUS_OK;
    }
    enum status status = map_all(file);
    bool changes = life_mount.writable && file->inode.size_bytes != 0;
    return status == STATUS_OK && changes ? accept(change_file(file)) : status;
}

static enum status use(void)
{
    enum status first = life_walk();
    enum status status = life_each(11, use_file);
    return first == STATUS_OK ? status : first;
}

static void run(struct base *base, const struct input *input, uint32_t)
{
    life_run(base, input->flags, use);
}

const struct target target = {
    .bases = names,
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .run = run,
};
