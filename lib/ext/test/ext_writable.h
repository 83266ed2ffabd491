/* SPDX-License-Identifier: ISC */
/*
 * Writable mounts for the tests of lib/ext, and the judgement of others on what was written.
 */
#pragma once

#include "ext_fsck.h"
#include "ext_image.h"

#include <lib/ext/ext_check.h>
#include <lib/ext/ext_write.h>

constexpr uint32_t writable_cache_blocks = 512;
constexpr uint32_t writable_pending_count = 256;

struct writable {
    struct image image; /* its small cache is not used */
    struct block_cache_entry entries[writable_cache_blocks];
    uint8_t cache[writable_cache_blocks * ext_block_bytes_max];
    uint8_t undo[ext_undo_bytes];
    struct ext_pending pending[writable_pending_count];
};

/* 2026-01-01; greater than any number of inodes, which some programs take small times for. */
constexpr int64_t writable_now = 1'767'225'600;

/* Nonces that are never the same in one run of a test, and the same in every run. */
static inline enum status writable_draw_nonce(void *, uint8_t nonce_out[static ext_nonce_bytes])
{
    static uint64_t state = 0x2545f4914f6cdd1d;
    for (uint32_t index = 0; index < ext_nonce_bytes; index++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        nonce_out[index] = (uint8_t)(state >> 56);
    }
    return STATUS_OK;
}

/* With so many of the blocks and pending elements that there are. */
static inline enum status writable_mount_within(
    struct writable *writable, uint32_t block_count, uint32_t pending_count)
{
    struct ext_mount_memory memory = {
        .entries = writable->entries,
        .entry_count = block_count,
        .buffer = block_buffer_plain(writable->cache),
        .buffer_bytes = sizeof writable->cache,
        .undo = writable->undo,
        .pending = writable->pending,
        .pending_count = pending_count,
    };
    struct ext_mount_options options = {
        .now = {.seconds = writable_now}, .nonces = {.draw = writable_draw_nonce}};
    return ext_mount(&writable->image.mount, &writable->image.fault.device, memory, options);
}

static inline enum status writable_mount(struct writable *writable)
{
    return writable_mount_within(writable, writable_cache_blocks, writable_pending_count);
}

/* Makes a volume with mke2fs, loads and mounts it; false with a message if that fails. */
[[gnu::format(printf, 3, 4)]] static inline bool writable_make(
    struct writable *writable, const char *size, const char *format, ...)
{
    char options[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(options, sizeof options, format, arguments);
    va_end(arguments);
    if (!image_run("rm -f w.img; E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F %s w.img %s", options,
            size) ||
        !image_load(&writable->image, "w.img")) {
        return false;
    }
    enum status status = writable_mount(writable);
    if (status != STATUS_OK || !writable->image.mount.writable) {
        printf("mount: %s, writable: %d\n", status_text(status), writable->image.mount.writable);
    }
    return status == STATUS_OK && writable->image.mount.writable;
}

/*
 * The same of 16 MiB with the folder `tree` on it. mke2fs counts quota before it copies; e2fsck
 * sets that right.
 */
static inline bool writable_make_of_tree(struct writable *writable, const char *options)
{
    return image_run("rm -f w.img; mke2fs -q -F %s -d tree w.img 16M >log 2>&1", options) &&
           image_run("e2fsck -fy w.img >log 2>&1; [ $? -le 1 ]") &&
           image_load(&writable->image, "w.img") && writable_mount(writable) == STATUS_OK &&
           writable->image.mount.writable;
}

/*
 * Writes the bytes of the image into file `name` of the working folder. What the file had is
 * overwritten and not given back first: its memory is what costs most.
 */
static inline bool image_save(const struct image *image, const char *name)
{
    int descriptor = open(name, O_WRONLY | O_CREAT, 0600);
    if (descriptor < 0) {
        return false;
    }
    size_t done_bytes = 0;
    while (done_bytes < image->size_bytes) {
        ssize_t count =
            write(descriptor, image->bytes + done_bytes, image->size_bytes - done_bytes);
        if (count <= 0) {
            break;
        }
        done_bytes += (size_t)count;
    }
    bool well = ftruncate(descriptor, (off_t)image->size_bytes) == 0;
    (void)close(descriptor);
    return well && done_bytes == image->size_bytes;
}

/* Whether e2fsck finds nothing to say about the bytes of the image. */
static inline bool image_fsck(const struct image *image)
{
    return image_save(image, "fsck.img") && fsck_is_clean("fsck.img");
}

static inline void writable_print(void *, const struct ext_finding *finding)
{
    printf("check: group %u, inode %llu, block %llu: %s (is %llu, should be %llu)\n",
        finding->group, (unsigned long long)finding->inode, (unsigned long long)finding->block,
        finding->what, (unsigned long long)finding->found, (unsigned long long)finding->expected);
}

/* Whether our own check finds nothing, either. The mount is over; its memory is used again. */
static inline bool writable_check(struct writable *writable)
{
    struct ext_check *check = malloc(sizeof *check);
    struct ext_mount_memory memory = {
        .entries = writable->entries,
        .entry_count = writable_cache_blocks,
        .buffer = block_buffer_plain(writable->cache),
        .buffer_bytes = sizeof writable->cache,
    };
    struct ext_check_visitor visitor = {.find = writable_print};
    enum status status = ext_check_begin(check, &writable->image.memory.device, memory, visitor);
    void *work = malloc(check->needed_bytes);
    if (status == STATUS_OK && check->needed_bytes != 0) {
        status = ext_check_run(check, work, check->needed_bytes);
    }
    bool well = status == STATUS_OK && check->finding_count == 0;
    free(work);
    free(check);
    return well;
}

/* Unmounts and lets e2fsck and our own check judge. */
static inline bool writable_finish(struct writable *writable)
{
    enum status status = ext_unmount(&writable->image.mount);
    if (status != STATUS_OK) {
        printf("unmount: %s\n", status_text(status));
    }
    bool well = status == STATUS_OK && image_fsck(&writable->image) && writable_check(writable);
    image_free(&writable->image);
    return well;
}
