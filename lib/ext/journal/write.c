/* SPDX-License-Identifier: ISC */
/*
 * Writing the journal. A transaction is laid down as blocks of revocations, then descriptors each
 * followed by the blocks that it names, then, behind a barrier, one commit block: only that makes
 * it count. The log is a ring; it is never so full that the next transaction would not fit, and it
 * is emptied as a whole once all blocks are in their own places.
 */
#include <string.h>

#include "../transaction.h"
#include "fast_commit.h"
#include "journal.h"

/* The greatest transaction may take this part of the log. */
constexpr uint32_t transaction_part = 4;

/* A transaction on its way into the log. */
struct writing {
    struct ext_mount *mount;
    struct ext_journal *journal;
    uint32_t block; /* the next one of the log */
    uint32_t written_count;
    uint32_t legacy_checksum;
    uint32_t transfer_count;
};

static uint32_t log_block_count(const struct ext_journal *journal)
{
    return journal->end_block - journal->first_block;
}

/* Tags in one descriptor: the first is followed by a UUID. */
static uint32_t tags_per_descriptor(const struct ext_journal *journal)
{
    return (journal->block_bytes - journal_header_bytes - journal->tail_bytes -
               journal_tag_uuid_bytes) /
           journal->tag_bytes;
}

static uint32_t revocations_per_block(const struct ext_journal *journal)
{
    return (journal->block_bytes - journal_revoke_header_bytes - journal->tail_bytes) /
           journal->revocation_bytes;
}

static uint32_t divide_up(uint64_t count, uint32_t per_block)
{
    return (uint32_t)((count + per_block - 1) / per_block);
}

uint32_t ext_journal_blocks_needed(
    const struct ext_mount *mount, uint64_t block_count, uint64_t revocation_count)
{
    const struct ext_journal *journal = &mount->journal;
    return (uint32_t)block_count + divide_up(block_count, tags_per_descriptor(journal)) +
           divide_up(revocation_count, revocations_per_block(journal)) + 1;
}

uint32_t ext_journal_transaction_max(const struct ext_mount *mount)
{
    const struct ext_journal *journal = &mount->journal;
    return journal->device == nullptr ? UINT32_MAX : log_block_count(journal) / transaction_part;
}

/* Version 1 of the super block cannot say that there are revocations. */
bool ext_journal_is_writable(const struct ext_mount *mount)
{
    const struct ext_journal *journal = &mount->journal;
    if (journal->device == nullptr) {
        return true;
    }
    return journal->version > 1 && !journal->device->read_only &&
           ext_journal_blocks_needed(mount, ext_change_block_max + 1, ext_change_pending_max) <=
               ext_journal_transaction_max(mount);
}

/* ---- Blocks to the log ----------------------------------------------------------------------- */

static enum status submit(struct writing *writing)
{
    struct ext_journal *journal = writing->journal;
    if (writing->transfer_count == 0) {
        return STATUS_OK;
    }
    uint32_t count = writing->transfer_count;
    writing->transfer_count = 0;
    return block_write(journal->device, journal->transfers, count);
}

/* The next block of the log; the bytes are only borrowed until `submit`. */
static enum status append(struct writing *writing, struct block_buffer buffer)
{
    struct ext_journal *journal = writing->journal;
    if (ext_journal_has_legacy_checksum(journal)) {
        writing->legacy_checksum =
            ext_journal_legacy_update(writing->legacy_checksum, buffer.bytes, journal->block_bytes);
    }
    journal->transfers[writing->transfer_count++] =
        ext_journal_place(journal, writing->block, 1, buffer);
    writing->block = ext_journal_advance(journal, writing->block, 1);
    writing->written_count++;
    return writing->transfer_count == ext_journal_transfer_count ? submit(writing) : STATUS_OK;
}

/* A block of the journal's own in the scratch, zero but for its header. */
static uint8_t *begin_block(const struct writing *writing, enum journal_block_type type)
{
    const struct ext_journal *journal = writing->journal;
    uint8_t *bytes = journal->scratch.bytes;
    memset(bytes, 0, journal->block_bytes);
    store_be32(bytes + journal_header_magic, journal_magic);
    store_be32(bytes + journal_header_type, type);
    store_be32(bytes + journal_header_sequence, journal->sequence);
    return bytes;
}

