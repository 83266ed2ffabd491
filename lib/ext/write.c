/* SPDX-License-Identifier: ISC */
/*
 * Writing contents. Whole blocks go from the caller's buffer to the device without a copy; parts of
 * blocks go through the cache, which a commit writes before it writes what names them.
 */
#include <string.h>

#include <lib/ext/ext_write.h>

#include "protected_write.h"
#include "transaction.h"

/* Blocks that one step of a write may touch: inode, map, bitmaps and descriptors. */
constexpr uint32_t write_step_blocks = 32;

/* Whether the file may be changed at `offset_bytes`. One that is sealed never is. */
static enum status check_writable(const struct ext_inode *inode, uint64_t offset_bytes)
{
    if (inode->type == EXT_TYPE_DIRECTORY) {
        return STATUS_IS_DIRECTORY;
    }
    if (inode->type != EXT_TYPE_FILE) {
        return STATUS_INVALID_ARGUMENT;
    }
    bool inside = offset_bytes < inode->size_bytes;
    if ((inode->flags & (inode_flag_immutable | inode_flag_verity)) != 0 ||
        ((inode->flags & inode_flag_append) != 0 && inside)) {
        return STATUS_DENIED;
    }
    return STATUS_OK;
}

uint64_t ext_file_size_max(const struct ext_mount *mount, const struct ext_inode *inode)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t blocks = (inode->flags & inode_flag_extents) != 0 ? extent_logical_limit - 1
                                                               : ext_block_map_limit(geometry);
    uint64_t limit = blocks << geometry->block_shift;
    /* Without huge_file a count of 512-byte sectors must fit into 32 bits. */
    uint64_t sector_limit = ((uint64_t)1 << 41) - geometry->block_bytes;
    bool huge = ext_has(mount, EXT_RO_COMPAT, ro_compat_huge_file);
    return huge || limit < sector_limit ? limit : sector_limit;
}

/* What the contents of a file are encrypted with; `active` says whether they are. */
struct encryption {
    bool active;
    struct ext_policy policy;
};

/* NO_KEY before anything is changed. */
static enum status open_encryption(
    struct ext_mount *mount, const struct ext_inode *inode, struct encryption *encryption_out)
{
    encryption_out->active = ext_is_encrypted(inode);
    return encryption_out->active ? ext_contents_policy(mount, inode, &encryption_out->policy)
                                  : STATUS_OK;
}

/* ---- One piece of a write -------------------------------------------------------------------- */

struct write_step {
    struct ext_file *file;
    uint64_t offset_bytes;
    uint64_t size_bytes;        /* left */
    struct block_buffer buffer; /* at the offset */
    uint64_t done_bytes;        /* by this step */
    const struct encryption *encryption;
};

/* Whole blocks: what the cache knows of them is out of date now. */
static enum status write_blocks(
    struct ext_mount *mount, const struct ext_run *run, struct block_buffer buffer)
{
    struct block_cache *cache = &mount->cache;
    struct block_transfer transfer = {
        .first_block = run->physical_block * cache->device_blocks,
        .block_count = (uint32_t)run->block_count * cache->device_blocks,
        .buffer = buffer,
    };
    enum status status = block_cache_discard(cache, run->physical_block, run->block_count);
    return status == STATUS_OK ? block_write(cache->device, &transfer, 1) : status;
}

/* The block of the file's data; one that was just allocated holds zeros. */
static enum status pin_data(
    struct ext_mount *mount, uint64_t block, bool fresh, struct block_cache_entry **entry_out)
{
    return fresh ? block_cache_get_blank(&mount->cache, block, entry_out)
                 : block_cache_get(&mount->cache, block, entry_out);
}

