/* SPDX-License-Identifier: ISC */
/*
 * pread and pwrite as a block device. Short transfers are continued, interruptions retried.
 */
#define _GNU_SOURCE
#include "file_device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

typedef ssize_t transfer_call(int descriptor, void *bytes, size_t size_bytes, off_t at);

static ssize_t write_at(int descriptor, void *bytes, size_t size_bytes, off_t at)
{
    return pwrite(descriptor, bytes, size_bytes, at);
}

static enum status transfer_all(
    struct block_device *device, const struct block_transfer *transfer, transfer_call *call)
{
    const struct block_file *file = device->context;
    uint8_t *bytes = transfer->buffer.bytes;
    uint64_t left_bytes = (uint64_t)transfer->block_count * device->block_bytes;
    uint64_t at = transfer->first_block * device->block_bytes;
    if (bytes == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    while (left_bytes > 0) {
        ssize_t done = call(file->descriptor, bytes, left_bytes, (off_t)at);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return STATUS_IO;
        }
        bytes += done;
        at += (uint64_t)done;
        left_bytes -= (uint64_t)done;
    }
    return STATUS_OK;
}

static enum status file_read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < transfer_count && status == STATUS_OK; index++) {
        status = transfer_all(device, &transfers[index], pread);
    }
    return status;
}

static enum status file_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < transfer_count && status == STATUS_OK; index++) {
        status = transfer_all(device, &transfers[index], write_at);
    }
    return status;
}

static enum status file_flush(struct block_device *device)
{
    const struct block_file *file = device->context;
    return fsync(file->descriptor) == 0 ? STATUS_OK : STATUS_IO;
}

static const struct block_device_operations file_operations = {
    .read = file_read,
    .write = file_write,
    .flush = file_flush,
};

static enum status open_status(int error)
{
    switch (error) {
    case ENOENT:
        return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    default:
        return STATUS_IO;
    }
}

enum status block_file_open(
    struct block_file *file, const char *path, uint32_t block_bytes, bool writable)
{
    int descriptor = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (descriptor < 0) {
        return open_status(errno);
    }
    off_t size_bytes = lseek(descriptor, 0, SEEK_END);
    if (size_bytes < 0) {
        (void)close(descriptor); /* The file was only looked at. */
        return STATUS_IO;
    }
    *file = (struct block_file){
        .device =
            {
                .operations = &file_operations,
                .context = file,
                .block_bytes = block_bytes,
                .block_count = (uint64_t)size_bytes / block_bytes,
                .read_only = !writable,
            },
        .descriptor = descriptor,
    };
    return STATUS_OK;
}

void block_file_close(struct block_file *file)
{
    (void)close(file->descriptor); /* Whoever needs the data durable has called block_flush. */
    file->descriptor = -1;
}
