/* SPDX-License-Identifier: ISC */
/*
 * A block device over a file of the host, for tools and tests. Never part of an EriX image.
 */
#pragma once

#include <lib/block/block.h>

struct block_file {
    struct block_device device; /* use this; it points into this struct, which must not move */
    int descriptor;             /* owned */
};

/*
 * Opens `path`, reading only unless `writable`. NOT_FOUND, DENIED or IO as the host says; a last
 * part of a block is out of reach.
 */
enum status block_file_open(
    struct block_file *file, const char *path, uint32_t block_bytes, bool writable);

void block_file_close(struct block_file *file);
