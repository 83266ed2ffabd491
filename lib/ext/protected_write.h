/* SPDX-License-Identifier: ISC */
/* Writing files whose blocks are encrypted. Private to lib/ext. */
#pragma once

#include "crypt.h"

/* A piece of a file, in blocks that follow each other on the medium. */
struct ext_encrypted_piece {
    const struct ext_policy *policy;
    struct ext_run run;   /* its first block is that in which the piece begins */
    bool fresh;           /* the blocks hold nothing of the file yet */
    uint32_t within;      /* where in the first block the piece begins */
    uint64_t size_bytes;  /* at most up to the end of the run */
    const uint8_t *bytes; /* nullptr: zeros */
};

/*
 * The bytes go into the cache encrypted, which writes them back as it does parts of blocks. Inside
 * a change, or for blocks that the file has already. NO_KEY.
 */
enum status ext_write_encrypted(struct ext_mount *mount, const struct ext_encrypted_piece *piece);
