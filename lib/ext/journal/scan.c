/* SPDX-License-Identifier: ISC */
/*
 * The first pass: where the log ends. A transaction counts when its commit block is there and its
 * checksums are right. What a wrong checksum means depends:
 *
 *   - of a descriptor or revoke block: nothing yet. If no commit block follows, the transaction was
 *     being written. If one follows whose time lies before the last transaction's, it is left over
 *     from a former life of the journal. Otherwise a transaction that was committed is damaged.
 *   - of a commit block: as above. Only with async_commit a commit block may reach the medium
 *     before what it commits; then the log ends here, if nothing comes after.
 *
 * A commit block of which only the first sector arrived is good: all that it says is there, and it
 * is written last. Damage is CORRUPT: what was promised to be on the medium is not.
 */
#include <string.h>

#include "walk.h"

struct scan {
    struct journal_walk *walk;
    bool doubtful; /* a block of this transaction has a wrong checksum */
    bool ended;    /* end_sequence is known; we only look whether anything follows */
    uint32_t end_sequence;
    uint64_t last_commit_seconds;
    uint32_t legacy_checksum;
};

static bool tail_valid(const struct ext_journal *journal, const uint8_t *block)
{
    if (journal->tail_bytes == 0) {
        return true;
    }
    size_t at = journal->block_bytes - journal->tail_bytes;
    return ext_journal_block_checksum(journal, block, at) == load_be32(block + at);
}

/* The legacy checksum covers a descriptor and what it describes. */
static enum status sum_tagged(struct scan *scan)
{
    struct journal_walk *walk = scan->walk;
    const struct ext_journal *journal = walk->log->journal;
    struct ext_journal_tags tags = ext_journal_tags_of(journal, walk->descriptor);
    struct ext_journal_tag tag;
    scan->legacy_checksum =
        ext_journal_legacy_update(scan->legacy_checksum, walk->descriptor, journal->block_bytes);
    while (ext_journal_tags_next(&tags, &tag)) {
        struct block_buffer buffer;
        enum status status = journal_walk_take(walk, &buffer);
        if (status != STATUS_OK) {
            return status;
        }
        scan->legacy_checksum =
            ext_journal_legacy_update(scan->legacy_checksum, buffer.bytes, journal->block_bytes);
    }
    return STATUS_OK;
}

static enum status scan_descriptor(struct scan *scan)
{
    const struct ext_journal *journal = scan->walk->log->journal;
    if (!tail_valid(journal, scan->walk->descriptor)) {
        scan->doubtful = true;
    }
    return ext_journal_has_legacy_checksum(journal) ? sum_tagged(scan)
                                                    : journal_walk_skip_tagged(scan->walk);
}

static bool legacy_commit_valid(const struct scan *scan, const uint8_t *block)
{
    uint8_t type = block[journal_commit_checksum_type];
    uint8_t size_bytes = block[journal_commit_checksum_bytes];
    uint32_t stored = load_be32(block + journal_commit_checksum);
    if (type == 0 && size_bytes == 0 && stored == 0) {
        return true; /* Written before the feature was turned on. */
    }
    return type == journal_checksum_crc32 && size_bytes == 4 && stored == scan->legacy_checksum;
}

static bool commit_valid(struct scan *scan, const uint8_t *block)
{
    const struct ext_journal *journal = scan->walk->log->journal;
    if (ext_journal_has_legacy_checksum(journal)) {
        return legacy_commit_valid(scan, block);
    }
    if (!ext_journal_has_checksums(journal)) {
        return true;
    }
    uint32_t stored = load_be32(block + journal_commit_checksum);
    if (ext_journal_block_checksum(journal, block, journal_commit_checksum) == stored) {
        return true;
    }
    uint8_t *first_sector = scan->walk->descriptor; /* Nobody needs the descriptor any more. */
    memset(first_sector, 0, journal->block_bytes);
    memcpy(first_sector, block, journal_commit_bytes);
    return ext_journal_block_checksum(journal, first_sector, journal_commit_checksum) == stored;
}

/* A commit block whose transaction is not as it was written. END: that is the end of the log. */
static enum status judge_bad_commit(struct scan *scan, uint64_t seconds)
{
    struct journal_walk *walk = scan->walk;
    if (seconds < scan->last_commit_seconds) {
        return STATUS_END;
    }
    if (scan->doubtful || !ext_journal_has(walk->log->journal, journal_incompat_async_commit)) {
        return ext_corrupt(walk->mount, "checksum of a journal transaction", walk->block);
    }
    scan->ended = true;
    scan->end_sequence = walk->sequence;
    walk->sequence++;
    return STATUS_OK;
}

static enum status scan_commit(struct scan *scan, const uint8_t *block)
{
    struct journal_walk *walk = scan->walk;
    if (scan->ended) {
        return ext_corrupt(walk->mount, "checksum of a journal transaction", walk->block);
    }
    uint64_t seconds = load_be64(block + journal_commit_seconds);
    if (scan->doubtful || !commit_valid(scan, block)) {
        return judge_bad_commit(scan, seconds);
    }
    scan->last_commit_seconds = seconds;
    scan->legacy_checksum = ext_journal_legacy_seed;
    walk->sequence++;
    walk->end_block = walk->block;
    walk->fast_done_count = load_be32(block + journal_commit_fast_done_count);
    return STATUS_OK;
}

static enum status scan_block(struct scan *scan, enum journal_block_type type, const uint8_t *block)
{
    if (type == JOURNAL_DESCRIPTOR) {
        return scan_descriptor(scan);
    }
    if (type == JOURNAL_COMMIT) {
        return scan_commit(scan, block);
    }
    if (!tail_valid(scan->walk->log->journal, block)) {
        scan->doubtful = true;
    }
    return STATUS_OK;
}

enum status journal_scan(struct journal_walk *walk, uint32_t *end_sequence_out)
{
    struct scan scan = {.walk = walk, .legacy_checksum = ext_journal_legacy_seed};
    enum status status = STATUS_OK;
    journal_walk_start(walk);
    while (status == STATUS_OK) {
        enum journal_block_type type;
        const uint8_t *block;
        status = journal_walk_next(walk, &type, &block);
        if (status == STATUS_OK) {
            status = scan_block(&scan, type, block);
        }
    }
    if (status != STATUS_END) {
        return status;
    }
    *end_sequence_out = scan.ended ? scan.end_sequence : walk->sequence;
    return STATUS_OK;
}
