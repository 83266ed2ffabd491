/* SPDX-License-Identifier: ISC */
/*
 * The file under test as the kernel of the host shows it.
 */
#define _GNU_SOURCE
#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr uint64_t page_bytes = 4096;

static int complain(const char *what)
{
    perror(what);
    return -1;
}

static int64_t kernel_read(
    struct subject *subject, void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    size_t done_bytes = 0;
    while (done_bytes < size_bytes) {
        ssize_t count = pread(subject->descriptor, (char *)bytes + done_bytes,
            size_bytes - done_bytes, (off_t)(offset_bytes + done_bytes));
        if (count < 0) {
            return complain("pread");
        }
        if (count == 0) {
            break;
        }
        done_bytes += (size_t)count;
    }
    return (int64_t)done_bytes;
}

static int kernel_write(
    struct subject *subject, const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    ssize_t count = pwrite(subject->descriptor, bytes, size_bytes, (off_t)offset_bytes);
    return count == (ssize_t)size_bytes ? 0 : complain("pwrite");
}

static int kernel_truncate(struct subject *subject, uint64_t size_bytes)
{
    return ftruncate(subject->descriptor, (off_t)size_bytes) == 0 ? 0 : complain("ftruncate");
}

static int kernel_allocate(
    struct subject *subject, uint64_t offset_bytes, uint64_t size_bytes, bool keep_size)
{
    int mode = keep_size ? FALLOC_FL_KEEP_SIZE : 0;
    if (fallocate(subject->descriptor, mode, (off_t)offset_bytes, (off_t)size_bytes) == 0) {
        return 0;
    }
    return errno == EOPNOTSUPP ? 1 : complain("fallocate");
}

static int kernel_sync(struct subject *subject)
{
    return fsync(subject->descriptor) == 0 ? 0 : complain("fsync");
}

static int kernel_close(struct subject *subject)
{
    return close(subject->descriptor) == 0 ? 0 : complain("close");
}

static int kernel_open(struct subject *subject)
{
    subject->descriptor = open(subject->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    return subject->descriptor >= 0 ? 0 : complain(subject->path);
}

/* What the kernel keeps of the file goes, so that it is read anew. */
static int kernel_reopen(struct subject *subject)
{
    if (kernel_sync(subject) != 0 ||
        posix_fadvise(subject->descriptor, 0, 0, POSIX_FADV_DONTNEED) != 0 ||
        kernel_close(subject) != 0) {
        return -1;
    }
    return kernel_open(subject);
}

/* The range is inside the file. */
static int kernel_map_write(
    struct subject *subject, const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    uint64_t skipped = offset_bytes % page_bytes;
    size_t mapped_bytes = size_bytes + (size_t)skipped;
    char *at = mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, subject->descriptor,
        (off_t)(offset_bytes - skipped));
    if (at == MAP_FAILED) {
        return complain("mmap");
    }
    memcpy(at + skipped, bytes, size_bytes);
    if (msync(at, mapped_bytes, MS_SYNC) != 0 || munmap(at, mapped_bytes) != 0) {
        return complain("msync");
    }
    return 0;
}

static int64_t kernel_size(struct subject *subject)
{
    struct stat attributes;
    return fstat(subject->descriptor, &attributes) == 0 ? attributes.st_size : complain("fstat");
}

static const struct subject_operations kernel_operations = {
    .read = kernel_read,
    .write = kernel_write,
    .truncate = kernel_truncate,
    .allocate = kernel_allocate,
    .sync = kernel_sync,
    .reopen = kernel_reopen,
    .map_write = kernel_map_write,
    .size = kernel_size,
    .close = kernel_close,
};

struct subject *subject_of_kernel(const char *path)
{
    static struct subject subject;
    subject = (struct subject){.operations = &kernel_operations, .path = path};
    return kernel_open(&subject) == 0 ? &subject : nullptr;
}
