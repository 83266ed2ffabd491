/* SPDX-License-Identifier: ISC */
/*
 * Changing the super block. Only the first copy is written; the others are for repair.
 */
#include <string.h>

#include "journal/journal.h"
#include "transaction.h"

static uint8_t *superblock_of(struct ext_mount *mount)
{
    uint64_t at = superblock_offset_bytes & (mount->geometry.block_bytes - 1);
    return (uint8_t *)mount->superblock_entry->buffer.bytes + at;
}

enum status ext_superblock_pin(struct ext_mount *mount)
{
    uint64_t block = superblock_offset_bytes >> mount->geometry.block_shift;
    enum status status = block_cache_get(&mount->cache, block, &mount->superblock_entry);
    if (status == STATUS_OK) {
        mount->superblock_entry->owner_mark = ext_mark_of(EXT_MARK_SUPERBLOCK, 0);
    }
    return status;
}

enum status ext_superblock_last_orphan(struct ext_mount *mount, uint32_t *number_out)
{
    uint64_t block = superblock_offset_bytes >> mount->geometry.block_shift;
    uint64_t within = superblock_offset_bytes & (mount->geometry.block_bytes - 1);
    struct block_cache_entry *entry;
    enum status status = block_cache_get(&mount->cache, block, &entry);
    if (status == STATUS_OK) {
        const uint8_t *bytes = entry->buffer.bytes;
        *number_out = load_le32(bytes + within + superblock_last_orphan);
        block_cache_put(&mount->cache, entry);
    }
    return status;
}

enum status ext_superblock_set_last_orphan(struct ext_mount *mount, uint32_t number)
{
    enum status status = ext_change_block(mount, mount->superblock_entry);
    if (status == STATUS_OK) {
        store_le32(superblock_of(mount) + superblock_last_orphan, number);
    }
    return status;
}

static void store_count(
    const struct ext_mount *mount, uint8_t *superblock, size_t low, size_t high, uint64_t count)
{
    store_le32(superblock + low, (uint32_t)count);
    if (ext_has(mount, EXT_INCOMPAT, incompat_64bit)) {
        store_le32(superblock + high, (uint32_t)(count >> 32));
    }
}

static void store_features(const struct ext_mount *mount, uint8_t *superblock)
{
    if (mount->geometry.revision == revision_original) {
        return;
    }
    store_le32(superblock + superblock_feature_compat, mount->features[EXT_COMPAT]);
    store_le32(superblock + superblock_feature_incompat, mount->features[EXT_INCOMPAT]);
    store_le32(superblock + superblock_feature_ro_compat, mount->features[EXT_RO_COMPAT]);
}

void ext_superblock_store(struct ext_mount *mount)
{
    uint8_t *superblock = superblock_of(mount);
    store_count(mount, superblock, superblock_free_block_count_low,
        superblock_free_block_count_high, mount->counts.free_block_count);
    store_le32(superblock + superblock_free_inode_count, mount->counts.free_inode_count);
    store_le32(superblock + superblock_write_time, (uint32_t)mount->now.seconds);
    store_features(mount, superblock);
    ext_superblock_checksum_store(mount, superblock);
}

/* The super block alone, at once, past everything that waits in the cache. */
static enum status write_now(struct ext_mount *mount)
{
    struct block_cache *cache = &mount->cache;
    const struct block_cache_entry *entry = mount->superblock_entry;
    struct block_transfer transfer = {
        .first_block = entry->block * cache->device_blocks,
        .block_count = cache->device_blocks,
        .buffer = entry->buffer,
    };
    enum status status = block_write(cache->device, &transfer, 1);
    return status == STATUS_OK ? block_flush(cache->device) : status;
}

