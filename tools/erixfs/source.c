/* SPDX-License-Identifier: ISC */
/*
 * Reading a file of which the size is not known beforehand if it is a pipe, and may change if not.
 */
#define _GNU_SOURCE
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool complain(const char *path)
{
    (void)fprintf(stderr, "erixfs: %s: %s\n", path, strerror(errno));
    return false;
}

bool source_is_standard_input(const struct source *source)
{
    return source->descriptor == STDIN_FILENO;
}

bool source_open(struct source *source, const char *path)
{
    *source = (struct source){.path = path, .descriptor = STDIN_FILENO};
    if (strcmp(path, "-") != 0) {
        source->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (source->descriptor < 0) {
        return complain(path);
    }
    if (fstat(source->descriptor, &source->attributes) != 0) {
        (void)complain(path);
        source_close(source);
        return false;
    }
    off_t start = lseek(source->descriptor, 0, SEEK_CUR);
    source->holes = S_ISREG(source->attributes.st_mode) && start >= 0;
    source->start_bytes = source->holes ? (uint64_t)start : 0;
    return true;
}

void source_close(struct source *source)
{
    if (!source_is_standard_input(source)) {
        (void)close(source->descriptor); /* It was only read. */
    }
}

/* Goes to where data begins, and makes the room for a piece as small as that data is. */
static bool pass_hole(struct source *source, size_t *room_bytes)
{
    int descriptor = source->descriptor;
    off_t at = (off_t)(source->start_bytes + source->offset_bytes);
    off_t data = lseek(descriptor, at, SEEK_DATA);
    if (data < 0 && errno == EINVAL) {
        source->holes = false; /* As in /proc. */
        return lseek(descriptor, at, SEEK_SET) == at;
    }
    if (data < 0 && errno == ENXIO) {
        off_t end = lseek(descriptor, 0, SEEK_END);
        at = end > at ? end : at;
        source->offset_bytes = (uint64_t)at - source->start_bytes;
        return end >= 0 && lseek(descriptor, at, SEEK_SET) == at;
    }
    off_t hole = data < 0 ? data : lseek(descriptor, data, SEEK_HOLE);
    if (hole < 0 || lseek(descriptor, data, SEEK_SET) != data) {
        return false;
    }
    source->offset_bytes = (uint64_t)data - source->start_bytes;
    if ((uint64_t)(hole - data) < *room_bytes) {
        *room_bytes = (size_t)(hole - data);
    }
    return true;
}

bool source_next(
    struct source *source, uint8_t bytes[static source_piece_bytes], struct source_piece *piece_out)
{
    size_t room_bytes = source_piece_bytes;
    if (source->holes && !pass_hole(source, &room_bytes)) {
        return complain(source->path);
    }
    size_t done_bytes = 0;
    while (done_bytes < room_bytes) {
        ssize_t count = read(source->descriptor, bytes + done_bytes, room_bytes - done_bytes);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return complain(source->path);
        }
        if (count == 0) {
            break;
        }
        done_bytes += (size_t)count;
    }
    *piece_out =
        (struct source_piece){.offset_bytes = source->offset_bytes, .size_bytes = done_bytes};
    source->offset_bytes += done_bytes;
    return true;
}

bool source_read(struct source *source, uint8_t **bytes_out, uint64_t *size_bytes_out)
{
    uint8_t *bytes = nullptr;
    size_t room_bytes = 0;
    struct source_piece piece;
    source->holes = false;
    do {
        if (room_bytes - source->offset_bytes < source_piece_bytes) {
            room_bytes = 2 * room_bytes + source_piece_bytes;
            uint8_t *larger = realloc(bytes, room_bytes);
            if (larger == nullptr) {
                free(bytes);
                return complain(source->path);
            }
            bytes = larger;
        }
        if (!source_next(source, bytes + source->offset_bytes, &piece)) {
            free(bytes);
            return false;
        }
    } while (piece.size_bytes > 0);
    *bytes_out = bytes;
    *size_bytes_out = piece.offset_bytes;
    return true;
}
