/* SPDX-License-Identifier: ISC */
/*
 * The block cache: a chained hash table for finding, a list by age for replacing, lists of what is
 * dirty and of what is held. All are threaded through the entries as indices, and the head of chain
 * n lives in entry n, so the caller supplies one array and nothing else. Invariants 1-4 stand in
 * block.h.
 */
#include <lib/base/base.h>
#include <lib/block/block.h>

#include <string.h>

constexpr uint32_t write_back_batch = 16; /* transfers; they are on a small stack */

/* Chain of a block: multiplication by 2^64 / golden ratio spreads runs, the upper half is even. */
static uint32_t chain_of(const struct block_cache *cache, uint64_t block)
{
    uint64_t mixed = (block * 0x9e3779b97f4a7c15) >> 32;
    return (uint32_t)((mixed * cache->entry_count) >> 32);
}

static uint32_t index_of(const struct block_cache *cache, const struct block_cache_entry *entry)
{
    return (uint32_t)(entry - cache->entries);
}

struct block_cache_entry *block_cache_peek(const struct block_cache *cache, uint64_t block)
{
    uint32_t index = cache->entries[chain_of(cache, block)].table_first;
    while (index != block_cache_no_entry) {
        struct block_cache_entry *entry = &cache->entries[index];
        if (entry->block == block) {
            return entry;
        }
        index = entry->table_next;
    }
    return nullptr;
}

static void table_insert(struct block_cache *cache, struct block_cache_entry *entry)
{
    struct block_cache_entry *head = &cache->entries[chain_of(cache, entry->block)];
    entry->table_next = head->table_first;
    head->table_first = index_of(cache, entry);
    entry->valid = true;
}

static void list_remove(struct block_cache *cache, struct block_cache_list *list,
    enum block_cache_link_kind kind, struct block_cache_entry *entry)
{
    struct block_cache_link link = entry->links[kind];
    if (link.previous == block_cache_no_entry) {
        list->first = link.next;
    } else {
        cache->entries[link.previous].links[kind].next = link.next;
    }
    if (link.next == block_cache_no_entry) {
        list->last = link.previous;
    } else {
        cache->entries[link.next].links[kind].previous = link.previous;
    }
    list->count--;
}

static void list_append(struct block_cache *cache, struct block_cache_list *list,
    enum block_cache_link_kind kind, struct block_cache_entry *entry)
{
    uint32_t index = index_of(cache, entry);
    entry->links[kind] =
        (struct block_cache_link){.previous = list->last, .next = block_cache_no_entry};
    if (list->last == block_cache_no_entry) {
        list->first = index;
    } else {
        cache->entries[list->last].links[kind].next = index;
    }
    list->last = index;
    list->count++;
}

static void age_remove(struct block_cache *cache, struct block_cache_entry *entry)
{
    list_remove(cache, &cache->ages, BLOCK_CACHE_LINK_AGE, entry);
}

static void age_add_newest(struct block_cache *cache, struct block_cache_entry *entry)
{
    list_append(cache, &cache->ages, BLOCK_CACHE_LINK_AGE, entry);
}

static void age_add_oldest(struct block_cache *cache, struct block_cache_entry *entry)
{
    uint32_t index = index_of(cache, entry);
    entry->links[BLOCK_CACHE_LINK_AGE] =
        (struct block_cache_link){.previous = block_cache_no_entry, .next = cache->ages.first};
    if (cache->ages.first == block_cache_no_entry) {
        cache->ages.last = index;
    } else {
        cache->entries[cache->ages.first].links[BLOCK_CACHE_LINK_AGE].previous = index;
    }
    cache->ages.first = index;
    cache->ages.count++;
}

static void mark_clean(struct block_cache *cache, struct block_cache_entry *entry)
{
    if (entry->dirty) {
        entry->dirty = false;
        list_remove(cache, &cache->dirty[entry->dirty_class], BLOCK_CACHE_LINK_DIRTY, entry);
    }
}

static void table_remove(struct block_cache *cache, struct block_cache_entry *entry)
{
    uint32_t *link = &cache->entries[chain_of(cache, entry->block)].table_first;
    while (*link != index_of(cache, entry)) {
        link = &cache->entries[*link].table_next;
    }
    *link = entry->table_next;
    entry->valid = false;
    mark_clean(cache, entry);
}

