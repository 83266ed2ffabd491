/* SPDX-License-Identifier: ISC */
/*
 * Commits: from the cache to the medium.
 *
 * With a journal a transaction reaches the log whole and its blocks follow later. Without one the
 * order of writes keeps the volume repairable: what is pointed to before what points to it, and
 * names last.
 */
#include <lib/ext/ext_write.h>

#include "transaction.h"

static enum status release_pending(struct ext_mount *mount)
{
    struct ext_transaction *transaction = &mount->transaction;
    for (uint32_t index = 0; index < transaction->pending_count; index++) {
        const struct ext_pending *pending = &transaction->pending[index];
        bool inodes =
            pending->kind == EXT_PENDING_INODES || pending->kind == EXT_PENDING_DIRECTORY_INODES;
        enum status status =
            inodes ? ext_release_inodes(mount, pending) : ext_release_blocks(mount, pending);
        if (status != STATUS_OK) {
            return status;
        }
    }
    mount->counts.pending_block_count = 0;
    mount->counts.pending_inode_count = 0;
    return STATUS_OK;
}

/* Takes blocks of a freed range out of the transaction. */
static void release_range(struct ext_mount *mount, const struct ext_pending *pending)
{
    struct block_cache *cache = &mount->cache;
    if (pending->count <= cache->held.count) {
        for (uint32_t index = 0; index < pending->count; index++) {
            struct block_cache_entry *entry = block_cache_peek(cache, pending->first + index);
            if (entry != nullptr && entry->held) {
                block_cache_release(cache, entry);
            }
        }
        return;
    }
    uint32_t next = cache->held.first;
    while (next != block_cache_no_entry) {
        struct block_cache_entry *entry = &cache->entries[next];
        next = entry->links[BLOCK_CACHE_LINK_HELD].next;
        if (entry->block >= pending->first && entry->block - pending->first < pending->count) {
            block_cache_release(cache, entry);
        }
    }
}

/* What freed blocks held is of no use any more, in this transaction or to be written. */
static enum status forget_freed(struct ext_mount *mount)
{
    const struct ext_transaction *transaction = &mount->transaction;
    for (uint32_t index = 0; index < transaction->pending_count; index++) {
        const struct ext_pending *pending = &transaction->pending[index];
        if (pending->kind == EXT_PENDING_INODES || pending->kind == EXT_PENDING_DIRECTORY_INODES) {
            continue;
        }
        release_range(mount, pending);
        enum status status = block_cache_discard(&mount->cache, pending->first, pending->count);
        if (status != STATUS_OK) {
            return status; /* A caller kept a pin: rule 4. */
        }
    }
    return STATUS_OK;
}

static void seal_all(struct ext_mount *mount)
{
    struct block_cache *cache = &mount->cache;
    uint32_t next = cache->held.first;
    while (next != block_cache_no_entry) {
        ext_seal(mount, &cache->entries[next]);
        next = cache->entries[next].links[BLOCK_CACHE_LINK_HELD].next;
    }
}

/* ---- Without a journal ----------------------------------------------------------------------- */

/* The order in which the blocks of a transaction are written. */
enum write_phase : uint32_t {
    PHASE_FRESH, /* nothing points to them yet, as to the data that were written before */
    PHASE_STRUCTURE,
    PHASE_NAMES,
    PHASE_COUNT,
};

static enum write_phase phase_of(const struct block_cache_entry *entry)
{
    enum ext_mark_kind kind = ext_mark_kind_of(entry->owner_mark);
    if (entry->owner_fresh) {
        return PHASE_FRESH;
    }
    bool names = kind == EXT_MARK_DIRECTORY_FIRST || kind == EXT_MARK_DIRECTORY_LATER ||
                 kind == EXT_MARK_DIRECTORY_INDEX;
    return names ? PHASE_NAMES : PHASE_STRUCTURE;
}

