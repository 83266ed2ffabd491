/* SPDX-License-Identifier: ISC */
/*
 * Changing contents inside the inode, [ext4 Inline Data]. They are few, so each change takes them
 * out, changes them and puts them back; what has no room any more moves into a block.
 */
#include "attribute.h"

#include <string.h>

/* More than any inode has room for. */
constexpr uint32_t contents_bytes_max = inline_area_bytes + 512;

/* What one change of a file touches: its inode, a block of data, and where that comes from. */
constexpr uint32_t inline_blocks = 16;

struct contents {
    uint8_t bytes[contents_bytes_max];
};

static enum status take_out(
    struct ext_mount *mount, const struct ext_inode *inode, struct contents *contents)
{
    *contents = (struct contents){};
    struct ext_inline pieces;
    enum status status = ext_inline_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(contents->bytes, pieces.first, pieces.first_bytes);
    memcpy(contents->bytes + pieces.first_bytes, pieces.second, pieces.second_bytes);
    block_cache_put(&mount->cache, pieces.entry);
    memset(contents->bytes + inode->size_bytes, 0, sizeof contents->bytes - inode->size_bytes);
    return STATUS_OK;
}

static void fill(const void *context, uint8_t *value, uint32_t value_bytes)
{
    memcpy(value, context, value_bytes);
}

static enum status drop_data(struct ext_mount *mount, struct ext_inode *inode)
{
    struct ext_attribute_name name = ext_attribute_name_data();
    return ext_attribute_drop(mount, inode, &name);
}

static enum status add_data(struct ext_mount *mount, const struct ext_inode *inode,
    const uint8_t *bytes, uint32_t size_bytes)
{
    struct ext_attribute_name name = ext_attribute_name_data();
    struct ext_attribute_source source = {fill, bytes, size_bytes};
    enum status status = ext_attribute_add_inside(mount, inode, &name, &source);
    return status == STATUS_NO_SPACE ? STATUS_TOO_LARGE : status;
}

static enum status put_back(struct ext_mount *mount, struct ext_inode *inode,
    const struct contents *contents, uint64_t size_bytes)
{
    memcpy(inode->block_area, contents->bytes, inline_area_bytes);
    inode->size_bytes = size_bytes;
    enum status status = drop_data(mount, inode);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t rest = size_bytes > inline_area_bytes ? (uint32_t)size_bytes - inline_area_bytes : 0;
    return add_data(mount, inode, contents->bytes + inline_area_bytes, rest);
}

enum status ext_inline_init(struct ext_mount *mount, struct ext_inode *inode)
{
    enum status status = STATUS_TOO_LARGE;
    if (ext_has(mount, EXT_INCOMPAT, incompat_inline_data)) {
        status = add_data(mount, inode, nullptr, 0);
    }
    if (status == STATUS_TOO_LARGE) {
        ext_map_init(mount, inode);
        return STATUS_OK;
    }
    memset(inode->block_area, 0, sizeof inode->block_area);
    inode->flags |= inode_flag_inline_data;
    return status;
}

enum status ext_inline_write(struct ext_mount *mount, struct ext_inode *inode,
    uint64_t offset_bytes, const void *bytes, uint32_t size_bytes)
{
    if (offset_bytes > contents_bytes_max || size_bytes > contents_bytes_max - offset_bytes) {
        return STATUS_TOO_LARGE;
    }
    struct contents contents;
    enum status status = take_out(mount, inode, &contents);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(contents.bytes + offset_bytes, bytes, size_bytes);
    uint64_t end_bytes = offset_bytes + size_bytes;
    return put_back(
        mount, inode, &contents, end_bytes > inode->size_bytes ? end_bytes : inode->size_bytes);
}

enum status ext_inline_resize(struct ext_mount *mount, struct ext_inode *inode, uint64_t size_bytes)
{
    if (size_bytes > contents_bytes_max) {
        return STATUS_TOO_LARGE;
    }
    struct contents contents;
    enum status status = take_out(mount, inode, &contents);
    if (status != STATUS_OK) {
        return status;
    }
    if (size_bytes < inode->size_bytes) {
        memset(contents.bytes + size_bytes, 0, inode->size_bytes - size_bytes);
    }
    return put_back(mount, inode, &contents, size_bytes);
}