enum status block_cache_init(struct block_cache *cache, struct block_device *device,
    uint32_t block_bytes, struct block_cache_memory memory)
{
    if (memory.entry_count == 0 || memory.entry_count == block_cache_no_entry ||
        memory.buffer.bytes == nullptr || block_bytes < device->block_bytes ||
        !is_power_of_two(block_bytes) || !is_power_of_two(device->block_bytes)) {
        return STATUS_INVALID_ARGUMENT;
    }
    const struct block_cache_list empty = {
        .first = block_cache_no_entry, .last = block_cache_no_entry};
    uint32_t device_blocks = block_bytes / device->block_bytes;
    *cache = (struct block_cache){
        .device = device,
        .entries = memory.entries,
        .entry_count = memory.entry_count,
        .block_bytes = block_bytes,
        .device_blocks = device_blocks,
        .block_count = device->block_count / device_blocks,
        .ages = empty,
        .dirty = {[BLOCK_CACHE_DATA] = empty, [BLOCK_CACHE_METADATA] = empty},
        .held = empty,
    };
    for (uint32_t index = 0; index < memory.entry_count; index++) {
        cache->entries[index] = (struct block_cache_entry){
            .buffer = block_buffer_skip(memory.buffer, (uint64_t)index * block_bytes),
            .table_first = block_cache_no_entry,
            .table_next = block_cache_no_entry,
        };
        age_add_newest(cache, &cache->entries[index]);
    }
    return STATUS_OK;
}

static struct block_transfer entry_transfer(
    const struct block_cache *cache, const struct block_cache_entry *entry)
{
    return (struct block_transfer){
        .first_block = entry->block * cache->device_blocks,
        .block_count = cache->device_blocks,
        .buffer = entry->buffer,
    };
}

static void note_written(struct block_cache *cache, struct block_cache_entry *entry)
{
    mark_clean(cache, entry);
    cache->counters.written_count++;
}

/* Makes room: the oldest entry that nobody holds, in no list and not valid, or nullptr. */
static enum status claim_oldest(struct block_cache *cache, struct block_cache_entry **entry_out)
{
    uint32_t oldest = cache->ages.first;
    while (cache->frozen && oldest != block_cache_no_entry && cache->entries[oldest].dirty) {
        oldest = cache->entries[oldest].links[BLOCK_CACHE_LINK_AGE].next;
    }
    if (oldest == block_cache_no_entry) {
        return STATUS_NO_MEMORY;
    }
    struct block_cache_entry *entry = &cache->entries[oldest];
    if (entry->dirty) {
        struct block_transfer transfer = entry_transfer(cache, entry);
        enum status status = block_write(cache->device, &transfer, 1);
        if (status != STATUS_OK) {
            return status;
        }
        note_written(cache, entry);
    }
    if (entry->valid) {
        table_remove(cache, entry);
        cache->counters.eviction_count++;
    }
    age_remove(cache, entry);
    *entry_out = entry;
    return STATUS_OK;
}

/* The entry of a block that is present, pinned once more; nullptr if it is absent. */
static struct block_cache_entry *take_present(struct block_cache *cache, uint64_t block)
{
    struct block_cache_entry *entry = block_cache_peek(cache, block);
    if (entry == nullptr) {
        cache->counters.miss_count++;
        return nullptr;
    }
    cache->counters.hit_count++;
    if (entry->pin_count == 0) {
        age_remove(cache, entry);
    }
    entry->pin_count++;
    return entry;
}

static void settle(struct block_cache *cache, struct block_cache_entry *entry)
{
    entry->owner_mark = 0;
    entry->owner_seed = 0;
    entry->pin_count = 1;
    table_insert(cache, entry);
}

