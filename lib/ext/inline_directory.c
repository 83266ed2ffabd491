/* SPDX-License-Identifier: ISC */
/*
 * Directories inside their inodes, [ext4 Inline Data]: the parent's number instead of "." and "..",
 * then records up to the end of the block area, then those in the attribute. A directory begins
 * with an attribute without a value, which takes all room of the inode when the area is full; when
 * that is full too, the directory grows out of its inode.
 */
#include "attribute.h"
#include "directory.h"

/* Where bytes of the inode are that ext_inline_pin gives to be read. */
static uint8_t *writable(const struct ext_inline *pieces, const uint8_t *bytes)
{
    uint8_t *start = pieces->entry->buffer.bytes;
    return start + (bytes - start);
}

enum status ext_inline_directory_pin(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_inline_directory *pieces_out)
{
    struct ext_inline pieces;
    enum status status = ext_inline_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *first = writable(&pieces, pieces.first);
    struct ext_inline_directory directory = {
        .entry = pieces.entry,
        .parent = first,
        .areas = {{.bytes = first + inline_directory_parent_bytes,
                      .size_bytes = pieces.first_bytes - inline_directory_parent_bytes},
            {.bytes = writable(&pieces, pieces.second), .size_bytes = pieces.second_bytes}},
        .offset_bytes = {inline_directory_parent_bytes, pieces.first_bytes},
    };
    uint32_t parent = load_le32(directory.parent);
    const char *fault = nullptr;
    if (parent == 0 || parent > mount->geometry.inode_count) {
        fault = "directory has no parent";
    }
    for (uint32_t index = 0; index < 2 && fault == nullptr; index++) {
        fault = ext_area_fault(mount, inode, &directory.areas[index]);
    }
    if (fault != nullptr) {
        status = ext_corrupt(mount, fault, pieces.entry->block);
        block_cache_put(&mount->cache, pieces.entry);
        return status;
    }
    *pieces_out = directory;
    return STATUS_OK;
}

enum status ext_inline_directory_find(struct ext_mount *mount, const struct ext_inode *inode,
    struct ext_name name, struct ext_entry_place *place)
{
    struct ext_inline_directory pieces;
    enum status status = ext_inline_directory_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    place->entry = pieces.entry;
    status = STATUS_NOT_FOUND;
    for (uint32_t index = 0; index < 2 && status == STATUS_NOT_FOUND; index++) {
        status = ext_area_find(mount, &pieces.areas[index], name, place);
    }
    if (status != STATUS_OK) {
        block_cache_put(&mount->cache, pieces.entry);
    }
    return status;
}

/* ---- Changing -------------------------------------------------------------------------------- */

static void fill_nothing(const void *, uint8_t *, uint32_t)
{
}

enum status ext_inline_directory_start(
    struct ext_mount *mount, struct ext_inode *inode, uint32_t parent_number)
{
    struct ext_attribute_source nothing = {.fill = fill_nothing};
    struct ext_attribute_name name = ext_attribute_name_data();
    enum status status = ext_attribute_add_inside(mount, inode, &name, &nothing);
    if (status != STATUS_OK) {
        return status;
    }
    memset(inode->block_area, 0, sizeof inode->block_area);
    store_le32(inode->block_area, parent_number);
    store_le16(inode->block_area + inline_directory_parent_bytes + entry_record_bytes,
        inline_area_bytes - inline_directory_parent_bytes);
    inode->flags |= inode_flag_inline_data;
    inode->size_bytes = inline_area_bytes;
    return STATUS_OK;
}

enum status ext_inline_directory_reload(struct ext_mount *mount, struct ext_inode *inode)
{
    struct block_cache_entry *entry;
    const uint8_t *raw;
    enum status status = ext_inode_pin(mount, (uint32_t)inode->number, &entry, &raw);
    if (status == STATUS_OK) {
        memcpy(inode->block_area, raw + inode_block_area, sizeof inode->block_area);
        block_cache_put(&mount->cache, entry);
    }
    return status;
}