/* The block is data: it goes to the medium before the commit that names it. */
static enum status write_block(
    struct ext_mount *mount, uint64_t block, const struct contents *contents, uint64_t size_bytes)
{
    struct block_cache_entry *entry;
    enum status status = block_cache_get_blank(&mount->cache, block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(entry->buffer.bytes, contents->bytes, size_bytes);
    block_cache_mark_dirty(&mount->cache, entry, BLOCK_CACHE_DATA);
    block_cache_put(&mount->cache, entry);
    return STATUS_OK;
}

enum status ext_inline_convert(struct ext_mount *mount, struct ext_inode *inode)
{
    struct contents contents;
    enum status status = take_out(mount, inode, &contents);
    if (status == STATUS_OK) {
        status = drop_data(mount, inode);
    }
    if (status != STATUS_OK) {
        return status;
    }
    inode->flags &= ~inode_flag_inline_data;
    memset(inode->block_area, 0, sizeof inode->block_area);
    ext_map_init(mount, inode);
    struct ext_run run = {};
    if (inode->size_bytes > 0) {
        struct ext_map_request request = {.block_count = 1};
        bool fresh;
        status = ext_map_allocate(mount, inode, request, &run, &fresh);
    }
    if (status == STATUS_OK) {
        status = ext_store_inode(mount, inode);
    }
    return status == STATUS_OK && inode->size_bytes > 0
               ? write_block(mount, run.physical_block, &contents, inode->size_bytes)
               : status;
}

/* ---- Files ----------------------------------------------------------------------------------- */

struct file_step {
    uint64_t number;
    uint64_t offset_bytes; /* of a write; else the new size */
    const void *bytes;     /* nullptr: no write */
    uint32_t size_bytes;
};

static enum status run_change(struct ext_mount *mount, void *context)
{
    const struct file_step *step = context;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    if (status == STATUS_OK) {
        status = step->bytes == nullptr ? ext_inline_resize(mount, &inode, step->offset_bytes)
                                        : ext_inline_write(mount, &inode, step->offset_bytes,
                                              step->bytes, step->size_bytes);
    }
    inode.modified = mount->now;
    inode.changed = mount->now;
    return status == STATUS_OK ? ext_store_inode(mount, &inode) : status;
}

static enum status run_convert(struct ext_mount *mount, void *context)
{
    const struct file_step *step = context;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    return status == STATUS_OK ? ext_inline_convert(mount, &inode) : status;
}

enum status ext_inline_convert_file(struct ext_mount *mount, struct ext_file *file)
{
    struct file_step step = {.number = file->inode.number};
    enum status status = ext_change(mount, (struct ext_step){run_convert, &step, inline_blocks});
    return status == STATUS_OK ? ext_refresh(mount, file) : status;
}

/* Changes the contents where they are, or else moves them out and leaves the change to others. */
static enum status change_or_convert(
    struct ext_mount *mount, struct ext_file *file, struct file_step step, bool *done_out)
{
    enum status status = ext_change(mount, (struct ext_step){run_change, &step, inline_blocks});
    *done_out = status == STATUS_OK;
    if (status == STATUS_TOO_LARGE) {
        return ext_inline_convert_file(mount, file);
    }
    return status == STATUS_OK ? ext_refresh(mount, file) : status;
}

enum status ext_inline_write_file(struct ext_mount *mount, struct ext_file *file,
    const struct ext_read_request *request, bool *done_out)
{
    struct file_step step = {
        .number = file->inode.number,
        .offset_bytes = request->offset_bytes,
        .bytes = request->buffer.bytes,
        .size_bytes = request->size_bytes < UINT32_MAX ? (uint32_t)request->size_bytes : UINT32_MAX,
    };
    *done_out = request->size_bytes == 0;
    if (*done_out) {
        return STATUS_OK;
    }
    return step.bytes == nullptr ? STATUS_INVALID_ARGUMENT
                                 : change_or_convert(mount, file, step, done_out);
}

enum status ext_inline_truncate_file(
    struct ext_mount *mount, struct ext_file *file, uint64_t size_bytes, bool *done_out)
{
    struct file_step step = {.number = file->inode.number, .offset_bytes = size_bytes};
    return change_or_convert(mount, file, step, done_out);
}
