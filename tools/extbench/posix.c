/* SPDX-License-Identifier: ISC */
/* A folder of this system; the caller mounts what it wants to measure there. */
#define _GNU_SOURCE
#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int folder = -1;
static int file = -1;

static bool told(bool well, const char *what)
{
    if (!well) {
        (void)fprintf(stderr, "extbench: %s: %s\n", what, strerror(errno));
    }
    return well;
}

static bool start(const char *place)
{
    folder = open(place, O_RDONLY | O_DIRECTORY);
    return told(folder >= 0, place);
}

static bool create(const char *name)
{
    int made = openat(folder, name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    return told(made >= 0 && close(made) == 0, name);
}

static bool remove_file(const char *name)
{
    return told(unlinkat(folder, name, 0) == 0, name);
}

static bool open_file(const char *name)
{
    file = openat(folder, name, O_RDWR);
    return told(file >= 0, name);
}

static bool write_file(const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    return told(
        pwrite(file, bytes, size_bytes, (off_t)offset_bytes) == (ssize_t)size_bytes, "write");
}

static bool read_file(void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
    return told(pread(file, bytes, size_bytes, (off_t)offset_bytes) == (ssize_t)size_bytes, "read");
}

static bool close_file(void)
{
    return told(close(file) == 0, "close");
}

static bool sync_folder(void)
{
    return told(syncfs(folder) == 0, "sync");
}

static bool finish(void)
{
    return sync_folder() && told(close(folder) == 0, "close");
}

const struct subject subject_posix = {
    .name = "posix",
    .start = start,
    .create = create,
    .remove = remove_file,
    .open = open_file,
    .write = write_file,
    .read = read_file,
    .close = close_file,
    .sync = sync_folder,
    .finish = finish,
};