/* Adds an entry where the records of one of the areas leave room: NO_SPACE. */
static enum status add_in_room(
    struct ext_mount *mount, const struct ext_inode *inode, const struct ext_new_entry *entry)
{
    struct ext_inline_directory pieces;
    enum status status = ext_inline_directory_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    status = STATUS_NO_SPACE;
    for (uint32_t index = 0; index < 2 && status == STATUS_NO_SPACE; index++) {
        if (ext_area_has_room(mount, &pieces.areas[index], entry->stored.size_bytes)) {
            status = ext_change_block(mount, pieces.entry);
            if (status == STATUS_OK) {
                pieces.entry->owner_mark = ext_mark_of(EXT_MARK_INODES, 0);
                ext_area_add(mount, &pieces.areas[index], entry);
            }
        }
    }
    block_cache_put(&mount->cache, pieces.entry);
    return status;
}

/* The bytes behind `old_bytes` in the second area belong to its last record from now on. */
static enum status take_bytes(
    struct ext_mount *mount, const struct ext_inode *inode, uint32_t old_bytes)
{
    struct ext_inline pieces;
    enum status status = ext_inline_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = writable(&pieces, pieces.second);
    uint32_t last = 0;
    for (uint32_t at = 0; at < old_bytes; at += load_le16(bytes + at + entry_record_bytes)) {
        last = at;
    }
    store_le16(bytes + last + entry_record_bytes, (uint16_t)(pieces.second_bytes - last));
    block_cache_put(&mount->cache, pieces.entry);
    return STATUS_OK;
}

/* The attribute takes all room that the inode has. NO_SPACE if that is none. */
static enum status widen(struct ext_mount *mount, struct ext_inode *inode)
{
    struct ext_inline pieces;
    enum status status = ext_inline_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t room_bytes = 0;
    uint32_t old_bytes = pieces.second_bytes;
    bool whole = inode->size_bytes == inline_area_bytes + (uint64_t)old_bytes;
    block_cache_put(&mount->cache, pieces.entry);
    if (whole) {
        struct ext_attribute_name name = ext_attribute_name_data();
        status = ext_attribute_room_inside(mount, inode, &name, &room_bytes);
    }
    if (status != STATUS_OK || room_bytes < old_bytes + record_bytes_min) {
        return status == STATUS_OK ? STATUS_NO_SPACE : status;
    }
    status = ext_inline_resize(mount, inode, inline_area_bytes + room_bytes);
    return status == STATUS_OK ? take_bytes(mount, inode, old_bytes) : status;
}

enum status ext_inline_directory_add(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_new_entry *entry)
{
    enum status status = add_in_room(mount, inode, entry);
    if (status == STATUS_NO_SPACE) {
        status = widen(mount, inode);
        if (status == STATUS_OK) {
            status = add_in_room(mount, inode, entry);
        }
    }
    return status == STATUS_OK ? ext_inline_directory_reload(mount, inode) : status;
}

/* The entries of one area go to a block that has room for them. */
static void copy_entries(struct ext_mount *mount, const struct ext_entry_area *source,
    const struct ext_entry_area *target)
{
    struct ext_record record;
    for (uint32_t at = 0; at < source->size_bytes; at += record.record_bytes) {
        if (!ext_record_parse(mount, source, at, &record)) {
            return; /* Impossible: the area is verified. */
        }
        if (record.inode_number != 0) {
            ext_area_add_record(mount, target, &record);
        }
    }
}

/* The inode's bytes keep the old contents until it is stored. */
static enum status grow(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_inline_directory *pieces)
{
    struct ext_inode *inode = &directory->inode;
    inode->flags &= ~inode_flag_inline_data;
    inode->size_bytes = 0;
    memset(inode->block_area, 0, sizeof inode->block_area);
    ext_map_init(mount, inode);
    struct block_cache_entry *block;
    enum status status =
        ext_directory_start_block(mount, directory, load_le32(pieces->parent), &block);
    if (status != STATUS_OK) {
        return status;
    }
    struct ext_entry_area area = ext_block_area(mount, inode, block);
    copy_entries(mount, &pieces->areas[0], &area);
    copy_entries(mount, &pieces->areas[1], &area);
    block_cache_put(&mount->cache, block);
    return STATUS_OK;
}

enum status ext_inline_directory_grow(struct ext_mount *mount, struct ext_file *directory)
{
    struct ext_inline_directory pieces;
    enum status status = ext_inline_directory_pin(mount, &directory->inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    status = grow(mount, directory, &pieces);
    block_cache_put(&mount->cache, pieces.entry);
    struct ext_attribute_name name = ext_attribute_name_data();
    return status == STATUS_OK ? ext_attribute_drop(mount, &directory->inode, &name) : status;
}