/* Writes the scratch; it can be used again afterwards. */
static enum status end_block(struct writing *writing)
{
    struct ext_journal *journal = writing->journal;
    if (journal->tail_bytes > 0) {
        uint8_t *bytes = journal->scratch.bytes;
        size_t at = journal->block_bytes - journal->tail_bytes;
        store_be32(bytes + at, ext_journal_block_checksum(journal, bytes, at));
    }
    enum status status = append(writing, journal->scratch);
    return status == STATUS_OK ? submit(writing) : status;
}

/* ---- Revocations, [jbd2 Revocation Block] -----------------------------------------------------
 */

struct revoking {
    struct writing *writing;
    uint8_t *bytes;
    uint32_t used_bytes;
};

static enum status end_revocations(struct revoking *revoking)
{
    if (revoking->bytes == nullptr) {
        return STATUS_OK;
    }
    store_be32(revoking->bytes + journal_revoke_used_bytes, revoking->used_bytes);
    revoking->bytes = nullptr;
    return end_block(revoking->writing);
}

static enum status revoke(struct revoking *revoking, uint64_t volume_block)
{
    const struct ext_journal *journal = revoking->writing->journal;
    uint32_t room_end = journal->block_bytes - journal->tail_bytes;
    enum status status = STATUS_OK;
    if (revoking->bytes != nullptr && revoking->used_bytes + journal->revocation_bytes > room_end) {
        status = end_revocations(revoking);
    }
    if (revoking->bytes == nullptr) {
        revoking->bytes = begin_block(revoking->writing, JOURNAL_REVOKE);
        revoking->used_bytes = journal_revoke_header_bytes;
    }
    uint8_t *at = revoking->bytes + revoking->used_bytes;
    if (journal->revocation_bytes == 8) {
        store_be64(at, volume_block);
    } else {
        store_be32(at, (uint32_t)volume_block);
    }
    revoking->used_bytes += journal->revocation_bytes;
    return status;
}

