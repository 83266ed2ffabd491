/* SPDX-License-Identifier: ISC */
/*
 * Reading contents. Whole blocks of data are gathered into vectors for the device and land in the
 * caller's buffer without a copy; parts of blocks come through the cache.
 */
#include <string.h>

#include "crypt.h"
#include "protected_read.h"

constexpr uint32_t gather_count_max = 16;
constexpr uint64_t run_blocks_max = (uint64_t)1 << 18; /* in one transfer: 1 GiB of 4 KiB blocks */

enum status ext_map(
    struct ext_mount *mount, struct ext_file *file, uint64_t logical_block, struct ext_run *run_out)
{
    enum status fresh = ext_refresh(mount, file);
    if (fresh != STATUS_OK) {
        return fresh;
    }
    const struct ext_inode *inode = &file->inode;
    bool has_blocks = inode->type == EXT_TYPE_FILE || inode->type == EXT_TYPE_DIRECTORY ||
                      inode->type == EXT_TYPE_LINK;
    if (!has_blocks) {
        return STATUS_INVALID_ARGUMENT;
    }
    if ((inode->flags & inode_flag_inline_data) != 0) {
        return STATUS_UNSUPPORTED;
    }
    struct ext_run *last = &file->last_run;
    if (logical_block < last->logical_block ||
        logical_block - last->logical_block >= last->block_count) {
        enum status status = (inode->flags & inode_flag_extents) != 0
                                 ? ext_extent_find(mount, inode, logical_block, last)
                                 : ext_block_map_find(mount, inode, logical_block, last);
        if (status != STATUS_OK) {
            last->block_count = 0;
            return status;
        }
    }
    uint64_t skipped = logical_block - last->logical_block;
    *run_out = (struct ext_run){
        .logical_block = logical_block,
        .physical_block = last->kind == EXT_RUN_HOLE ? 0 : last->physical_block + skipped,
        .block_count = last->block_count - skipped,
        .kind = last->kind,
    };
    return STATUS_OK;
}

/* A read under way: what is still to be done and what waits for the device. */
struct reading {
    struct ext_mount *mount;
    struct ext_file *file;
    uint64_t offset_bytes;
    uint64_t left_bytes;
    struct block_buffer buffer;
    struct block_transfer transfers[gather_count_max];
    uint32_t transfer_count;
    bool cached; /* whole blocks come through the cache too */
    bool ahead;  /* and those that follow are read with them */
};

static void advance(struct reading *reading, uint64_t done_bytes)
{
    reading->offset_bytes += done_bytes;
    reading->left_bytes -= done_bytes;
    reading->buffer = block_buffer_skip(reading->buffer, done_bytes);
}

static enum status submit(struct reading *reading)
{
    if (reading->transfer_count == 0) {
        return STATUS_OK;
    }
    uint32_t count = reading->transfer_count;
    reading->transfer_count = 0;
    return block_read(reading->mount->cache.device, reading->transfers, count);
}

/* What is newer in the cache than on the device reaches the device first. */
static enum status settle_dirty(struct block_cache *cache, uint64_t block, uint64_t block_count)
{
    if (cache->dirty[BLOCK_CACHE_DATA].count == 0) {
        return STATUS_OK;
    }
    for (uint64_t index = 0; index < block_count; index++) {
        const struct block_cache_entry *entry = block_cache_peek(cache, block + index);
        if (entry != nullptr && entry->dirty) {
            return block_cache_write_back(cache, BLOCK_CACHE_DATA);
        }
    }
    return STATUS_OK;
}

static enum status gather(struct reading *reading, uint64_t physical_block, uint64_t block_count)
{
    enum status status = settle_dirty(&reading->mount->cache, physical_block, block_count);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t device_blocks = reading->mount->cache.device_blocks;
    reading->transfers[reading->transfer_count++] = (struct block_transfer){
        .first_block = physical_block * device_blocks,
        .block_count = (uint32_t)block_count * device_blocks,
        .buffer = reading->buffer,
    };
    return reading->transfer_count == gather_count_max ? submit(reading) : STATUS_OK;
}

