/* SPDX-License-Identifier: ISC */
/*
 * Adding and removing entries, [ext4 Directory Entries]. A record owns the bytes up to the next
 * one, so a new entry takes what a record does not need, and a removed one falls to the record
 * before it. Directories never shrink.
 */
#include "directory.h"

/* ---- Records --------------------------------------------------------------------------------- */

void ext_record_write(const struct ext_mount *mount, const struct ext_entry_area *area, uint32_t at,
    uint32_t end, const struct ext_new_entry *entry)
{
    uint8_t *bytes = area->bytes + at;
    uint32_t name_bytes = entry->stored.size_bytes;
    uint32_t name_end = ext_record_name_end(name_bytes);
    bool has_type = ext_has(mount, EXT_INCOMPAT, incompat_filetype);
    store_le32(bytes + entry_inode, entry->inode_number);
    store_le16(bytes + entry_record_bytes, (uint16_t)(end - at));
    bytes[entry_name_bytes] = (uint8_t)name_bytes;
    bytes[entry_type] = has_type ? (uint8_t)entry->type : 0;
    memcpy(bytes + entry_header_bytes, entry->stored.bytes, name_bytes);
    memset(bytes + entry_header_bytes + name_bytes, 0, name_end - entry_header_bytes - name_bytes);
    if (area->hash_bytes != 0) {
        store_le32(bytes + name_end + entry_hash_major, entry->hash.major);
        store_le32(bytes + name_end + entry_hash_minor, entry->hash.minor);
    }
}

/* What a record uses of its bytes. */
static uint32_t used_bytes(const struct ext_entry_area *area, const struct ext_record *record)
{
    return record->inode_number == 0 ? 0 : ext_record_bytes(area, record->name_bytes);
}

/* The first record with `needed` bytes to spare; false if there is none. */
static bool find_room(const struct ext_mount *mount, const struct ext_entry_area *area,
    uint32_t needed, uint32_t *at_out, struct ext_record *record_out)
{
    for (uint32_t at = 0; at < area->size_bytes; at += record_out->record_bytes) {
        if (!ext_record_parse(mount, area, at, record_out)) {
            return false;
        }
        if (record_out->record_bytes >= needed + used_bytes(area, record_out)) {
            *at_out = at;
            return true;
        }
    }
    return false;
}

bool ext_area_has_room(
    const struct ext_mount *mount, const struct ext_entry_area *area, uint32_t name_bytes)
{
    uint32_t at;
    struct ext_record record;
    return find_room(mount, area, ext_record_bytes(area, name_bytes), &at, &record);
}

void ext_area_add(const struct ext_mount *mount, const struct ext_entry_area *area,
    const struct ext_new_entry *entry)
{
    uint32_t at;
    struct ext_record record;
    if (!find_room(mount, area, ext_record_bytes(area, entry->stored.size_bytes), &at, &record)) {
        return;
    }
    uint32_t used = used_bytes(area, &record);
    if (used > 0) {
        store_le16(area->bytes + at + entry_record_bytes, (uint16_t)used);
    }
    ext_record_write(mount, area, at + used, at + record.record_bytes, entry);
}

