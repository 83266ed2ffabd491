/* SPDX-License-Identifier: ISC */
/*
 * Writing encrypted files. A block is put together in the mount's own memory, encrypted there, and
 * only then copied into the cache, whose memory devices read: what is not encrypted is never there.
 */
#include "protected_write.h"

#include <string.h>

/* What the block holds now, decrypted. */
static enum status load_unit(struct ext_mount *mount, const struct ext_encrypted_piece *piece,
    const struct ext_run *block, uint8_t *unit)
{
    uint32_t block_bytes = mount->geometry.block_bytes;
    struct block_cache_entry *entry;
    if (piece->fresh) {
        memset(unit, 0, block_bytes);
        return STATUS_OK;
    }
    enum status status = block_cache_get(&mount->cache, block->physical_block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(unit, entry->buffer.bytes, block_bytes);
    block_cache_put(&mount->cache, entry);
    return ext_contents_decrypt(mount, piece->policy, block->logical_block, 1, unit);
}

static enum status store_unit(struct ext_mount *mount, const struct ext_encrypted_piece *piece,
    const struct ext_run *block, uint8_t *unit)
{
    struct block_cache_entry *entry;
    enum status status = ext_contents_encrypt(mount, piece->policy, block->logical_block, 1, unit);
    if (status == STATUS_OK) {
        status = block_cache_get_blank(&mount->cache, block->physical_block, &entry);
    }
    if (status == STATUS_OK) {
        memcpy(entry->buffer.bytes, unit, mount->geometry.block_bytes);
        block_cache_mark_dirty(&mount->cache, entry, BLOCK_CACHE_DATA);
        block_cache_put(&mount->cache, entry);
    }
    return status;
}

/* Bytes [from, from + size_bytes) of one block. */
static enum status write_unit(struct ext_mount *mount, const struct ext_encrypted_piece *piece,
    const struct ext_run *block, uint32_t from, uint32_t size_bytes)
{
    uint8_t *unit = mount->protected_unit;
    enum status status = STATUS_OK;
    if (size_bytes < mount->geometry.block_bytes) {
        status = load_unit(mount, piece, block, unit);
    }
    if (status == STATUS_OK) {
        if (piece->bytes == nullptr) {
            memset(unit + from, 0, size_bytes);
        } else {
            memcpy(unit + from, piece->bytes, size_bytes);
        }
        status = store_unit(mount, piece, block, unit);
    }
    crypto_wipe(unit, mount->geometry.block_bytes);
    return status;
}

enum status ext_write_encrypted(struct ext_mount *mount, const struct ext_encrypted_piece *piece)
{
    struct ext_encrypted_piece left = *piece;
    struct ext_run block = {
        .logical_block = piece->run.logical_block,
        .physical_block = piece->run.physical_block,
        .block_count = 1,
        .kind = EXT_RUN_DATA,
    };
    enum status status = STATUS_OK;
    while (status == STATUS_OK && left.size_bytes > 0) {
        uint32_t room_bytes = mount->geometry.block_bytes - left.within;
        uint32_t part_bytes = left.size_bytes < room_bytes ? (uint32_t)left.size_bytes : room_bytes;
        status = write_unit(mount, &left, &block, left.within, part_bytes);
        left.size_bytes -= part_bytes;
        left.bytes = left.bytes == nullptr ? nullptr : left.bytes + part_bytes;
        left.within = 0;
        block.logical_block++;
        block.physical_block++;
    }
    return status;
}
