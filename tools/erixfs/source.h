/* SPDX-License-Identifier: ISC */
/*
 * A file of the host as something to be put on a volume. It is read a piece at a time, so that its
 * size does not matter, and its holes are passed over.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

constexpr size_t source_piece_bytes = 1 << 20;

struct source {
    const char *path; /* borrowed */
    int descriptor;   /* owned, unless it is the standard input */
    struct stat attributes;
    uint64_t start_bytes;  /* where in the file reading began */
    uint64_t offset_bytes; /* behind the last piece, from there */
    bool holes;            /* the host can be asked where they are */
};

struct source_piece {
    uint64_t offset_bytes; /* what is between two pieces reads as zero */
    size_t size_bytes;     /* 0: the end of the file is at the offset */
};

/* Opens a file, or takes the standard input for "-"; says what is wrong if it cannot. */
bool source_open(struct source *source, const char *path);
void source_close(struct source *source);

bool source_is_standard_input(const struct source *source);

/* The next piece that is no hole; says what is wrong if it cannot be read. */
bool source_next(struct source *source, uint8_t bytes[static source_piece_bytes],
    struct source_piece *piece_out);

/* All that is left in memory, holes too, which the caller frees; says what is wrong if not. */
bool source_read(struct source *source, uint8_t **bytes_out, uint64_t *size_bytes_out);
