/* SPDX-License-Identifier: ISC */
/*
 * The journal, as the files of lib/ext see it. `struct ext_journal` stands in ext.h, since it is a
 * part of a mount.
 *
 * Sequence numbers wrap: they are compared with ext_journal_later and nothing else. "Block" is a
 * block of the journal unless said otherwise; blocks of the log follow each other up to end_block
 * and then from first_block on.
 */
#pragma once

#include <lib/ext/ext.h>

#include "../internal.h"
#include "format.h"

/* Whether `sequence` came after `other`. */
static inline bool ext_journal_later(uint32_t sequence, uint32_t other)
{
    return (int32_t)(sequence - other) > 0;
}

static inline bool ext_journal_has(const struct ext_journal *journal, uint32_t incompat)
{
    return (journal->features[EXT_INCOMPAT] & incompat) != 0;
}

/* Whether each block of the log has a checksum of its own: v2 or v3. */
static inline bool ext_journal_has_checksums(const struct ext_journal *journal)
{
    return ext_journal_has(journal, journal_incompat_checksum_v2 | journal_incompat_checksum_v3);
}

/* Whether the commit block holds a checksum of the whole transaction: the legacy one. */
static inline bool ext_journal_has_legacy_checksum(const struct ext_journal *journal)
{
    return (journal->features[EXT_COMPAT] & journal_compat_checksum) != 0;
}

/* The block of the log `count` blocks after `block`; count is at most the length of the log. */
static inline uint32_t ext_journal_advance(
    const struct ext_journal *journal, uint32_t block, uint32_t count)
{
    uint64_t next = (uint64_t)block + count;
    uint32_t log_blocks = journal->end_block - journal->first_block;
    return (uint32_t)(next < journal->end_block ? next : next - log_blocks);
}

/* Notes what cannot be done, in the name of the journal, and returns UNSUPPORTED. */
static inline enum status ext_journal_refuse(
    struct ext_mount *mount, const char *what, const char *reason)
{
    mount->refusal =
        (struct ext_refusal){.what = what, .reason = reason, .feature_bit = ext_no_feature_bit};
    return STATUS_UNSUPPORTED;
}

/* ---- open.c ---------------------------------------------------------------------------------- */

/*
 * Takes what the journal keeps for the life of the mount from the end of `memory`: the table of its
 * runs and two blocks of scratch. Nothing if the volume has no journal. Before the cache is made.
 */
void ext_journal_take_memory(struct ext_mount *mount, struct ext_mount_memory *memory);

/*
 * Finds the journal that the super block names, inside the volume or on `options.journal_device`,
 * and checks its super block and its place. Reads only. OK if the volume has none.
 */
enum status ext_journal_open(
    struct ext_mount *mount, struct block_device *device, struct ext_mount_options options);

/* Where up to `block_count` blocks of the journal from `block` on are: at least one. */
struct block_transfer ext_journal_place(const struct ext_journal *journal, uint32_t block,
    uint32_t block_count, struct block_buffer buffer);

/* Whether a block of the volume belongs to the journal. */
bool ext_journal_contains(const struct ext_journal *journal, uint64_t volume_block);

/* ---- superblock.c ---------------------------------------------------------------------------- */

/* Fills all that the super block says, or refuses. `room_count`: blocks that the journal may have.
 */
enum status ext_journal_superblock_parse(
    struct ext_mount *mount, const uint8_t *superblock, uint64_t room_count);

/*
 * Writes the super block: the log begins at `start` (0: it is empty) with transaction `sequence`.
 * No flush. The journal's scratch is used.
 */
enum status ext_journal_superblock_write(
    struct ext_journal *journal, uint32_t start, uint32_t sequence);

/*
 * The super block says, for certain, that the volume is corrupt: a replay brings back a volume's
 * super block that does not know. The journal's scratch is used.
 */
enum status ext_journal_mark_corrupt(struct ext_journal *journal);

/*
 * Before the first transaction of a mount, with an empty log: the features that this library writes
 * with (revocations; 64bit as the volume; checksums v3 if the volume has checksums and the journal
 * none) are in the super block. No flush.
 */
enum status ext_journal_superblock_upgrade(struct ext_mount *mount);

/* ---- checksum.c ------------------------------------------------------------------------------ */

uint32_t ext_journal_superblock_checksum(const uint8_t *superblock);

/* Of a block with its checksum at `checksum_at`: a descriptor, a revoke block, a commit block. */
uint32_t ext_journal_block_checksum(
    const struct ext_journal *journal, const uint8_t *block, size_t checksum_at);

/* What the tag of a block says, v2 or v3; `block` is as it stands in the log. */
uint32_t ext_journal_tag_checksum(
    const struct ext_journal *journal, uint32_t sequence, const uint8_t *block);

/* The legacy checksum: descriptors and the blocks behind them, in the order of the log. */
constexpr uint32_t ext_journal_legacy_seed = UINT32_MAX;
uint32_t ext_journal_legacy_update(uint32_t checksum, const uint8_t *bytes, size_t size_bytes);