void ext_area_add_record(const struct ext_mount *mount, const struct ext_entry_area *area,
    const struct ext_record *record)
{
    struct ext_new_entry entry = {
        .stored = {.bytes = record->name, .size_bytes = record->name_bytes},
        .inode_number = record->inode_number,
        .type = (enum ext_type)record->type,
    };
    if (area->hash_bytes != 0) {
        entry.hash = ext_record_stored_hash(record);
    }
    ext_area_add(mount, area, &entry);
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

void ext_block_clear(struct ext_mount *mount, struct block_cache_entry *entry)
{
    uint32_t block_bytes = mount->geometry.block_bytes;
    uint32_t room_bytes = block_bytes - (ext_has_checksums(mount) ? entry_tail_bytes : 0);
    uint8_t *bytes = entry->buffer.bytes;
    memset(bytes, 0, block_bytes);
    store_le16(bytes + entry_record_bytes, (uint16_t)room_bytes);
    if (room_bytes < block_bytes) {
        uint8_t *tail = bytes + room_bytes;
        store_le16(tail + entry_record_bytes, (uint16_t)entry_tail_bytes);
        tail[entry_type] = entry_type_tail;
    }
}

enum status ext_directory_append(struct ext_mount *mount, struct ext_file *directory,
    enum ext_mark_kind kind, uint64_t *logical_out, struct block_cache_entry **entry_out)
{
    struct ext_inode *inode = &directory->inode;
    uint64_t logical_block = inode->size_bytes >> mount->geometry.block_shift;
    struct ext_map_request request = {.logical_block = logical_block, .block_count = 1};
    struct ext_run run;
    bool fresh;
    if (logical_block > index_block_mask) {
        return STATUS_TOO_LARGE;
    }
    enum status status = ext_map_allocate(mount, inode, request, &run, &fresh);
    if (status != STATUS_OK) {
        return status;
    }
    directory->last_run = (struct ext_run){};
    status = ext_change_fresh(
        mount, run.physical_block, ext_mark(kind, inode), inode->checksum_seed, entry_out);
    if (status != STATUS_OK) {
        return status;
    }
    inode->size_bytes += mount->geometry.block_bytes;
    *logical_out = logical_block;
    return STATUS_OK;
}

enum status ext_block_add(struct ext_mount *mount, const struct ext_inode *directory,
    struct block_cache_entry *block, const struct ext_new_entry *entry, bool *added_out)
{
    struct ext_entry_area area = ext_block_area(mount, directory, block);
    *added_out = ext_area_has_room(mount, &area, entry->stored.size_bytes);
    if (!*added_out) {
        return STATUS_OK;
    }
    enum status status = ext_change_block(mount, block);
    if (status == STATUS_OK) {
        ext_area_add(mount, &area, entry);
    }
    return status;
}

/* ---- Linear directories ---------------------------------------------------------------------- */

static enum status add_to_blocks(struct ext_mount *mount, struct ext_file *directory,
    const struct ext_new_entry *entry, bool *added_out)
{
    uint64_t block_count = directory->inode.size_bytes >> mount->geometry.block_shift;
    *added_out = false;
    for (uint64_t logical_block = 0; logical_block < block_count && !*added_out; logical_block++) {
        struct block_cache_entry *block;
        enum status status = ext_directory_pin_next(mount, directory, logical_block, &block);
        if (status != STATUS_OK) {
            return status;
        }
        status = ext_block_add(mount, &directory->inode, block, entry, added_out);
        block_cache_put(&mount->cache, block);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status add_in_new_block(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_new_entry *entry)
{
    uint64_t logical_block;
    struct block_cache_entry *block;
    enum status status =
        ext_directory_append(mount, directory, EXT_MARK_DIRECTORY_LATER, &logical_block, &block);
    if (status == STATUS_OK) {
        ext_block_clear(mount, block);
        struct ext_entry_area area = ext_block_area(mount, &directory->inode, block);
        ext_area_add(mount, &area, entry);
        block_cache_put(&mount->cache, block);
    }
    return status;
}

/* Only a directory of one block gets an index: it costs nothing yet to bring it in order. */
static enum status add_linear(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_new_entry *entry)
{
    bool added;
    enum status status = add_to_blocks(mount, directory, entry, &added);
    if (status != STATUS_OK || added) {
        return status;
    }
    bool one_block = directory->inode.size_bytes == mount->geometry.block_bytes;
    if (!one_block || !ext_has(mount, EXT_COMPAT, compat_directory_index)) {
        return add_in_new_block(mount, directory, entry);
    }
    status = ext_index_create(mount, directory);
    return status == STATUS_OK ? ext_index_add(mount, directory, entry) : status;
}

/* ---- All ways -------------------------------------------------------------------------------- */

static bool is_inline(const struct ext_inode *inode)
{
    return (inode->flags & inode_flag_inline_data) != 0;
}

enum status ext_entry_add(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_new_entry *entry)
{
    if (is_inline(&directory->inode)) {
        enum status status = ext_inline_directory_add(mount, &directory->inode, entry);
        if (status != STATUS_NO_SPACE) {
            return status;
        }
        status = ext_inline_directory_grow(mount, directory);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return ext_is_indexed(mount, &directory->inode) ? ext_index_add(mount, directory, entry)
                                                    : add_linear(mount, directory, entry);
}

/* The block of a place becomes part of the change. */
static enum status change_place(
    struct ext_mount *mount, const struct ext_inode *inode, const struct ext_entry_place *place)
{
    enum status status = ext_change_block(mount, place->entry);
    if (status == STATUS_OK && is_inline(inode)) {
        place->entry->owner_mark = ext_mark_of(EXT_MARK_INODES, 0);
    }
    return status;
}

static enum status place_changed(struct ext_mount *mount, struct ext_inode *inode)
{
    return is_inline(inode) ? ext_inline_directory_reload(mount, inode) : STATUS_OK;
}

enum status ext_entry_remove(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_entry_place *place)
{
    enum status status = change_place(mount, &directory->inode, place);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = place->area.bytes;
    store_le32(bytes + place->at + entry_inode, 0);
    if (place->previous_at != place->at) {
        uint32_t end = place->at + load_le16(bytes + place->at + entry_record_bytes);
        store_le16(
            bytes + place->previous_at + entry_record_bytes, (uint16_t)(end - place->previous_at));
    }
    return place_changed(mount, &directory->inode);
}

enum status ext_entry_redirect(struct ext_mount *mount, struct ext_file *directory,
    const struct ext_entry_place *place, const struct ext_inode *inode)
{
    enum status status = change_place(mount, &directory->inode, place);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = place->area.bytes + place->at;
    store_le32(bytes + entry_inode, (uint32_t)inode->number);
    if (ext_has(mount, EXT_INCOMPAT, incompat_filetype)) {
        bytes[entry_type] = (uint8_t)inode->type;
    }
    return place_changed(mount, &directory->inode);
}

/* ---- "." and ".." ---------------------------------------------------------------------------- */

constexpr uint32_t dot_record_bytes = 12;

/* They are stored as they are in any directory, without hashes. */
void ext_dots_write(const struct ext_mount *mount, const struct ext_entry_area *area,
    const struct ext_inode *inode, uint32_t parent_number)
{
    struct ext_entry_area plain = {.bytes = area->bytes, .size_bytes = area->size_bytes};
    struct ext_new_entry dot = {
        .stored = {.bytes = "..", .size_bytes = 1},
        .inode_number = (uint32_t)inode->number,
        .type = EXT_TYPE_DIRECTORY,
    };
    ext_record_write(mount, &plain, 0, dot_record_bytes, &dot);
    dot.stored.size_bytes = 2;
    dot.inode_number = parent_number;
    ext_record_write(mount, &plain, dot_record_bytes, area->size_bytes, &dot);
}

/* The first block of a directory that has none. */
enum status ext_directory_start_block(struct ext_mount *mount, struct ext_file *directory,
    uint32_t parent_number, struct block_cache_entry **entry_out)
{
    uint64_t logical_block;
    enum status status =
        ext_directory_append(mount, directory, EXT_MARK_DIRECTORY_FIRST, &logical_block, entry_out);
    if (status == STATUS_OK) {
        ext_block_clear(mount, *entry_out);
        struct ext_entry_area area = ext_block_area(mount, &directory->inode, *entry_out);
        ext_dots_write(mount, &area, &directory->inode, parent_number);
    }
    return status;
}

enum status ext_directory_start(
    struct ext_mount *mount, struct ext_file *directory, uint32_t parent_number)
{
    if (ext_has(mount, EXT_INCOMPAT, incompat_inline_data) &&
        !ext_is_encrypted(&directory->inode)) {
        enum status status = ext_inline_directory_start(mount, &directory->inode, parent_number);
        if (status != STATUS_NO_SPACE) {
            return status;
        }
    }
    directory->inode.size_bytes = 0;
    ext_map_init(mount, &directory->inode);
    struct block_cache_entry *block;
    enum status status = ext_directory_start_block(mount, directory, parent_number, &block);
    if (status == STATUS_OK) {
        block_cache_put(&mount->cache, block);
    }
    return status;
}

/* The number of the parent, in the second record of the first block, which is pinned. */
static enum status pin_parent(struct ext_mount *mount, struct ext_file *directory,
    struct block_cache_entry **entry_out, uint8_t **number_out)
{
    if (is_inline(&directory->inode)) {
        struct ext_inline_directory pieces;
        enum status status = ext_inline_directory_pin(mount, &directory->inode, &pieces);
        if (status == STATUS_OK) {
            *entry_out = pieces.entry;
            *number_out = pieces.parent;
        }
        return status;
    }
    enum status status = ext_directory_pin(mount, directory, 0, entry_out);
    if (status == STATUS_OK) {
        uint8_t *bytes = (*entry_out)->buffer.bytes;
        *number_out = bytes + load_le16(bytes + entry_record_bytes) + entry_inode;
    }
    return status;
}

enum status ext_parent_read(
    struct ext_mount *mount, struct ext_file *directory, uint64_t *number_out)
{
    struct block_cache_entry *entry;
    uint8_t *number;
    enum status status = pin_parent(mount, directory, &entry, &number);
    if (status == STATUS_OK) {
        *number_out = load_le32(number);
        block_cache_put(&mount->cache, entry);
    }
    return status;
}

enum status ext_parent_write(
    struct ext_mount *mount, struct ext_file *directory, uint32_t parent_number)
{
    struct ext_entry_place place = {};
    uint8_t *number;
    enum status status = pin_parent(mount, directory, &place.entry, &number);
    if (status != STATUS_OK) {
        return status;
    }
    status = change_place(mount, &directory->inode, &place);
    if (status == STATUS_OK) {
        store_le32(number, parent_number);
        status = place_changed(mount, &directory->inode);
    }
    block_cache_put(&mount->cache, place.entry);
    return status;
}

/* ---- Emptiness ------------------------------------------------------------------------------- */

/* Whether records from `at` on hold no entry; a block of the index holds none either. */
static bool is_empty(const struct ext_mount *mount, const struct ext_entry_area *area, uint32_t at)
{
    struct ext_record record;
    while (at < area->size_bytes && ext_record_parse(mount, area, at, &record)) {
        if (record.inode_number != 0) {
            return false;
        }
        at += record.record_bytes;
    }
    return at == area->size_bytes;
}

static enum status check_block_empty(
    struct ext_mount *mount, struct ext_file *directory, uint64_t logical_block)
{
    struct block_cache_entry *block;
    enum status status = ext_directory_pin(mount, directory, logical_block, &block);
    if (status != STATUS_OK) {
        return status;
    }
    struct ext_entry_area area = {
        .bytes = block->buffer.bytes,
        .size_bytes = mount->geometry.block_bytes,
    };
    uint32_t at = 0;
    if (logical_block == 0) {
        at = load_le16(area.bytes + entry_record_bytes);
        at += load_le16(area.bytes + at + entry_record_bytes);
    }
    bool empty = is_empty(mount, &area, at);
    block_cache_put(&mount->cache, block);
    return empty ? STATUS_OK : STATUS_NOT_EMPTY;
}

static enum status check_inline_empty(struct ext_mount *mount, const struct ext_inode *inode)
{
    struct ext_inline_directory pieces;
    enum status status = ext_inline_directory_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    bool empty = is_empty(mount, &pieces.areas[0], 0) && is_empty(mount, &pieces.areas[1], 0);
    block_cache_put(&mount->cache, pieces.entry);
    return empty ? STATUS_OK : STATUS_NOT_EMPTY;
}

enum status ext_directory_check_empty(struct ext_mount *mount, struct ext_file *directory)
{
    if (is_inline(&directory->inode)) {
        return check_inline_empty(mount, &directory->inode);
    }
    uint64_t block_count = directory->inode.size_bytes >> mount->geometry.block_shift;
    enum status status = STATUS_OK;
    for (uint64_t block = 0; block < block_count && status == STATUS_OK; block++) {
        status = check_block_empty(mount, directory, block);
    }
    return status;
}