/* Part of one block. */
static enum status write_part(struct ext_mount *mount, const struct ext_run *run, bool fresh,
    const struct write_step *step, uint32_t part_bytes)
{
    uint32_t within = (uint32_t)(step->offset_bytes & (mount->geometry.block_bytes - 1));
    struct block_cache_entry *entry;
    enum status status = pin_data(mount, run->physical_block, fresh, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = entry->buffer.bytes;
    memcpy(bytes + within, step->buffer.bytes, part_bytes);
    block_cache_mark_dirty(&mount->cache, entry, BLOCK_CACHE_DATA);
    block_cache_put(&mount->cache, entry);
    return STATUS_OK;
}

/* The piece of the write that the run can take. */
static enum status write_encrypted(
    struct ext_mount *mount, const struct ext_run *run, bool fresh, const struct write_step *step)
{
    struct ext_encrypted_piece piece = {
        .policy = &step->encryption->policy,
        .run = *run,
        .fresh = fresh,
        .within = (uint32_t)(step->offset_bytes & (mount->geometry.block_bytes - 1)),
        .size_bytes = step->done_bytes,
        .bytes = step->buffer.bytes,
    };
    return ext_write_encrypted(mount, &piece);
}

/* How much of the write one run can take, whole blocks or a part of one. */
static uint64_t piece_bytes(const struct ext_mount *mount, const struct write_step *step,
    const struct ext_run *run, bool *whole_out)
{
    uint32_t block_bytes = mount->geometry.block_bytes;
    uint32_t within = (uint32_t)(step->offset_bytes & (block_bytes - 1));
    *whole_out = within == 0 && step->size_bytes >= block_bytes;
    if (*whole_out) {
        uint64_t run_bytes = run->block_count << mount->geometry.block_shift;
        uint64_t left_bytes = align_down(step->size_bytes, block_bytes);
        return run_bytes < left_bytes ? run_bytes : left_bytes;
    }
    uint64_t room = block_bytes - within;
    return step->size_bytes < room ? step->size_bytes : room;
}

static void touch(struct ext_mount *mount, struct ext_inode *inode)
{
    inode->modified = mount->now;
    inode->changed = mount->now;
}

/* The metadata first: they can be taken back; then the data, which nothing names yet. */
static enum status run_write(struct ext_mount *mount, void *context)
{
    struct write_step *step = context;
    struct ext_inode inode;
    uint32_t shift = mount->geometry.block_shift;
    enum status status = ext_load_inode(mount, step->file->inode.number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t first = step->offset_bytes >> shift;
    uint64_t block_count = (step->size_bytes >> shift) + 1;
    bool whole_first = is_aligned(step->offset_bytes, mount->geometry.block_bytes) &&
                       step->size_bytes >= mount->geometry.block_bytes;
    struct ext_map_request request = {.logical_block = first, .block_count = 1};
    if (whole_first) {
        block_count = step->size_bytes >> shift;
        request.block_count = block_count < UINT32_MAX ? (uint32_t)block_count : UINT32_MAX;
    }
    struct ext_run run;
    bool fresh;
    status = ext_map_allocate(mount, &inode, request, &run, &fresh);
    if (status != STATUS_OK) {
        return status;
    }
    bool whole;
    uint64_t part_bytes = piece_bytes(mount, step, &run, &whole);
    uint64_t end_bytes = step->offset_bytes + part_bytes;
    inode.size_bytes = inode.size_bytes > end_bytes ? inode.size_bytes : end_bytes;
    touch(mount, &inode);
    status = ext_store_inode(mount, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    run.block_count = whole ? part_bytes >> shift : 1;
    step->done_bytes = part_bytes;
    if (step->encryption->active) {
        return write_encrypted(mount, &run, fresh, step);
    }
    return whole ? write_blocks(mount, &run, step->buffer)
                 : write_part(mount, &run, fresh, step, (uint32_t)part_bytes);
}

/* ---- The end of a file ----------------------------------------------------------------------- */

/* Bytes of the last block past the end of the file are zero, before the file grows over them. */
static enum status zero_tail(struct ext_mount *mount, struct ext_file *file,
    const struct encryption *encryption, uint64_t size_bytes)
{
    uint32_t block_bytes = mount->geometry.block_bytes;
    uint32_t within = (uint32_t)(size_bytes & (block_bytes - 1));
    if (within == 0) {
        return STATUS_OK;
    }
    struct ext_run run;
    enum status status = ext_map(mount, file, size_bytes >> mount->geometry.block_shift, &run);
    if (status != STATUS_OK || run.kind != EXT_RUN_DATA) {
        return status;
    }
    if (encryption->active) {
        struct ext_encrypted_piece piece = {
            .policy = &encryption->policy,
            .run = run,
            .within = within,
            .size_bytes = block_bytes - within,
        };
        return ext_write_encrypted(mount, &piece);
    }
    struct block_cache_entry *entry;
    status = block_cache_get(&mount->cache, run.physical_block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = entry->buffer.bytes;
    memset(bytes + within, 0, block_bytes - within);
    block_cache_mark_dirty(&mount->cache, entry, BLOCK_CACHE_DATA);
    block_cache_put(&mount->cache, entry);
    return STATUS_OK;
}

enum status ext_write(struct ext_mount *mount, struct ext_file *file,
    struct ext_read_request request, uint64_t *done_bytes_out)
{
    *done_bytes_out = 0;
    enum status status = ext_refresh(mount, file);
    if (status == STATUS_OK) {
        status = check_writable(&file->inode, request.offset_bytes);
    }
    if (status == STATUS_OK && (file->inode.flags & inode_flag_inline_data) != 0) {
        bool done = false;
        status = ext_inline_write_file(mount, file, &request, &done);
        if (done) {
            *done_bytes_out = request.size_bytes;
            return status;
        }
    }
    struct encryption encryption = {};
    if (status == STATUS_OK) {
        status = open_encryption(mount, &file->inode, &encryption);
    }
    uint64_t limit = status == STATUS_OK ? ext_file_size_max(mount, &file->inode) : 0;
    if (status == STATUS_OK &&
        (request.offset_bytes > limit || request.size_bytes > limit - request.offset_bytes)) {
        status = STATUS_TOO_LARGE;
    }
    if (status == STATUS_OK && mount->writable && request.size_bytes > 0 &&
        request.offset_bytes > file->inode.size_bytes) {
        status = zero_tail(mount, file, &encryption, file->inode.size_bytes);
    }
    struct write_step step = {
        .file = file,
        .offset_bytes = request.offset_bytes,
        .size_bytes = request.size_bytes,
        .buffer = request.buffer,
        .encryption = &encryption,
    };
    while (status == STATUS_OK && step.size_bytes > 0) {
        bool part = !is_aligned(step.offset_bytes, mount->geometry.block_bytes) ||
                    step.size_bytes < mount->geometry.block_bytes || encryption.active;
        if (part && step.buffer.bytes == nullptr) {
            return STATUS_INVALID_ARGUMENT;
        }
        status = ext_change(
            mount, (struct ext_step){
                       .run = run_write, .context = &step, .block_count = write_step_blocks});
        if (status == STATUS_OK) {
            step.offset_bytes += step.done_bytes;
            step.size_bytes -= step.done_bytes;
            step.buffer = block_buffer_skip(step.buffer, step.done_bytes);
            *done_bytes_out += step.done_bytes;
        }
    }
    return *done_bytes_out > 0 && status == STATUS_NO_SPACE ? STATUS_OK : status;
}

/* ---- Size ------------------------------------------------------------------------------------ */

struct resize_step {
    uint64_t number;
    uint64_t size_bytes;
    bool done;
};

/* Blocks go from the end; the size goes with them, so that every step leaves a whole file. */
static enum status run_shrink(struct ext_mount *mount, void *context)
{
    struct resize_step *step = context;
    uint32_t shift = mount->geometry.block_shift;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t first = (step->size_bytes + mount->geometry.block_bytes - 1) >> shift;
    status = ext_map_remove(mount, &inode, first, UINT64_MAX, &step->done);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t size_bytes = step->size_bytes;
    if (!step->done) {
        uint64_t end;
        status = ext_map_end(mount, &inode, &end);
        size_bytes = end << shift > size_bytes ? end << shift : size_bytes;
    }
    inode.size_bytes = size_bytes < inode.size_bytes ? size_bytes : inode.size_bytes;
    touch(mount, &inode);
    return status == STATUS_OK ? ext_store_inode(mount, &inode) : status;
}

static enum status run_grow(struct ext_mount *mount, void *context)
{
    struct resize_step *step = context;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    inode.size_bytes = step->size_bytes;
    touch(mount, &inode);
    step->done = true;
    return ext_store_inode(mount, &inode);
}

enum status ext_truncate(struct ext_mount *mount, struct ext_file *file, uint64_t size_bytes)
{
    enum status status = ext_refresh(mount, file);
    if (status == STATUS_OK) {
        status = check_writable(&file->inode, 0);
    }
    if (status == STATUS_OK && (file->inode.flags & inode_flag_append) != 0) {
        status = STATUS_DENIED;
    }
    if (status == STATUS_OK && (file->inode.flags & inode_flag_inline_data) != 0) {
        bool done = false;
        status = ext_inline_truncate_file(mount, file, size_bytes, &done);
        if (done) {
            return status;
        }
    }
    struct encryption encryption = {};
    if (status == STATUS_OK) {
        status = open_encryption(mount, &file->inode, &encryption);
    }
    if (status == STATUS_OK && size_bytes > ext_file_size_max(mount, &file->inode)) {
        status = STATUS_TOO_LARGE;
    }
    bool grows = size_bytes > file->inode.size_bytes;
    if (status == STATUS_OK && grows && mount->writable) {
        status = zero_tail(mount, file, &encryption, file->inode.size_bytes);
    }
    struct resize_step step = {.number = file->inode.number, .size_bytes = size_bytes};
    while (status == STATUS_OK && !step.done) {
        status = ext_change(mount, (struct ext_step){.run = grows ? run_grow : run_shrink,
                                       .context = &step,
                                       .block_count = ext_change_block_max});
    }
    return status == STATUS_OK && !grows ? zero_tail(mount, file, &encryption, size_bytes) : status;
}

/* ---- Space before contents ------------------------------------------------------------------- */

struct reserve_step {
    uint64_t number;
    uint64_t logical_block;
    uint64_t end_block;
    uint64_t size_bytes; /* that the file has at least afterwards */
};

static enum status run_reserve(struct ext_mount *mount, void *context)
{
    struct reserve_step *step = context;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t left = step->end_block - step->logical_block;
    struct ext_map_request request = {
        .logical_block = step->logical_block,
        .block_count = left < UINT32_MAX ? (uint32_t)left : UINT32_MAX,
        .unwritten = true,
    };
    struct ext_run run;
    bool fresh;
    status = ext_map_allocate(mount, &inode, request, &run, &fresh);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t next = run.logical_block + run.block_count;
    uint64_t reached = next << mount->geometry.block_shift;
    uint64_t size_bytes = reached < step->size_bytes ? reached : step->size_bytes;
    inode.size_bytes = inode.size_bytes > size_bytes ? inode.size_bytes : size_bytes;
    inode.changed = mount->now;
    status = ext_store_inode(mount, &inode);
    if (status == STATUS_OK) {
        step->logical_block = next;
    }
    return status;
}

/* Only extents can tell what is not written; contents inside the inode move out of it for that. */
static enum status open_for_reserve(struct ext_mount *mount, struct ext_file *file,
    uint64_t offset_bytes, struct encryption *encryption)
{
    enum status status = ext_refresh(mount, file);
    if (status == STATUS_OK) {
        status = check_writable(&file->inode, offset_bytes);
    }
    if (status == STATUS_OK) {
        status = open_encryption(mount, &file->inode, encryption);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if ((file->inode.flags & inode_flag_inline_data) != 0 &&
        ext_has(mount, EXT_INCOMPAT, incompat_extents)) {
        status = ext_inline_convert_file(mount, file);
    }
    bool extents = (file->inode.flags & inode_flag_extents) != 0;
    return status == STATUS_OK && !extents ? STATUS_UNSUPPORTED : status;
}

enum status ext_reserve(struct ext_mount *mount, struct ext_file *file, uint64_t offset_bytes,
    uint64_t size_bytes, bool keep_size)
{
    if (size_bytes == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct encryption encryption = {};
    enum status status = open_for_reserve(mount, file, offset_bytes, &encryption);
    uint64_t limit = status == STATUS_OK ? ext_file_size_max(mount, &file->inode) : 0;
    if (status == STATUS_OK && (offset_bytes > limit || size_bytes > limit - offset_bytes)) {
        status = STATUS_TOO_LARGE;
    }
    uint32_t shift = mount->geometry.block_shift;
    struct reserve_step step = {
        .number = file->inode.number,
        .logical_block = offset_bytes >> shift,
        .end_block = (offset_bytes + size_bytes + mount->geometry.block_bytes - 1) >> shift,
        .size_bytes = keep_size ? 0 : offset_bytes + size_bytes,
    };
    if (status == STATUS_OK && mount->writable && step.size_bytes > file->inode.size_bytes) {
        status = zero_tail(mount, file, &encryption, file->inode.size_bytes);
    }
    while (status == STATUS_OK && step.logical_block < step.end_block) {
        status = ext_change(
            mount, (struct ext_step){
                       .run = run_reserve, .context = &step, .block_count = write_step_blocks});
    }
    return status;
}