/* Nothing else changes with it: so a super block of which one sector was written can be told. */
static void store_state(struct ext_mount *mount, bool in_use)
{
    uint8_t *superblock = superblock_of(mount);
    uint16_t state = load_le16(superblock + superblock_state);
    if (ext_has(mount, EXT_COMPAT, compat_has_journal)) {
        mount->features[EXT_INCOMPAT] &= ~incompat_needs_recovery;
        mount->features[EXT_INCOMPAT] |= in_use ? incompat_needs_recovery : 0;
    } else {
        state = (uint16_t)(in_use ? state & ~state_clean : state | state_clean);
    }
    store_le16(superblock + superblock_state, state);
    store_features(mount, superblock);
    ext_superblock_checksum_store(mount, superblock);
}

/* Where the fields of an error are. */
struct error_place {
    size_t time;
    size_t end; /* of all but the two below */
    size_t block;
    size_t function;
    size_t time_high;
    size_t code;
};

/* As e2fsprogs shows it: what lies stands where Linux names the function that found it. */
static void store_error(
    const struct ext_mount *mount, uint8_t *superblock, const struct error_place *place)
{
    const struct ext_corruption *corruption = &mount->corruption;
    size_t what_bytes = strlen(corruption->what);
    memset(superblock + place->time, 0, place->end - place->time);
    store_le32(superblock + place->time, (uint32_t)mount->now.seconds);
    superblock[place->time_high] = (uint8_t)(mount->now.seconds >> 32);
    store_le64(superblock + place->block, corruption->block);
    memcpy(superblock + place->function, corruption->what,
        what_bytes < error_function_bytes ? what_bytes : error_function_bytes);
    superblock[place->code] = error_code_corrupt;
}

/* [ext4 Super Block]: the first error that is known, the last one, and how many there were. */
static void store_errors(const struct ext_mount *mount, uint8_t *superblock)
{
    static const struct error_place first = {
        .time = superblock_first_error_time,
        .end = superblock_last_error_time,
        .block = superblock_first_error_block,
        .function = superblock_first_error_function,
        .time_high = superblock_first_error_time_high,
        .code = superblock_first_error_code,
    };
    static const struct error_place last = {
        .time = superblock_last_error_time,
        .end = superblock_errors_end,
        .block = superblock_last_error_block,
        .function = superblock_last_error_function,
        .time_high = superblock_last_error_time_high,
        .code = superblock_last_error_code,
    };
    uint32_t count = load_le32(superblock + superblock_error_count);
    if (count == 0) {
        store_error(mount, superblock, &first);
    }
    store_error(mount, superblock, &last);
    store_le32(superblock + superblock_error_count, count == UINT32_MAX ? count : count + 1);
}

enum status ext_mark_corrupt(struct ext_mount *mount)
{
    struct block_cache *cache = &mount->cache;
    const struct block_cache_entry *entry = mount->superblock_entry;
    struct block_transfer transfer = {
        .first_block = entry->block * cache->device_blocks,
        .block_count = cache->device_blocks,
        .buffer = entry->buffer,
    };
    enum status status = block_read(cache->device, &transfer, 1);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *superblock = superblock_of(mount);
    uint16_t state = load_le16(superblock + superblock_state);
    store_le16(superblock + superblock_state, state | state_errors);
    if (mount->geometry.revision != revision_original) {
        store_errors(mount, superblock);
    }
    ext_superblock_checksum_store(mount, superblock);
    return write_now(mount);
}

enum status ext_mark_in_use(struct ext_mount *mount)
{
    if (mount->transaction.in_use_marked) {
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (mount->journal.device != nullptr) {
        status = ext_journal_superblock_upgrade(mount);
    }
    if (status != STATUS_OK) {
        return status;
    }
    store_state(mount, true);
    status = write_now(mount);
    mount->transaction.in_use_marked = status == STATUS_OK;
    return status;
}

enum status ext_mark_unused(struct ext_mount *mount)
{
    store_state(mount, false);
    enum status status = write_now(mount);
    mount->transaction.in_use_marked = status != STATUS_OK;
    return status;
}