static enum status write_phase(struct ext_mount *mount, enum write_phase phase)
{
    struct block_cache *cache = &mount->cache;
    uint32_t next = cache->held.first;
    bool any = false;
    while (next != block_cache_no_entry) {
        struct block_cache_entry *entry = &cache->entries[next];
        next = entry->links[BLOCK_CACHE_LINK_HELD].next;
        if (phase_of(entry) == phase) {
            any = true;
            block_cache_mark_dirty(cache, entry, BLOCK_CACHE_METADATA);
            entry->owner_fresh = false;
            block_cache_release(cache, entry);
        }
    }
    if (!any && phase != PHASE_FRESH) {
        return STATUS_OK;
    }
    enum status status = block_cache_write_back(cache, BLOCK_CACHE_METADATA);
    return status == STATUS_OK ? block_flush(cache->device) : status;
}

static enum status write_in_order(struct ext_mount *mount)
{
    enum status status = STATUS_OK;
    for (uint32_t phase = 0; phase < PHASE_COUNT && status == STATUS_OK; phase++) {
        status = write_phase(mount, (enum write_phase)phase);
    }
    return status;
}

/* ---- Both ------------------------------------------------------------------------------------ */

static enum status write_transaction(struct ext_mount *mount)
{
    enum status status = block_cache_write_back(&mount->cache, BLOCK_CACHE_DATA);
    if (status != STATUS_OK) {
        return status;
    }
    return mount->journal.device == nullptr ? write_in_order(mount) : ext_journal_commit(mount);
}

static enum status commit(struct ext_mount *mount)
{
    enum status status = release_pending(mount);
    if (status == STATUS_OK) {
        status = forget_freed(mount);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!mount->superblock_entry->held) {
        block_cache_hold(&mount->cache, mount->superblock_entry);
    }
    ext_superblock_store(mount);
    seal_all(mount);
    return write_transaction(mount);
}

enum status ext_commit(struct ext_mount *mount)
{
    struct ext_transaction *transaction = &mount->transaction;
    if (transaction->failure != STATUS_OK) {
        return transaction->failure;
    }
    if (!mount->writable) {
        return STATUS_OK;
    }
    enum status status;
    if (mount->cache.held.count > 0 || transaction->pending_count > 0) {
        status = commit(mount);
    } else {
        status = block_cache_write_back(&mount->cache, BLOCK_CACHE_DATA);
    }
    transaction->pending_count = 0;
    mount->counts.pending_metadata_count = 0;
    ext_stop(mount, status);
    return status;
}

void ext_stop(struct ext_mount *mount, enum status status)
{
    if (mount->transaction.failure == STATUS_OK && status != STATUS_OK) {
        mount->transaction.failure = status;
        block_cache_freeze(&mount->cache);
    }
}

enum status ext_sync(struct ext_mount *mount)
{
    enum status status = ext_commit(mount);
    if (status == STATUS_OK) {
        status = block_flush(mount->cache.device);
    }
    ext_stop(mount, status);
    return status;
}

/* Linux journals no counts of the super block: after a replay they are out of date. */
static enum status put_counts_right(struct ext_mount *mount)
{
    if (!mount->counts.misstated || mount->superblock_entry->held) {
        return STATUS_OK;
    }
    enum status status = ext_mark_in_use(mount);
    if (status == STATUS_OK) {
        block_cache_hold(&mount->cache, mount->superblock_entry);
    }
    return status;
}

enum status ext_unmount(struct ext_mount *mount)
{
    if (!mount->writable) {
        return STATUS_OK;
    }
    enum status status = put_counts_right(mount);
    if (status == STATUS_OK) {
        status = ext_sync(mount);
    }
    if (status == STATUS_OK && mount->transaction.in_use_marked) {
        status = ext_checkpoint(mount);
        if (status == STATUS_OK) {
            status = ext_orphans_unmount(mount);
        }
        if (status == STATUS_OK) {
            status = ext_mark_unused(mount);
        }
    }
    enum status given = ext_mmp_give(mount);
    mount->writable = false;
    return status == STATUS_OK ? given : status;
}

enum status ext_checkpoint(struct ext_mount *mount)
{
    enum status status = block_cache_write_back(&mount->cache, BLOCK_CACHE_METADATA);
    if (status == STATUS_OK) {
        status = block_flush(mount->cache.device);
    }
    if (status == STATUS_OK && mount->journal.device != nullptr) {
        status = ext_journal_empty(mount);
    }
    return status;
}

void ext_set_time(struct ext_mount *mount, struct ext_time now)
{
    mount->now = now;
}
