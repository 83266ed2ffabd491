/* SPDX-License-Identifier: ISC */
/*
 * Changes and their undoing; transaction.h has the rules.
 */
#include <string.h>

#include "transaction.h"

/* Blocks that a commit adds to those of the changes: the super block. */
constexpr uint32_t commit_block_count = 1;

static uint32_t entry_index(const struct ext_mount *mount, const struct block_cache_entry *entry)
{
    return (uint32_t)(entry - mount->cache.entries);
}

/* A transaction keeps its blocks in memory and must fit into the journal. */
static bool has_room(const struct ext_mount *mount, uint32_t block_count)
{
    const struct ext_transaction *transaction = &mount->transaction;
    if (ext_has(mount, EXT_RO_COMPAT, ro_compat_quota)) {
        block_count += ext_quota_step_blocks;
    }
    uint64_t held_count = mount->cache.held.count + block_count + commit_block_count;
    uint64_t revocation_count = mount->counts.pending_metadata_count + ext_change_pending_max;
    bool in_journal = mount->journal.device == nullptr ||
                      ext_journal_blocks_needed(mount, held_count, revocation_count) <=
                          ext_journal_transaction_max(mount);
    return in_journal && held_count <= mount->cache.entry_count / 2 &&
           transaction->pending_count + ext_change_pending_max <= transaction->pending_capacity;
}

static void begin(struct ext_mount *mount)
{
    struct ext_transaction *transaction = &mount->transaction;
    transaction->stamp++;
    transaction->open = true;
    transaction->undo_count = 0;
    transaction->pending_count_before = transaction->pending_count;
    transaction->counts_before = mount->counts;
}

/* Nobody pins what a change alone brought into memory, so it can be forgotten. */
static void take_back(struct ext_mount *mount, const struct ext_undo *undo, uint32_t index)
{
    struct block_cache_entry *entry = &mount->cache.entries[undo->entry_index];
    uint32_t block_bytes = mount->geometry.block_bytes;
    if (undo->saved) {
        memcpy(entry->buffer.bytes, mount->transaction.undo_memory + (size_t)index * block_bytes,
            block_bytes);
        entry->owner_mark = undo->mark;
        entry->owner_seed = undo->seed;
    }
    entry->owner_stamp = 0;
    entry->owner_fresh = entry->owner_fresh && !undo->fresh;
    if (undo->joined) {
        block_cache_release(&mount->cache, entry);
    }
    if (undo->fresh && entry->pin_count == 0) {
        (void)block_cache_discard(&mount->cache, entry->block, 1);
    }
}

static void roll_back(struct ext_mount *mount)
{
    struct ext_transaction *transaction = &mount->transaction;
    for (uint32_t index = transaction->undo_count; index > 0; index--) {
        take_back(mount, &transaction->undo[index - 1], index - 1);
    }
    transaction->pending_count = transaction->pending_count_before;
    mount->counts = transaction->counts_before;
}

static enum status run_once(struct ext_mount *mount, const struct ext_step *step)
{
    if (!has_room(mount, step->block_count)) {
        enum status status = ext_commit(mount);
        if (status != STATUS_OK) {
            return status;
        }
        if (!has_room(mount, step->block_count)) {
            return STATUS_NO_MEMORY;
        }
    }
    begin(mount);
    enum status status = step->run(mount, step->context);
    if (status != STATUS_OK) {
        roll_back(mount);
    }
    mount->transaction.open = false;
    mount->change_count++;
    return status;
}

/* Some of the cache is always clean, so that what cannot be written any more can still be read. */
static enum status keep_some_clean(struct ext_mount *mount)
{
    struct block_cache *cache = &mount->cache;
    uint32_t dirty_count =
        cache->dirty[BLOCK_CACHE_DATA].count + cache->dirty[BLOCK_CACHE_METADATA].count;
    if (dirty_count <= cache->entry_count / 4) {
        return STATUS_OK;
    }
    enum status status = block_cache_write_back(cache, BLOCK_CACHE_DATA);
    return status == STATUS_OK ? block_cache_write_back(cache, BLOCK_CACHE_METADATA) : status;
}