/* ---- tag.c ----------------------------------------------------------------------------------- */

/* One tag of a descriptor block. */
struct ext_journal_tag {
    uint64_t volume_block;
    uint32_t checksum; /* as many of its bits as are stored */
    uint16_t flags;
};

/* A walk over the tags of a descriptor block. */
struct ext_journal_tags {
    const struct ext_journal *journal;
    const uint8_t *block;
    uint32_t at_bytes;
    bool last_seen;
};

struct ext_journal_tags ext_journal_tags_of(
    const struct ext_journal *journal, const uint8_t *block);

/* The next tag; false after the last. */
bool ext_journal_tags_next(struct ext_journal_tags *tags, struct ext_journal_tag *tag_out);

/* ---- log.c: reading the log -------------------------------------------------------------------
 */

/* A window of the journal in memory. */
struct journal_log {
    const struct ext_journal *journal;
    struct block_buffer window;
    uint32_t window_blocks; /* room */
    uint32_t loaded_block;
    uint32_t loaded_count;
};

/* Whether a block is in the window, so that reading it moves nothing. */
bool journal_log_holds(const struct journal_log *log, uint32_t block);

/* The bytes of a block; good until the next call. In `buffer_out`, if asked for, as a buffer. */
enum status journal_log_read(
    struct journal_log *log, uint32_t block, struct block_buffer *buffer_out);

/* ---- revoke.c -------------------------------------------------------------------------------- */

/*
 * Revoked blocks of the volume from `first` to before `end`, each with the last transaction that
 * revoked it: a hash table with open addressing. Together with the window this bounds the memory:
 * when not all revocations fit, the log is replayed for one range of blocks after the other.
 */
struct journal_revocation {
    uint64_t block_after; /* the block + 1; 0: the slot is free */
    uint32_t sequence;
};

struct journal_revocations {
    struct journal_revocation *slots;
    uint32_t slot_count;
    uint32_t used_count;
    uint64_t first;
    uint64_t end;
};

/* Empties the table and sets its range. */
void journal_revocations_reset(struct journal_revocations *table, uint64_t first, uint64_t end);

/* False if there is no room; blocks outside of the range are passed over. */
bool journal_revocations_add(
    struct journal_revocations *table, uint64_t volume_block, uint32_t sequence);

/* Whether transaction `sequence` must not write to the block. */
bool journal_revocations_forbid(
    const struct journal_revocations *table, uint64_t volume_block, uint32_t sequence);

/* ---- write.c ----------------------------------------------------------------------------------
 */

/* As ext_journal_commit while fast commits are replayed; also without any block. */
enum status ext_journal_commit_stage(struct ext_mount *mount);

/* ---- fast_replay.c --------------------------------------------------------------------------- */

/* What is left to replay after the log: see fast_commit.h. */
struct ext_fast_plan {
    uint32_t tag_count;  /* that count; 0: there is nothing */
    uint32_t done_count; /* operations that are applied already */
    uint32_t sequence;   /* of the transaction that they are good for */
    uint32_t head_block; /* of the log, behind its last transaction */
};

/* A replay of fast commits that runs. */
struct ext_fast_replay {
    struct ext_mount *mount;
    struct journal_log tags;     /* the way along the tags; its window holds the operation */
    struct journal_log reserved; /* another, to ask for ranges meanwhile */
    uint32_t tag_count;
    uint32_t passed_count; /* operations seen */
    uint32_t done_count;   /* operations applied, by what is committed and what is not yet */
};

/* Takes what a replay of fast commits needs from the end of `memory`. Before the cache is made. */
void ext_fast_take_memory(
    struct ext_fast_replay *replay, struct ext_mount *mount, struct ext_mount_memory *memory);

/* Replays what the plan says on a mount that can be written but for that. */
enum status ext_fast_replay_all(struct ext_fast_replay *replay, const struct ext_fast_plan *plan);

/* ---- recover.c ------------------------------------------------------------------------------- */

/*
 * Replays the log of a volume that needs it: `memory` is all of the cache's, which must hold
 * nothing worth keeping. First everything is checked; CORRUPT and UNSUPPORTED leave the volume as
 * it was. With `read_only`, or on a device that is, a journal without fault is refused by
 * UNSUPPORTED. Afterwards the super block must be read anew, for the journal may have held it. If
 * there are fast commits, `plan_out` says so, and the volume still needs recovery; else it does
 * not.
 */
enum status ext_journal_recover(struct ext_mount *mount, struct block_device *device,
    struct ext_mount_memory memory, bool read_only, struct ext_fast_plan *plan_out);

/* Empties the log, in which `end_sequence` would come next, and ends the need for recovery. */
enum status ext_journal_end_recovery(
    struct ext_mount *mount, struct block_device *device, uint32_t end_sequence);
