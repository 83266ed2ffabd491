/* SPDX-License-Identifier: ISC */
/*
 * The passes after the scan: collecting revocations, then checking or writing all blocks that are
 * not revoked. Both are done for one range of the volume's blocks after the other; usually one
 * range is the whole volume. A block is written from the log's window, without a copy.
 */
#include "walk.h"

/* ---- Collecting revocations ------------------------------------------------------------------ */

/* OK, or NO_MEMORY if the table is full, or CORRUPT. */
static enum status collect_block(struct journal_replay *replay, const uint8_t *block)
{
    const struct ext_journal *journal = replay->walk.log->journal;
    uint32_t used_bytes = load_be32(block + journal_revoke_used_bytes);
    if (used_bytes < journal_revoke_header_bytes ||
        used_bytes > journal->block_bytes - journal->tail_bytes) {
        return ext_corrupt(
            replay->walk.mount, "size of a journal revoke block", replay->walk.block);
    }
    uint32_t at = journal_revoke_header_bytes;
    for (; at + journal->revocation_bytes <= used_bytes; at += journal->revocation_bytes) {
        uint64_t volume_block =
            journal->revocation_bytes == 8 ? load_be64(block + at) : load_be32(block + at);
        if (!journal_revocations_add(&replay->revocations, volume_block, replay->walk.sequence)) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

static enum status collect_next(struct journal_replay *replay)
{
    struct journal_walk *walk = &replay->walk;
    enum journal_block_type type;
    const uint8_t *block;
    enum status status = journal_walk_next(walk, &type, &block);
    if (status != STATUS_OK) {
        return status;
    }
    if (type == JOURNAL_DESCRIPTOR) {
        return journal_walk_skip_tagged(walk);
    }
    if (type == JOURNAL_COMMIT) {
        walk->sequence++;
        return STATUS_OK;
    }
    return collect_block(replay, block);
}

/* The log ended before the place where the scan saw it end: it is not what it was. */
static enum status end_too_early(struct journal_replay *replay, enum status status)
{
    return status == STATUS_END
               ? ext_corrupt(replay->walk.mount, "journal changes between two readings", 0)
               : status;
}

static enum status collect_range(struct journal_replay *replay, uint64_t first, uint64_t end)
{
    enum status status = STATUS_OK;
    journal_revocations_reset(&replay->revocations, first, end);
    journal_walk_start(&replay->walk);
    while (status == STATUS_OK && replay->walk.sequence != replay->end_sequence) {
        status = collect_next(replay);
    }
    return end_too_early(replay, status);
}

/* Revocations of the longest range from `first` for which there is room, tried by halves. */
static enum status collect(struct journal_replay *replay, uint64_t first)
{
    uint64_t end = replay->walk.mount->geometry.block_count;
    enum status status = collect_range(replay, first, end);
    while (status == STATUS_NO_MEMORY && end - first > 1) {
        end = first + (end - first) / 2;
        status = collect_range(replay, first, end);
    }
    return status;
}

/* ---- Checking and writing -------------------------------------------------------------------- */

static enum status write_batch(struct journal_replay *replay)
{
    if (replay->batch_count == 0) {
        return STATUS_OK;
    }
    uint32_t count = replay->batch_count;
    replay->batch_count = 0;
    return block_write(replay->device, replay->batch, count);
}

/* Whether the block at hand must wait for what the batch holds: for its order or for its room. */
static bool batch_in_the_way(const struct journal_replay *replay, uint64_t device_block)
{
    for (uint32_t index = 0; index < replay->batch_count; index++) {
        if (replay->batch[index].first_block == device_block) {
            return true;
        }
    }
    return replay->batch_count == replay_batch_count_max;
}

static enum status write_block(
    struct journal_replay *replay, struct ext_journal_tag tag, struct block_buffer buffer)
{
    uint32_t device_blocks = replay->walk.log->journal->block_bytes / replay->device->block_bytes;
    uint64_t device_block = tag.volume_block * device_blocks;
    if ((tag.flags & journal_tag_escaped) != 0) {
        store_be32(buffer.bytes, journal_magic);
    }
    if (batch_in_the_way(replay, device_block)) {
        enum status status = write_batch(replay);
        if (status != STATUS_OK) {
            return status;
        }
    }
    replay->batch[replay->batch_count++] = (struct block_transfer){
        .first_block = device_block,
        .block_count = device_blocks,
        .buffer = buffer,
    };
    return STATUS_OK;
}

static enum status check_block(
    struct journal_replay *replay, struct ext_journal_tag tag, struct block_buffer buffer)
{
    struct ext_mount *mount = replay->walk.mount;
    const struct ext_journal *journal = replay->walk.log->journal;
    if (tag.volume_block >= mount->geometry.block_count) {
        return ext_corrupt(mount, "journal block is outside of the volume", tag.volume_block);
    }
    if (ext_journal_contains(journal, tag.volume_block)) {
        return ext_corrupt(mount, "journal writes to itself", tag.volume_block);
    }
    if (ext_journal_has_checksums(journal) &&
        ext_journal_tag_checksum(journal, replay->walk.sequence, buffer.bytes) != tag.checksum) {
        return ext_corrupt(mount, "checksum of a journal block", tag.volume_block);
    }
    if (tag.volume_block == superblock_offset_bytes >> mount->geometry.block_shift) {
        replay->superblock_found = true;
    }
    return STATUS_OK;
}

/* The block behind a tag. Those outside of the volume belong to the last range, to be refused. */
static enum status visit_tagged(struct journal_replay *replay, struct ext_journal_tag tag)
{
    struct journal_walk *walk = &replay->walk;
    const struct journal_revocations *revocations = &replay->revocations;
    uint64_t block_count = walk->mount->geometry.block_count;
    uint64_t place = tag.volume_block < block_count ? tag.volume_block : block_count - 1;
    if (replay->batch_count > 0 && !journal_log_holds(walk->log, walk->block)) {
        enum status status = write_batch(replay);
        if (status != STATUS_OK) {
            return status;
        }
    }
    struct block_buffer buffer;
    enum status status = journal_walk_take(walk, &buffer);
    if (status != STATUS_OK || place < revocations->first || place >= revocations->end ||
        journal_revocations_forbid(revocations, tag.volume_block, walk->sequence)) {
        return status;
    }
    return replay->writing ? write_block(replay, tag, buffer) : check_block(replay, tag, buffer);
}

static enum status visit_next(struct journal_replay *replay)
{
    struct journal_walk *walk = &replay->walk;
    enum journal_block_type type;
    const uint8_t *block;
    enum status status = journal_walk_next(walk, &type, &block);
    if (status != STATUS_OK) {
        return status;
    }
    if (type == JOURNAL_COMMIT) {
        walk->sequence++;
    }
    if (type != JOURNAL_DESCRIPTOR) {
        return STATUS_OK;
    }
    struct ext_journal_tags tags = ext_journal_tags_of(walk->log->journal, walk->descriptor);
    struct ext_journal_tag tag;
    while (status == STATUS_OK && ext_journal_tags_next(&tags, &tag)) {
        status = visit_tagged(replay, tag);
    }
    /* The window moves with the next header. */
    return status == STATUS_OK ? write_batch(replay) : status;
}

static enum status visit_range(struct journal_replay *replay)
{
    enum status status = STATUS_OK;
    replay->batch_count = 0;
    journal_walk_start(&replay->walk);
    while (status == STATUS_OK && replay->walk.sequence != replay->end_sequence) {
        status = visit_next(replay);
    }
    return end_too_early(replay, status);
}

enum status journal_replay_all(struct journal_replay *replay, bool writing)
{
    uint64_t block_count = replay->walk.mount->geometry.block_count;
    enum status status = STATUS_OK;
    replay->writing = writing;
    for (uint64_t first = 0; first < block_count; first = replay->revocations.end) {
        status = collect(replay, first);
        if (status == STATUS_OK) {
            status = visit_range(replay);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