enum status ext_change(struct ext_mount *mount, struct ext_step step)
{
    if (mount->transaction.failure != STATUS_OK) {
        return mount->transaction.failure;
    }
    if (!mount->writable) {
        return STATUS_READ_ONLY;
    }
    enum status status = ext_mark_in_use(mount);
    if (status != STATUS_OK) {
        return status;
    }
    status = run_once(mount, &step);
    if (status == STATUS_NO_SPACE && mount->transaction.pending_count > 0) {
        status = ext_commit(mount);
        if (status == STATUS_OK) {
            status = run_once(mount, &step);
        }
    }
    if (status == STATUS_OK) {
        (void)keep_some_clean(mount); /* What could not be written stays dirty; a sync tells. */
    }
    return status;
}

/* The record of a block that the running change has not seen; nullptr if there are too many. */
static struct ext_undo *add_undo(struct ext_mount *mount, struct block_cache_entry *entry)
{
    struct ext_transaction *transaction = &mount->transaction;
    if (transaction->undo_count == ext_change_block_max) {
        return nullptr;
    }
    struct ext_undo *undo = &transaction->undo[transaction->undo_count++];
    *undo = (struct ext_undo){
        .entry_index = entry_index(mount, entry),
        .mark = entry->owner_mark,
        .seed = entry->owner_seed,
        .joined = !entry->held,
    };
    entry->owner_stamp = transaction->stamp;
    if (!entry->held) {
        block_cache_hold(&mount->cache, entry);
    }
    return undo;
}

static struct ext_undo *find_undo(struct ext_mount *mount, const struct block_cache_entry *entry)
{
    struct ext_transaction *transaction = &mount->transaction;
    uint32_t wanted = entry_index(mount, entry);
    for (uint32_t index = 0; index < transaction->undo_count; index++) {
        if (transaction->undo[index].entry_index == wanted) {
            return &transaction->undo[index];
        }
    }
    return nullptr;
}

static void save(
    struct ext_mount *mount, struct ext_undo *undo, const struct block_cache_entry *entry)
{
    struct ext_transaction *transaction = &mount->transaction;
    uint32_t block_bytes = mount->geometry.block_bytes;
    size_t index = (size_t)(undo - transaction->undo);
    memcpy(transaction->undo_memory + index * block_bytes, entry->buffer.bytes, block_bytes);
    undo->saved = true;
}

enum status ext_change_block(struct ext_mount *mount, struct block_cache_entry *entry)
{
    struct ext_undo *undo;
    if (entry->owner_stamp != mount->transaction.stamp) {
        undo = add_undo(mount, entry);
        if (undo == nullptr) {
            return STATUS_NO_MEMORY;
        }
        save(mount, undo, entry);
        return STATUS_OK;
    }
    undo = find_undo(mount, entry);
    if (undo != nullptr && !undo->saved && !undo->fresh) {
        save(mount, undo, entry);
    }
    return STATUS_OK;
}

enum status ext_change_hold(struct ext_mount *mount, struct block_cache_entry *entry)
{
    if (entry->held || entry->owner_stamp == mount->transaction.stamp) {
        return STATUS_OK;
    }
    return add_undo(mount, entry) == nullptr ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status ext_change_fresh(struct ext_mount *mount, uint64_t block, uint64_t mark, uint32_t seed,
    struct block_cache_entry **entry_out)
{
    struct block_cache_entry *entry;
    enum status status = block_cache_get_blank(&mount->cache, block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    if (entry->owner_stamp != mount->transaction.stamp || !entry->held) {
        struct ext_undo *undo = add_undo(mount, entry);
        if (undo == nullptr) {
            block_cache_put(&mount->cache, entry);
            return STATUS_NO_MEMORY;
        }
        undo->fresh = true;
        entry->owner_fresh = true;
    }
    entry->owner_mark = mark;
    entry->owner_seed = seed;
    *entry_out = entry;
    return STATUS_OK;
}

/* Whether `pending` goes on where `last` ends. */
static bool follows(const struct ext_pending *last, const struct ext_pending *pending)
{
    return last->kind == pending->kind && last->first + last->count == pending->first &&
           last->count <= UINT32_MAX - pending->count;
}

enum status ext_pending_add(struct ext_mount *mount, struct ext_pending pending)
{
    struct ext_transaction *transaction = &mount->transaction;
    /* An element from before the change must stay as it is, or it could not be taken back. */
    if (transaction->pending_count > transaction->pending_count_before) {
        struct ext_pending *last = &transaction->pending[transaction->pending_count - 1];
        if (follows(last, &pending)) {
            last->count += pending.count;
            return STATUS_OK;
        }
    }
    if (transaction->pending_count == transaction->pending_capacity) {
        return STATUS_NO_MEMORY;
    }
    transaction->pending[transaction->pending_count++] = pending;
    return STATUS_OK;
}