/* An entry for a block that is absent, with what the device has of it if that is wanted. */
static enum status load(
    struct block_cache *cache, uint64_t block, bool wanted, struct block_cache_entry **entry_out)
{
    struct block_cache_entry *entry;
    enum status status = claim_oldest(cache, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    entry->block = block;
    if (wanted) {
        struct block_transfer transfer = entry_transfer(cache, entry);
        status = block_read(cache->device, &transfer, 1);
    }
    if (status != STATUS_OK) {
        age_add_oldest(cache, entry);
        return status;
    }
    settle(cache, entry);
    *entry_out = entry;
    return STATUS_OK;
}

enum status block_cache_get(
    struct block_cache *cache, uint64_t block, struct block_cache_entry **entry_out)
{
    if (block >= cache->block_count) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct block_cache_entry *entry = take_present(cache, block);
    if (entry == nullptr) {
        return load(cache, block, true, entry_out);
    }
    *entry_out = entry;
    return STATUS_OK;
}

/* The oldest entry if making room with it takes nothing away that is newer than the device. */
static struct block_cache_entry *claim_clean(struct block_cache *cache)
{
    uint32_t oldest = cache->ages.first;
    if (oldest == block_cache_no_entry || cache->entries[oldest].dirty) {
        return nullptr;
    }
    struct block_cache_entry *entry = nullptr;
    return claim_oldest(cache, &entry) == STATUS_OK ? entry : nullptr;
}

/* Entries that were claimed for blocks, in the list of neither age, and the vector that reads them.
 */
struct prefetch {
    struct block_cache_entry *entries[block_cache_ahead_max];
    struct block_transfer transfers[block_cache_ahead_max];
    uint32_t count;
};

static void claim_run(
    struct block_cache *cache, struct block_cache_run run, struct prefetch *prefetch)
{
    for (uint64_t block = run.first; block < run.first + run.count; block++) {
        if (block >= cache->block_count) {
            return;
        }
        if (block_cache_peek(cache, block) != nullptr) {
            continue;
        }
        struct block_cache_entry *entry = claim_clean(cache);
        if (entry == nullptr) {
            return;
        }
        entry->block = block;
        prefetch->entries[prefetch->count] = entry;
        prefetch->transfers[prefetch->count++] = entry_transfer(cache, entry);
    }
}

/* The entries are the newest ones if their blocks could be read, else the oldest, and empty. */
static void read_run(struct block_cache *cache, struct block_cache_run run)
{
    struct prefetch prefetch;
    prefetch.count = 0;
    claim_run(cache, run, &prefetch);
    bool well = prefetch.count > 0 &&
                block_read(cache->device, prefetch.transfers, prefetch.count) == STATUS_OK;
    for (uint32_t index = 0; index < prefetch.count; index++) {
        struct block_cache_entry *entry = prefetch.entries[index];
        if (well) {
            settle(cache, entry);
            block_cache_put(cache, entry);
        } else {
            age_add_oldest(cache, entry);
        }
    }
    cache->counters.ahead_count += well ? prefetch.count : 0;
}

/* The part of a run that has the block in it and is not too much for the cache. */
static struct block_cache_run bounded(
    const struct block_cache *cache, uint64_t block, struct block_cache_run run)
{
    uint64_t count_max = cache->entry_count / 4;
    count_max = count_max < block_cache_ahead_max ? count_max : block_cache_ahead_max;
    uint64_t first = block - run.first < count_max ? run.first : block;
    uint64_t count = run.first + run.count - first;
    return (struct block_cache_run){.first = first, .count = count < count_max ? count : count_max};
}

enum status block_cache_get_ahead(struct block_cache *cache, uint64_t block,
    struct block_cache_run ahead, struct block_cache_entry **entry_out)
{
    if (ahead.count > 1 && block_cache_peek(cache, block) == nullptr) {
        read_run(cache, bounded(cache, block, ahead));
    }
    return block_cache_get(cache, block, entry_out);
}

enum status block_cache_get_blank(
    struct block_cache *cache, uint64_t block, struct block_cache_entry **entry_out)
{
    if (block >= cache->block_count) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct block_cache_entry *entry = take_present(cache, block);
    enum status status = entry == nullptr ? load(cache, block, false, &entry) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    memset(entry->buffer.bytes, 0, cache->block_bytes);
    entry->owner_mark = 0;
    entry->owner_seed = 0;
    *entry_out = entry;
    return STATUS_OK;
}

void block_cache_pin(struct block_cache_entry *entry)
{
    entry->pin_count++;
}

void block_cache_put(struct block_cache *cache, struct block_cache_entry *entry)
{
    entry->pin_count--;
    if (entry->pin_count == 0) {
        age_add_newest(cache, entry);
    }
}

void block_cache_mark_dirty(
    struct block_cache *cache, struct block_cache_entry *entry, enum block_cache_class class)
{
    if (entry->dirty && entry->dirty_class == class) {
        return;
    }
    mark_clean(cache, entry);
    entry->dirty = true;
    entry->dirty_class = class;
    list_append(cache, &cache->dirty[class], BLOCK_CACHE_LINK_DIRTY, entry);
}

void block_cache_hold(struct block_cache *cache, struct block_cache_entry *entry)
{
    entry->held = true;
    entry->pin_count++;
    list_append(cache, &cache->held, BLOCK_CACHE_LINK_HELD, entry);
}

void block_cache_release(struct block_cache *cache, struct block_cache_entry *entry)
{
    entry->held = false;
    list_remove(cache, &cache->held, BLOCK_CACHE_LINK_HELD, entry);
    block_cache_put(cache, entry);
}

/* Merges two chains that ascend by block into one. */
static uint32_t merge_chains(struct block_cache_entry *entries, uint32_t left, uint32_t right)
{
    uint32_t merged = block_cache_no_entry;
    uint32_t *link = &merged;
    while (left != block_cache_no_entry && right != block_cache_no_entry) {
        uint32_t *lesser = entries[left].block < entries[right].block ? &left : &right;
        *link = *lesser;
        link = &entries[*lesser].sorted_next;
        *lesser = *link;
    }
    *link = left != block_cache_no_entry ? left : right;
    return merged;
}

/* Those of a class to write, chained through sorted_next, ascending: a bottom-up merge sort. */
static uint32_t sort_dirty(struct block_cache *cache, enum block_cache_class class)
{
    uint32_t runs[32]; /* runs[n] is empty or a chain of 2^n entries */
    for (uint32_t level = 0; level < 32; level++) {
        runs[level] = block_cache_no_entry;
    }
    uint32_t next = cache->dirty[class].first;
    while (next != block_cache_no_entry) {
        uint32_t run = next;
        struct block_cache_entry *entry = &cache->entries[next];
        next = entry->links[BLOCK_CACHE_LINK_DIRTY].next;
        if (entry->held) {
            continue;
        }
        entry->sorted_next = block_cache_no_entry;
        uint32_t level = 0;
        for (; level < 31 && runs[level] != block_cache_no_entry; level++) {
            run = merge_chains(cache->entries, runs[level], run);
            runs[level] = block_cache_no_entry;
        }
        runs[level] = run;
    }
    uint32_t sorted = block_cache_no_entry;
    for (uint32_t level = 0; level < 32; level++) {
        sorted = merge_chains(cache->entries, runs[level], sorted);
    }
    return sorted;
}

void block_cache_freeze(struct block_cache *cache)
{
    cache->frozen = true;
}

enum status block_cache_write_back(struct block_cache *cache, enum block_cache_class class)
{
    if (cache->frozen) {
        return STATUS_READ_ONLY;
    }
    uint32_t next = sort_dirty(cache, class);
    while (next != block_cache_no_entry) {
        struct block_transfer transfers[write_back_batch];
        uint32_t batch_first = next;
        uint32_t count = 0;
        while (count < write_back_batch && next != block_cache_no_entry) {
            transfers[count++] = entry_transfer(cache, &cache->entries[next]);
            next = cache->entries[next].sorted_next;
        }
        enum status status = block_write(cache->device, transfers, count);
        if (status != STATUS_OK) {
            return status;
        }
        for (uint32_t index = batch_first; index != next;
            index = cache->entries[index].sorted_next) {
            note_written(cache, &cache->entries[index]);
        }
    }
    return STATUS_OK;
}

/* The entry to look at for step `step` of a discard: by block if few, else by entry. */
static struct block_cache_entry *discard_candidate(
    struct block_cache *cache, uint64_t first_block, uint64_t block_count, uint64_t step)
{
    if (block_count <= cache->entry_count) {
        return block_cache_peek(cache, first_block + step);
    }
    struct block_cache_entry *entry = &cache->entries[step];
    bool inside = entry->block >= first_block && entry->block - first_block < block_count;
    return entry->valid && inside ? entry : nullptr;
}

enum status block_cache_discard(
    struct block_cache *cache, uint64_t first_block, uint64_t block_count)
{
    uint64_t steps = block_count <= cache->entry_count ? block_count : cache->entry_count;
    for (uint64_t step = 0; step < steps; step++) {
        const struct block_cache_entry *entry =
            discard_candidate(cache, first_block, block_count, step);
        if (entry != nullptr && entry->pin_count > 0) {
            return STATUS_BUSY;
        }
    }
    for (uint64_t step = 0; step < steps; step++) {
        struct block_cache_entry *entry = discard_candidate(cache, first_block, block_count, step);
        if (entry != nullptr) {
            table_remove(cache, entry);
            age_remove(cache, entry);
            age_add_oldest(cache, entry);
        }
    }
    return STATUS_OK;
}