static enum status write_revocations(struct writing *writing)
{
    const struct ext_transaction *transaction = &writing->mount->transaction;
    struct revoking revoking = {.writing = writing};
    for (uint32_t index = 0; index < transaction->pending_count; index++) {
        const struct ext_pending *pending = &transaction->pending[index];
        if (pending->kind != EXT_PENDING_METADATA_BLOCKS) {
            continue;
        }
        for (uint32_t skipped = 0; skipped < pending->count; skipped++) {
            enum status status = revoke(&revoking, pending->first + skipped);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return end_revocations(&revoking);
}

/* ---- Blocks of the transaction, [jbd2 Descriptor Block] ---------------------------------------
 */

/* Bytes that would look like a block of the journal's own are written without their beginning. */
static bool must_escape(const struct block_cache_entry *entry)
{
    return load_be32(entry->buffer.bytes) == journal_magic;
}

static void store_tag(const struct ext_journal *journal, uint8_t *tag,
    const struct block_cache_entry *entry, uint16_t flags)
{
    store_be32(tag + journal_tag_block_low, (uint32_t)entry->block);
    tag[journal_tag_flags] = (uint8_t)(flags >> 8);
    tag[journal_tag_flags + 1] = (uint8_t)flags;
    if (ext_journal_has(journal, journal_incompat_64bit)) {
        store_be32(tag + journal_tag_block_high, (uint32_t)(entry->block >> 32));
    }
}

/* Of the block as it will stand in the log. */
static void store_tag_checksum(
    const struct ext_journal *journal, uint8_t *tag, const uint8_t *logged)
{
    if (!ext_journal_has_checksums(journal)) {
        return;
    }
    uint32_t checksum = ext_journal_tag_checksum(journal, journal->sequence, logged);
    if (ext_journal_has(journal, journal_incompat_checksum_v3)) {
        store_be32(tag + journal_tag_checksum_v3, checksum);
    } else {
        tag[journal_tag_checksum_v2] = (uint8_t)(checksum >> 8);
        tag[journal_tag_checksum_v2 + 1] = (uint8_t)checksum;
    }
}

/* The block as it goes into the log: itself, or a copy without its first bytes. */
static struct block_buffer logged_bytes(
    const struct ext_journal *journal, const struct block_cache_entry *entry)
{
    if (!must_escape(entry)) {
        return entry->buffer;
    }
    memcpy(journal->escape.bytes, entry->buffer.bytes, journal->block_bytes);
    store_be32(journal->escape.bytes, 0);
    return journal->escape;
}

/* The descriptor of `count` held entries from `first` on. */
static enum status write_descriptor(struct writing *writing, uint32_t first, uint32_t count)
{
    const struct ext_journal *journal = writing->journal;
    const struct block_cache *cache = &writing->mount->cache;
    uint8_t *tag = begin_block(writing, JOURNAL_DESCRIPTOR) + journal_header_bytes;
    for (uint32_t index = 0; index < count; index++) {
        const struct block_cache_entry *entry = &cache->entries[first];
        uint16_t flags = index == 0 ? 0 : journal_tag_same_uuid;
        flags |= index + 1 == count ? journal_tag_last : 0;
        flags |= must_escape(entry) ? journal_tag_escaped : 0;
        store_tag(journal, tag, entry, flags);
        store_tag_checksum(journal, tag, logged_bytes(journal, entry).bytes);
        tag += journal->tag_bytes;
        if (index == 0) {
            memcpy(tag, journal->uuid, journal_tag_uuid_bytes);
            tag += journal_tag_uuid_bytes;
        }
        first = entry->links[BLOCK_CACHE_LINK_HELD].next;
    }
    return end_block(writing);
}

/* A descriptor and its blocks; `*next` moves behind them. */
static enum status write_part(struct writing *writing, uint32_t *next, uint32_t count)
{
    const struct block_cache *cache = &writing->mount->cache;
    enum status status = write_descriptor(writing, *next, count);
    for (uint32_t index = 0; index < count && status == STATUS_OK; index++) {
        const struct block_cache_entry *entry = &cache->entries[*next];
        status = append(writing, logged_bytes(writing->journal, entry));
        if (status == STATUS_OK && must_escape(entry)) {
            status = submit(writing); /* the copy is needed for the next such block */
        }
        *next = entry->links[BLOCK_CACHE_LINK_HELD].next;
    }
    return status == STATUS_OK ? submit(writing) : status;
}

static enum status write_blocks(struct writing *writing)
{
    const struct block_cache *cache = &writing->mount->cache;
    uint32_t next = cache->held.first;
    uint32_t left = cache->held.count;
    uint32_t per_descriptor = tags_per_descriptor(writing->journal);
    enum status status = STATUS_OK;
    while (left > 0 && status == STATUS_OK) {
        uint32_t count = left < per_descriptor ? left : per_descriptor;
        status = write_part(writing, &next, count);
        left -= count;
    }
    return status;
}

/* ---- The commit ------------------------------------------------------------------------------ */

/* What was written so far is on both devices before anything that is written later. */
static enum status barrier(const struct ext_mount *mount)
{
    enum status status = block_flush(mount->journal.device);
    if (status == STATUS_OK && mount->journal.device != mount->cache.device) {
        status = block_flush(mount->cache.device);
    }
    return status;
}

/* [jbd2 Commit Block] */
static enum status write_commit_block(struct writing *writing)
{
    const struct ext_journal *journal = writing->journal;
    uint8_t *bytes = begin_block(writing, JOURNAL_COMMIT);
    store_be64(bytes + journal_commit_seconds, (uint64_t)writing->mount->now.seconds);
    store_be32(bytes + journal_commit_nanoseconds, writing->mount->now.nanoseconds);
    if (journal->fast != nullptr) {
        store_be32(bytes + journal_commit_fast_done_count, journal->fast->done_count);
    }
    if (ext_journal_has_legacy_checksum(journal)) {
        bytes[journal_commit_checksum_type] = journal_checksum_crc32;
        bytes[journal_commit_checksum_bytes] = 4;
        store_be32(bytes + journal_commit_checksum, writing->legacy_checksum);
    }
    if (ext_journal_has_checksums(journal)) {
        store_be32(bytes + journal_commit_checksum,
            ext_journal_block_checksum(journal, bytes, journal_commit_checksum));
    }
    enum status status = append(writing, journal->scratch);
    return status == STATUS_OK ? submit(writing) : status;
}

/* The held blocks are safe in the log: each goes to its own place when that suits. */
static void release_all(struct block_cache *cache)
{
    while (cache->held.first != block_cache_no_entry) {
        struct block_cache_entry *entry = &cache->entries[cache->held.first];
        entry->owner_fresh = false;
        block_cache_mark_dirty(cache, entry, BLOCK_CACHE_METADATA);
        block_cache_release(cache, entry);
    }
}

/* What was written counts, for certain. */
static enum status end_transaction(struct writing *writing)
{
    enum status status = barrier(writing->mount);
    if (status == STATUS_OK) {
        status = write_commit_block(writing);
    }
    return status == STATUS_OK ? block_flush(writing->journal->device) : status;
}

static enum status write_all(struct writing *writing)
{
    struct ext_journal *journal = writing->journal;
    enum status status = write_revocations(writing);
    writing->legacy_checksum = ext_journal_legacy_seed; /* it does not cover revocations */
    if (status == STATUS_OK) {
        status = write_blocks(writing);
    }
    if (status == STATUS_OK && journal->start_block == 0) {
        status = ext_journal_superblock_write(journal, journal->head_block, journal->sequence);
    }
    return status == STATUS_OK ? end_transaction(writing) : status;
}

/*
 * While fast commits are replayed, a transaction takes the place of the one before it, whose blocks
 * are in their places: it has the same number, so that the fast commits still follow it. It counts
 * from the moment that the super block names it.
 */
static enum status write_stage(struct writing *writing)
{
    struct ext_journal *journal = writing->journal;
    uint32_t start = writing->block;
    writing->legacy_checksum = ext_journal_legacy_seed;
    enum status status = write_blocks(writing);
    if (status == STATUS_OK) {
        status = end_transaction(writing);
    }
    if (status == STATUS_OK) {
        status = ext_journal_superblock_write(journal, start, journal->sequence);
    }
    return status == STATUS_OK ? block_flush(journal->device) : status;
}

enum status ext_journal_commit_stage(struct ext_mount *mount)
{
    struct ext_journal *journal = &mount->journal;
    struct writing writing = {.mount = mount, .journal = journal, .block = journal->head_block};
    enum status status = write_stage(&writing);
    if (status != STATUS_OK) {
        return status;
    }
    journal->head_block = writing.block;
    release_all(&mount->cache);
    status = block_cache_write_back(&mount->cache, BLOCK_CACHE_METADATA);
    return status == STATUS_OK ? block_flush(mount->cache.device) : status;
}

enum status ext_journal_commit(struct ext_mount *mount)
{
    struct ext_journal *journal = &mount->journal;
    struct writing writing = {
        .mount = mount,
        .journal = journal,
        .block = journal->head_block,
    };
    if (journal->fast != nullptr) {
        return ext_journal_commit_stage(mount);
    }
    uint32_t needed = ext_journal_blocks_needed(
        mount, mount->cache.held.count, mount->counts.pending_metadata_count);
    if (needed > log_block_count(journal) - journal->used_count) {
        return STATUS_INTERNAL; /* has_room and the checkpoint below rule it out */
    }
    enum status status = write_all(&writing);
    if (status != STATUS_OK) {
        return status;
    }
    journal->head_block = writing.block;
    journal->used_count += writing.written_count;
    journal->sequence++;
    release_all(&mount->cache);
    uint32_t left = log_block_count(journal) - journal->used_count;
    return left < 2 * ext_journal_transaction_max(mount) ? ext_checkpoint(mount) : STATUS_OK;
}

enum status ext_journal_empty(struct ext_mount *mount)
{
    struct ext_journal *journal = &mount->journal;
    if (journal->start_block == 0) {
        return STATUS_OK;
    }
    enum status status = ext_journal_superblock_write(journal, 0, journal->sequence);
    if (status == STATUS_OK) {
        status = block_flush(journal->device);
    }
    journal->used_count = 0;
    return status;
}
