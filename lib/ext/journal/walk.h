/* SPDX-License-Identifier: ISC */
/*
 * The steps that all passes over the log share, and the passes. Private to this folder.
 */
#pragma once

#include "journal.h"

/* A way along the log, from its start, block by block. */
struct journal_walk {
    struct ext_mount *mount;
    struct journal_log *log;
    uint8_t *descriptor;      /* a copy of the last descriptor block: reading on moves the window */
    uint32_t sequence;        /* of the transaction that we are in */
    uint32_t block;           /* the next one */
    uint32_t left_count;      /* blocks until we would be where we started */
    uint32_t end_block;       /* after the last transaction that the scan found whole */
    uint32_t fast_done_count; /* that this transaction says: see journal_commit_fast_done_count */
};

void journal_walk_start(struct journal_walk *walk);

/*
 * The next block that has a header of this transaction. END at the first that has not. The bytes
 * of a descriptor are in walk->descriptor.
 */
enum status journal_walk_next(
    struct journal_walk *walk, enum journal_block_type *type_out, const uint8_t **bytes_out);

/* The next block, whatever it holds: one that a tag describes. */
enum status journal_walk_take(struct journal_walk *walk, struct block_buffer *buffer_out);

/* Passes over the blocks that the last descriptor describes. */
enum status journal_walk_skip_tagged(struct journal_walk *walk);

/* ---- scan.c ---------------------------------------------------------------------------------- */

/* Finds the first transaction that is not whole. CORRUPT if it is whole, but not as written. */
enum status journal_scan(struct journal_walk *walk, uint32_t *end_sequence_out);

/* ---- replay.c -------------------------------------------------------------------------------- */

constexpr uint32_t replay_batch_count_max = 16;

/* The passes after the scan; all memory is borrowed from the mount. */
struct journal_replay {
    struct journal_walk walk;
    struct block_device *device; /* of the volume */
    struct journal_revocations revocations;
    uint32_t end_sequence;
    bool writing;          /* else only checking */
    bool superblock_found; /* the log holds the volume's super block */
    struct block_transfer batch[replay_batch_count_max];
    uint32_t batch_count;
};

/* One pass over all blocks that are not revoked: checks them or, if `writing`, writes them. */
enum status journal_replay_all(struct journal_replay *replay, bool writing);
