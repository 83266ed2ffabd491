/* SPDX-License-Identifier: ISC */
/*
 * Multiple mount protection, [ext4 Multiple Mount Protection]: a block says who has the volume
 * mounted, and changes as long as he has. It is written past the cache and the journal.
 *
 * A volume that says it is in use is refused: whether its user is alive shows only over a time that
 * a mount does not have.
 */
#include <lib/ext/ext_write.h>

#include "transaction.h"

#include <string.h>

static const char *block_fault(const struct ext_mount *mount, const uint8_t *bytes)
{
    if (load_le32(bytes + mmp_magic_at) != mmp_magic) {
        return "multiple mount protection magic";
    }
    return ext_mmp_checksum_valid(mount, bytes) ? nullptr : "multiple mount protection checksum";
}

/* The block as the medium has it now, verified, pinned. */
static enum status pin_now(struct ext_mount *mount, struct block_cache_entry **entry_out)
{
    uint64_t block = mount->geometry.mmp_block;
    struct block_cache_entry *entry;
    enum status status = block_cache_discard(&mount->cache, block, 1);
    if (status == STATUS_OK) {
        status = block_cache_get(&mount->cache, block, &entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const char *fault = block_fault(mount, entry->buffer.bytes);
    if (fault != nullptr) {
        status = ext_corrupt(mount, fault, block);
        block_cache_put(&mount->cache, entry);
        return status;
    }
    *entry_out = entry;
    return STATUS_OK;
}

static enum status refuse(struct ext_mount *mount)
{
    mount->refusal = (struct ext_refusal){
        .what = "mmp",
        .reason = "the volume is in use, or was not unmounted",
        .feature_word = EXT_INCOMPAT,
        .feature_bit = log2_floor(incompat_mmp),
    };
    return STATUS_UNSUPPORTED;
}

enum status ext_mmp_check(struct ext_mount *mount)
{
    if (!ext_has(mount, EXT_INCOMPAT, incompat_mmp)) {
        return STATUS_OK;
    }
    struct block_cache_entry *entry;
    enum status status = pin_now(mount, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t sequence = load_le32((const uint8_t *)entry->buffer.bytes + mmp_sequence);
    block_cache_put(&mount->cache, entry);
    return sequence == mmp_sequence_clean ? STATUS_OK : refuse(mount);
}

/* Writes the pinned block with another sequence number, for certain. */
static enum status write_sequence(
    struct ext_mount *mount, const struct block_cache_entry *entry, uint32_t sequence)
{
    static const char name[] = "erix";
    uint8_t *bytes = entry->buffer.bytes;
    store_le32(bytes + mmp_sequence, sequence);
    store_le64(bytes + mmp_time, (uint64_t)mount->now.seconds);
    memset(bytes + mmp_node_name, 0, mmp_node_name_bytes);
    memcpy(bytes + mmp_node_name, name, sizeof name);
    ext_mmp_checksum_store(mount, bytes);
    struct block_cache *cache = &mount->cache;
    struct block_transfer transfer = {
        .first_block = entry->block * cache->device_blocks,
        .block_count = cache->device_blocks,
        .buffer = entry->buffer,
    };
    enum status status = block_write(cache->device, &transfer, 1);
    return status == STATUS_OK ? block_flush(cache->device) : status;
}

/* A number that another user of the volume hardly begins with, from 1 to the greatest. */
static uint32_t first_sequence(const struct ext_mount *mount)
{
    uint8_t time[12];
    store_le64(time, (uint64_t)mount->now.seconds);
    store_le32(time + 8, mount->now.nanoseconds);
    uint32_t seed = ext_checksum(UINT32_MAX, mount->uuid, sizeof mount->uuid);
    return ext_checksum(seed, time, sizeof time) % mmp_sequence_max + 1;
}

/* From one sequence number, which must be the medium's, to another. */
static enum status step(struct ext_mount *mount, uint32_t from, uint32_t to)
{
    struct block_cache_entry *entry;
    enum status status = pin_now(mount, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    if (load_le32((const uint8_t *)entry->buffer.bytes + mmp_sequence) != from) {
        status = refuse(mount);
    } else {
        status = write_sequence(mount, entry, to);
    }
    block_cache_put(&mount->cache, entry);
    mount->mmp_sequence = status == STATUS_OK ? to : mount->mmp_sequence;
    return status;
}

enum status ext_mmp_take(struct ext_mount *mount)
{
    if (!ext_has(mount, EXT_INCOMPAT, incompat_mmp)) {
        return STATUS_OK;
    }
    return step(mount, mmp_sequence_clean, first_sequence(mount));
}

enum status ext_mmp_tick(struct ext_mount *mount)
{
    if (mount->mmp_sequence == 0 || mount->transaction.failure != STATUS_OK) {
        return mount->transaction.failure;
    }
    uint32_t next = mount->mmp_sequence == mmp_sequence_max ? 1 : mount->mmp_sequence + 1;
    enum status status = step(mount, mount->mmp_sequence, next);
    if (status != STATUS_NO_MEMORY) { /* The next tick may have it. */
        ext_stop(mount, status);
    }
    return status;
}

enum status ext_mmp_give(struct ext_mount *mount)
{
    if (mount->mmp_sequence == 0 || mount->transaction.failure != STATUS_OK) {
        return mount->transaction.failure;
    }
    enum status status = step(mount, mount->mmp_sequence, mmp_sequence_clean);
    mount->mmp_sequence = 0;
    return status;
}
