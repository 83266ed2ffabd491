/* SPDX-License-Identifier: ISC */
/*
 * Reading and writing files through the kernel.
 */
#define _GNU_SOURCE
#include "view.h"

#include <errno.h>
#include <linux/falloc.h>
#include <unistd.h>

constexpr size_t read_bytes_max = 1 << 20;

void view_read(fuse_req_t request, fuse_ino_t number, size_t size_bytes, off_t offset_bytes,
    struct fuse_file_info *)
{
    static uint8_t bytes[read_bytes_max];
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    struct ext_read_request wanted = {
        .offset_bytes = (uint64_t)offset_bytes,
        .size_bytes = size_bytes < sizeof bytes ? size_bytes : sizeof bytes,
        .buffer = block_buffer_plain(bytes),
    };
    uint64_t done_bytes;
    enum status status =
        ext_read(&view_of(request)->volume->mount, &node->file, wanted, &done_bytes);
    if (status != STATUS_OK) {
        view_fail(request, status);
        return;
    }
    (void)fuse_reply_buf(request, (const char *)bytes, (size_t)done_bytes);
}

void view_write(fuse_req_t request, fuse_ino_t number, const char *bytes, size_t size_bytes,
    off_t offset_bytes, struct fuse_file_info *)
{
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    struct ext_read_request wanted = {
        .offset_bytes = (uint64_t)offset_bytes,
        .size_bytes = size_bytes,
        .buffer = block_buffer_plain((void *)(uintptr_t)bytes), /* only read */
    };
    uint64_t done_bytes = 0;
    enum status status =
        ext_write(&view_of(request)->volume->mount, &node->file, wanted, &done_bytes);
    if (done_bytes == 0 && size_bytes != 0) {
        view_fail(request, status != STATUS_OK ? status : STATUS_NO_SPACE);
        return;
    }
    (void)fuse_reply_write(request, (size_t)done_bytes);
}

void view_fallocate(fuse_req_t request, fuse_ino_t number, int mode, off_t offset_bytes,
    off_t size_bytes, struct fuse_file_info *)
{
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0) {
        view_fail(request, STATUS_UNSUPPORTED);
        return;
    }
    view_answer(
        request, ext_reserve(&view_of(request)->volume->mount, &node->file, (uint64_t)offset_bytes,
                     (uint64_t)size_bytes, (mode & FALLOC_FL_KEEP_SIZE) != 0));
}

/* The first byte of data, or of a hole, at the offset or after it; the end of the file is a hole.
 */
static enum status seek(struct ext_mount *mount, struct ext_file *file, bool hole, uint64_t *at)
{
    uint64_t size_bytes = file->inode.size_bytes;
    uint32_t shift = mount->geometry.block_shift;
    while (*at < size_bytes) {
        struct ext_run run;
        enum status status = ext_map(mount, file, *at >> shift, &run);
        if (status == STATUS_UNSUPPORTED) { /* inside its inode */
            run = (struct ext_run){.block_count = UINT32_MAX, .kind = EXT_RUN_DATA};
        } else if (status != STATUS_OK) {
            return status;
        }
        if ((run.kind != EXT_RUN_DATA) == hole) {
            return STATUS_OK;
        }
        uint64_t next_block = (*at >> shift) + run.block_count;
        *at = next_block > size_bytes >> shift ? size_bytes : next_block << shift;
    }
    *at = size_bytes;
    return hole ? STATUS_OK : STATUS_END;
}

void view_seek(
    fuse_req_t request, fuse_ino_t number, off_t offset_bytes, int whence, struct fuse_file_info *)
{
    struct node *node = view_need(request, number);
    if (node == nullptr) {
        return;
    }
    uint64_t at = (uint64_t)offset_bytes;
    enum status status = STATUS_END;
    if (at < node->file.inode.size_bytes) {
        status = seek(&view_of(request)->volume->mount, &node->file, whence == SEEK_HOLE, &at);
    }
    if (status != STATUS_OK) {
        (void)fuse_reply_err(request, status == STATUS_END ? ENXIO : view_error(status));
        return;
    }
    (void)fuse_reply_lseek(request, (off_t)at);
}

void view_sync(fuse_req_t request, fuse_ino_t, int, struct fuse_file_info *)
{
    struct ext_mount *mount = &view_of(request)->volume->mount;
    view_answer(request, mount->writable ? ext_sync(mount) : STATUS_OK);
}