static enum status read_zeros(struct reading *reading, uint64_t size_bytes)
{
    if (reading->buffer.bytes == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    memset(reading->buffer.bytes, 0, size_bytes);
    return STATUS_OK;
}

/* How many blocks of a run there are up to the end of the file. */
static uint64_t blocks_left(const struct reading *reading, const struct ext_run *run)
{
    uint32_t shift = reading->mount->geometry.block_shift;
    uint64_t end_bytes = reading->file->inode.size_bytes;
    uint64_t end = (end_bytes >> shift) + ((end_bytes & (((uint64_t)1 << shift) - 1)) != 0);
    uint64_t left = end > run->logical_block ? end - run->logical_block : 1;
    return left < run->block_count ? left : run->block_count;
}

/* Part of one block. */
static enum status read_part(struct reading *reading, const struct ext_run *run)
{
    struct ext_mount *mount = reading->mount;
    uint32_t block_bytes = mount->geometry.block_bytes;
    uint32_t within = (uint32_t)(reading->offset_bytes & (block_bytes - 1));
    uint64_t part_bytes = block_bytes - within;
    if (part_bytes > reading->left_bytes) {
        part_bytes = reading->left_bytes;
    }
    if (reading->buffer.bytes == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (run->kind != EXT_RUN_DATA) {
        memset(reading->buffer.bytes, 0, part_bytes);
    } else {
        struct block_cache_run ahead = {
            .first = run->physical_block, .count = reading->ahead ? blocks_left(reading, run) : 1};
        struct block_cache_entry *entry;
        enum status status =
            block_cache_get_ahead(&mount->cache, run->physical_block, ahead, &entry);
        if (status != STATUS_OK) {
            return status;
        }
        const uint8_t *bytes = entry->buffer.bytes;
        memcpy(reading->buffer.bytes, bytes + within, part_bytes);
        block_cache_put(&mount->cache, entry);
    }
    advance(reading, part_bytes);
    return STATUS_OK;
}

static enum status read_whole(struct reading *reading, const struct ext_run *run)
{
    uint32_t shift = reading->mount->geometry.block_shift;
    uint64_t block_count = reading->left_bytes >> shift;
    if (block_count > run->block_count) {
        block_count = run->block_count;
    }
    if (block_count > run_blocks_max) {
        block_count = run_blocks_max;
    }
    enum status status = run->kind == EXT_RUN_DATA
                             ? gather(reading, run->physical_block, block_count)
                             : read_zeros(reading, block_count << shift);
    if (status == STATUS_OK) {
        advance(reading, block_count << shift);
    }
    return status;
}

static enum status read_mapped(struct reading *reading)
{
    const struct block_cache *cache = &reading->mount->cache;
    uint32_t block_bytes = reading->mount->geometry.block_bytes;
    /* What is newer in a cache that writes nothing any more is only there. */
    reading->cached =
        reading->cached || (cache->frozen && cache->dirty[BLOCK_CACHE_DATA].count > 0);
    while (reading->left_bytes > 0) {
        struct ext_run run;
        uint64_t logical_block = reading->offset_bytes >> reading->mount->geometry.block_shift;
        enum status status = ext_map(reading->mount, reading->file, logical_block, &run);
        if (status != STATUS_OK) {
            return status;
        }
        bool whole = !reading->cached && is_aligned(reading->offset_bytes, block_bytes) &&
                     reading->left_bytes >= block_bytes;
        status = whole ? read_whole(reading, &run) : read_part(reading, &run);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return submit(reading);
}

/* Where one reads on in small pieces, the device is asked for more than the piece. */
static struct reading begin(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request, bool cached)
{
    uint64_t ahead_bytes = (uint64_t)block_cache_ahead_max << mount->geometry.block_shift;
    bool ahead =
        file->reads_on && request.size_bytes < ahead_bytes && request.buffer.bytes != nullptr;
    return (struct reading){
        .mount = mount,
        .file = file,
        .offset_bytes = request.offset_bytes,
        .left_bytes = request.size_bytes,
        .buffer = request.buffer,
        .cached = cached || ahead,
        .ahead = ahead,
    };
}

static enum status read_blocks(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request, bool cached)
{
    struct reading reading = begin(mount, file, request, cached);
    return read_mapped(&reading);
}

enum status ext_read_stored(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request)
{
    return read_blocks(mount, file, request, false);
}

enum status ext_read_cached(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request)
{
    return read_blocks(mount, file, request, true);
}

/* Copies what [offset, offset + left) has in common with a piece that begins at piece_offset. */
static void copy_piece(
    struct reading *reading, uint64_t piece_offset, const uint8_t *piece, uint32_t piece_bytes)
{
    uint64_t at = reading->offset_bytes - piece_offset;
    if (reading->offset_bytes < piece_offset || at >= piece_bytes || reading->left_bytes == 0) {
        return;
    }
    uint64_t part_bytes = piece_bytes - at;
    if (part_bytes > reading->left_bytes) {
        part_bytes = reading->left_bytes;
    }
    memcpy(reading->buffer.bytes, piece + at, part_bytes);
    advance(reading, part_bytes);
}

static enum status read_inline(struct reading *reading)
{
    if (reading->buffer.bytes == nullptr) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct ext_inline pieces;
    enum status status = ext_inline_pin(reading->mount, &reading->file->inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    copy_piece(reading, 0, pieces.first, pieces.first_bytes);
    copy_piece(reading, pieces.first_bytes, pieces.second, pieces.second_bytes);
    block_cache_put(&reading->mount->cache, pieces.entry);
    return STATUS_OK;
}

/* How many of the bytes that are asked for are before the end of the file. */
static uint64_t bytes_in_file(const struct ext_file *file, struct ext_read_request request)
{
    uint64_t size_bytes = file->inode.size_bytes;
    if (request.offset_bytes >= size_bytes) {
        return 0;
    }
    uint64_t left_bytes = size_bytes - request.offset_bytes;
    return left_bytes < request.size_bytes ? left_bytes : request.size_bytes;
}

/* Contents of a file or a symbolic link, all of them before its end. */
static enum status read_contents(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request)
{
    if (request.size_bytes == 0) {
        return STATUS_OK;
    }
    struct reading reading = begin(mount, file, request, false);
    bool inline_data = (file->inode.flags & inode_flag_inline_data) != 0;
    return inline_data ? read_inline(&reading) : read_mapped(&reading);
}

enum status ext_read(struct ext_mount *mount, struct ext_file *file,
    struct ext_read_request request, uint64_t *done_bytes_out)
{
    enum status status = ext_refresh(mount, file);
    if (status != STATUS_OK) {
        return status;
    }
    if (file->inode.type == EXT_TYPE_DIRECTORY) {
        return STATUS_IS_DIRECTORY;
    }
    if (file->inode.type != EXT_TYPE_FILE) {
        return STATUS_INVALID_ARGUMENT;
    }
    request.size_bytes = bytes_in_file(file, request);
    file->reads_on = request.offset_bytes == file->read_end_bytes;
    if (ext_is_protected(&file->inode)) {
        status = ext_read_protected(mount, file, request);
    } else {
        status = read_contents(mount, file, request);
    }
    if (status == STATUS_OK) {
        file->read_end_bytes = request.offset_bytes + request.size_bytes;
        *done_bytes_out = request.size_bytes;
    }
    return status;
}

/* [ext4 Symbolic Links]: a target that fits into the block area is kept there. */
enum status ext_read_link(
    struct ext_mount *mount, struct ext_file *file, char *target, uint32_t *target_bytes_out)
{
    enum status status = ext_refresh(mount, file);
    if (status != STATUS_OK) {
        return status;
    }
    const struct ext_inode *inode = &file->inode;
    if (inode->type != EXT_TYPE_LINK) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (inode->size_bytes == 0 || inode->size_bytes > ext_link_bytes_max ||
        inode->size_bytes > mount->geometry.block_bytes) {
        return ext_corrupt(mount, "size of a symbolic link", 0);
    }
    bool in_area = inode->size_bytes < ext_block_area_bytes &&
                   (inode->flags & (inode_flag_inline_data | inode_flag_extents)) == 0;
    if (in_area) {
        memcpy(target, inode->block_area, inode->size_bytes);
    } else {
        struct ext_read_request request = {
            .size_bytes = inode->size_bytes, .buffer = block_buffer_plain(target)};
        status = read_contents(mount, file, request);
        if (status != STATUS_OK) {
            return status;
        }
    }
    uint32_t target_bytes = (uint32_t)inode->size_bytes;
    if (ext_is_encrypted(inode)) {
        status = ext_link_decrypt(mount, inode, (uint8_t *)target, target_bytes, &target_bytes);
        if (status != STATUS_OK) {
            return status;
        }
    }
    for (uint32_t index = 0; index < target_bytes; index++) {
        if (target[index] == '\0') {
            return ext_corrupt(mount, "symbolic link with a NUL", 0);
        }
    }
    *target_bytes_out = target_bytes;
    return STATUS_OK;
}
