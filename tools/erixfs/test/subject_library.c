/* SPDX-License-Identifier: ISC */
/*
 * The file under test as lib/ext shows it, on the image that erixfs would open.
 */
#include "../volume.h"
#include "subject.h"

#include <stdio.h>

constexpr char subject_name[] = "subject";

static struct volume volume;
static struct ext_file file;

static int judge(const char *what, enum status status)
{
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "%s: ", what);
        volume_complain(&volume, subject_name, status);
    }
    return status == STATUS_OK ? 0 : -1;
}

static struct ext_read_request request_of(
    const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    return (struct ext_read_request){
        .offset_bytes = offset_bytes,
        .size_bytes = size_bytes,
        .buffer = block_buffer_plain((void *)(uintptr_t)bytes),
    };
}

static int64_t library_read(struct subject *, void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    uint64_t done_bytes = 0;
    enum status status =
        ext_read(&volume.mount, &file, request_of(bytes, size_bytes, offset_bytes), &done_bytes);
    return judge("read", status) == 0 ? (int64_t)done_bytes : -1;
}

static int library_write(
    struct subject *, const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    uint64_t done_bytes = 0;
    enum status status =
        ext_write(&volume.mount, &file, request_of(bytes, size_bytes, offset_bytes), &done_bytes);
    if (status == STATUS_OK && done_bytes != size_bytes) {
        status = STATUS_NO_SPACE;
    }
    return judge("write", status);
}

static int library_truncate(struct subject *, uint64_t size_bytes)
{
    return judge("truncate", ext_truncate(&volume.mount, &file, size_bytes));
}

static int library_allocate(
    struct subject *, uint64_t offset_bytes, uint64_t size_bytes, bool keep_size)
{
    enum status status = ext_reserve(&volume.mount, &file, offset_bytes, size_bytes, keep_size);
    return status == STATUS_UNSUPPORTED ? 1 : judge("allocate", status);
}

static int library_sync(struct subject *)
{
    return judge("sync", ext_sync(&volume.mount));
}

static int library_close(struct subject *)
{
    return volume_close(&volume) ? 0 : -1;
}

static int library_open(const char *image)
{
    struct volume_options options = {
        .access = VOLUME_WRITE, .time_given = true, .time = {.seconds = 1'767'225'600}};
    if (!volume_open(&volume, image, options)) {
        return -1;
    }
    enum status status = volume_find(&volume, subject_name, false, &file);
    if (status == STATUS_NOT_FOUND) {
        struct ext_name name = {.bytes = subject_name, .size_bytes = sizeof subject_name - 1};
        struct ext_new_inode wanted = {.mode = 0100644};
        uint64_t number;
        status = ext_create(&volume.mount, ext_root_number, name, &wanted, &number);
        if (status == STATUS_OK) {
            status = ext_open(&volume.mount, number, &file);
        }
    }
    return judge("open", status);
}

static int library_reopen(struct subject *subject)
{
    return library_close(subject) == 0 ? library_open(subject->path) : -1;
}

static int64_t library_size(struct subject *)
{
    return judge("size", ext_refresh(&volume.mount, &file)) == 0 ? (int64_t)file.inode.size_bytes
                                                                 : -1;
}

static const struct subject_operations library_operations = {
    .read = library_read,
    .write = library_write,
    .truncate = library_truncate,
    .allocate = library_allocate,
    .sync = library_sync,
    .reopen = library_reopen,
    .map_write = library_write,
    .size = library_size,
    .close = library_close,
};

struct subject *subject_of_library(const char *image)
{
    static struct subject subject;
    subject = (struct subject){.operations = &library_operations, .path = image};
    return library_open(image) == 0 ? &subject : nullptr;
}
