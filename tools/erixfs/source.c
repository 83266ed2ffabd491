/* SPDX-License-Identifier: ISC */
/*
 * Reading a whole file, of which the size is not known beforehand if it is a pipe.
 */
#define _GNU_SOURCE
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr size_t room_bytes_min = 1 << 16;

static bool complain(const char *path)
{
    (void)fprintf(stderr, "erixfs: %s: %s\n", path, strerror(errno));
    return false;
}

static bool read_all(struct source *source, int descriptor)
{
    size_t room_bytes = 0;
    for (;;) {
        if (source->size_bytes == room_bytes) {
            room_bytes = room_bytes == 0 ? room_bytes_min : 2 * room_bytes;
            uint8_t *larger = realloc(source->bytes, room_bytes);
            if (larger == nullptr) {
                return false;
            }
            source->bytes = larger;
        }
        size_t left_bytes = room_bytes - (size_t)source->size_bytes;
        ssize_t count = read(descriptor, source->bytes + source->size_bytes, left_bytes);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count == 0;
        }
        source->size_bytes += (uint64_t)count;
    }
}

bool source_read(struct source *source, const char *path)
{
    *source = (struct source){};
    bool standard_input = strcmp(path, "-") == 0;
    int descriptor = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return complain(path);
    }
    bool well = fstat(descriptor, &source->attributes) == 0 && read_all(source, descriptor);
    if (!well) {
        (void)complain(path);
        source_free(source);
    }
    if (!standard_input) {
        (void)close(descriptor); /* It was only read. */
    }
    return well;
}

void source_free(struct source *source)
{
    free(source->bytes);
    *source = (struct source){};
}
