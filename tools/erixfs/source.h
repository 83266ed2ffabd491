/* SPDX-License-Identifier: ISC */
/*
 * A file of the host as something to be put on a volume, all of it in memory.
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

struct source {
    uint8_t *bytes; /* owned */
    uint64_t size_bytes;
    struct stat attributes;
};

/* Reads all of a file, or of the standard input for "-"; says what is wrong if it cannot. */
bool source_read(struct source *source, const char *path);
void source_free(struct source *source);
