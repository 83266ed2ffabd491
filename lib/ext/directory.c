/* SPDX-License-Identifier: ISC */
/*
 * Directories: showing all their entries, finding one. All blocks are walked in order: the blocks
 * of a hash tree's index look like entries without names to such a walk. One name is found through
 * the index where there is one.
 *
 * A cursor is the offset of an entry in the directory. In a directory inside its inode, which keeps
 * neither "." nor "..", 0 and 1 stand for these two and the offsets of real entries are 4 and more.
 */
#include "directory.h"

#include "names.h"

/* A walk over entries; `stopped` as soon as the visitor wants no more. */
struct walk {
    struct ext_mount *mount;
    struct ext_visitor visitor;
    struct ext_names names;
    uint64_t cursor;
    bool stopped;
};

/* Shows the entries of one area that are at the cursor or after it. */
static enum status walk_area(struct walk *walk, const struct ext_entry_area *area,
    uint64_t area_offset_bytes, uint64_t block)
{
    uint32_t at = 0;
    while (at < area->size_bytes && !walk->stopped) {
        struct ext_record record;
        if (!ext_record_parse(walk->mount, area, at, &record)) {
            return ext_corrupt(walk->mount, "directory entry size", block);
        }
        uint64_t offset_bytes = area_offset_bytes + at;
        at += record.record_bytes;
        if (record.inode_number == 0 || offset_bytes < walk->cursor) {
            continue;
        }
        struct ext_entry entry = {
            .inode_number = record.inode_number,
            .next_cursor = area_offset_bytes + at,
            .name = record.name,
            .name_bytes = record.name_bytes,
            .type = (enum ext_type)record.type,
        };
        enum status status = ext_names_show(&walk->names, &entry.name, &entry.name_bytes, block);
        if (status != STATUS_OK) {
            return status;
        }
        walk->stopped = !walk->visitor.visit(walk->visitor.context, &entry);
    }
    return STATUS_OK;
}

static enum status walk_blocks(struct walk *walk, struct ext_file *directory)
{
    struct ext_mount *mount = walk->mount;
    uint32_t shift = mount->geometry.block_shift;
    uint64_t block_count = directory->inode.size_bytes >> shift;
    for (uint64_t logical_block = walk->cursor >> shift;
        logical_block < block_count && !walk->stopped; logical_block++) {
        struct block_cache_entry *entry;
        enum status status = ext_directory_pin_next(mount, directory, logical_block, &entry);
        if (status != STATUS_OK) {
            return status;
        }
        struct ext_entry_area area = {
            .bytes = entry->buffer.bytes,
            .size_bytes = mount->geometry.block_bytes,
        };
        status = walk_area(walk, &area, logical_block << shift, entry->block);
        block_cache_put(&mount->cache, entry);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static void show_dot(struct walk *walk, uint64_t cursor, uint64_t number)
{
    if (walk->stopped || walk->cursor > cursor) {
        return;
    }
    struct ext_entry entry = {
        .inode_number = number,
        .next_cursor = cursor + 1,
        .name = "..",
        .name_bytes = (uint32_t)cursor + 1,
        .type = EXT_TYPE_DIRECTORY,
    };
    walk->stopped = !walk->visitor.visit(walk->visitor.context, &entry);
}

static enum status walk_inline(struct walk *walk, const struct ext_inode *inode)
{
    struct ext_inline_directory pieces;
    enum status status = ext_inline_directory_pin(walk->mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    show_dot(walk, 0, inode->number);
    show_dot(walk, 1, load_le32(pieces.parent));
    for (uint32_t index = 0; index < 2 && status == STATUS_OK; index++) {
        status =
            walk_area(walk, &pieces.areas[index], pieces.offset_bytes[index], pieces.entry->block);
    }
    block_cache_put(&walk->mount->cache, pieces.entry);
    return status;
}

enum status ext_read_directory(struct ext_mount *mount, struct ext_file *directory, uint64_t cursor,
    struct ext_visitor visitor)
{
    enum status status = ext_refresh(mount, directory);
    if (status != STATUS_OK) {
        return status;
    }
    if (directory->inode.type != EXT_TYPE_DIRECTORY) {
        return STATUS_NOT_DIRECTORY;
    }
    struct walk walk = {.mount = mount,
        .visitor = visitor,
        .names = ext_names_of(mount, &directory->inode),
        .cursor = cursor};
    bool inline_data = (directory->inode.flags & inode_flag_inline_data) != 0;
    status = inline_data ? walk_inline(&walk, &directory->inode) : walk_blocks(&walk, directory);
    if (status != STATUS_OK) {
        return status;
    }
    return walk.stopped ? STATUS_OK : STATUS_END;
}

/* ---- One name -------------------------------------------------------------------------------- */

/* All comparing of names is here. */
static enum status compare(
    const struct ext_record *record, struct ext_name name, uint64_t block, bool *equal_out)
{
    if (name.folding == nullptr) {
        *equal_out = ext_record_is(record, name);
        return STATUS_OK;
    }
    struct ext_name stored = {.bytes = record->name, .size_bytes = record->name_bytes};
    return ext_names_alike(stored, name, block, equal_out);
}

enum status ext_area_find(struct ext_mount *mount, const struct ext_entry_area *area,
    struct ext_name name, struct ext_entry_place *place)
{
    uint32_t previous_at = 0;
    uint32_t at = 0;
    while (at < area->size_bytes) {
        struct ext_record record;
        if (!ext_record_parse(mount, area, at, &record)) {
            return ext_corrupt(mount, "directory entry size", place->entry->block);
        }
        bool equal = false;
        if (record.inode_number != 0) {
            enum status status = compare(&record, name, place->entry->block, &equal);
            if (status != STATUS_OK) {
                return status;
            }
        }
        if (equal) {
            place->area = *area;
            place->at = at;
            place->previous_at = previous_at;
            place->inode_number = record.inode_number;
            return STATUS_OK;
        }
        previous_at = at;
        at += record.record_bytes;
    }
    return STATUS_NOT_FOUND;
}

/* Looks into a pinned block, which stays pinned only if the name is there. */
static enum status find_in_block(struct ext_mount *mount, const struct ext_entry_area *area,
    struct ext_name name, struct ext_entry_place *place)
{
    enum status status = ext_area_find(mount, area, name, place);
    if (status != STATUS_OK) {
        block_cache_put(&mount->cache, place->entry);
    }
    return status;
}

/* In the first `block_count` blocks. */
static enum status find_in_blocks(struct ext_mount *mount, struct ext_file *directory,
    uint64_t block_count, struct ext_name name, struct ext_entry_place *place)
{
    enum status status = STATUS_NOT_FOUND;
    for (uint64_t block = 0; block < block_count && status == STATUS_NOT_FOUND; block++) {
        status = ext_directory_pin_next(mount, directory, block, &place->entry);
        if (status == STATUS_OK) {
            struct ext_entry_area area = ext_block_area(mount, &directory->inode, place->entry);
            status = find_in_block(mount, &area, name, place);
        }
    }
    return status;
}

/* The two entries in the root of an index, which fill its block. */
static enum status find_dots(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, struct ext_entry_place *place)
{
    enum status status = ext_directory_pin(mount, directory, 0, &place->entry);
    if (status != STATUS_OK) {
        return status;
    }
    struct ext_entry_area area = {
        .bytes = place->entry->buffer.bytes,
        .size_bytes = mount->geometry.block_bytes,
    };
    return find_in_block(mount, &area, name, place);
}

static enum status find_in_index(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, struct ext_entry_place *place)
{
    struct ext_index_path path;
    enum status status = ext_index_descend(mount, directory, name, &path);
    if (status != STATUS_OK) {
        return status;
    }
    do {
        status = ext_index_pin_leaf(mount, directory, ext_index_leaf(&path), &place->entry);
        if (status == STATUS_OK) {
            struct ext_entry_area area = ext_block_area(mount, &directory->inode, place->entry);
            status = find_in_block(mount, &area, name, place);
        }
        if (status != STATUS_NOT_FOUND) {
            break;
        }
        status = ext_index_next(mount, directory, &path);
    } while (status == STATUS_OK);
    ext_index_release(mount, &path);
    return status == STATUS_END ? STATUS_NOT_FOUND : status;
}

enum status ext_entry_find(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, struct ext_entry_place *place_out)
{
    struct ext_entry_place place = {};
    enum status status;
    if ((directory->inode.flags & inode_flag_inline_data) != 0) {
        status = ext_inline_directory_find(mount, &directory->inode, name, &place);
    } else if (!ext_is_indexed(mount, &directory->inode)) {
        uint64_t block_count = directory->inode.size_bytes >> mount->geometry.block_shift;
        status = find_in_blocks(mount, directory, block_count, name, &place);
    } else if (ext_name_is_dot(name.bytes, name.size_bytes)) {
        status = find_dots(mount, directory, name, &place);
    } else {
        status = find_in_index(mount, directory, name, &place);
    }
    if (status == STATUS_OK) {
        *place_out = place;
    }
    return status;
}

/* The two names that a directory inside its inode does not keep. */
static enum status find_inline_dots(struct ext_mount *mount, const struct ext_inode *directory,
    struct ext_name name, uint64_t *number_out)
{
    if (name.size_bytes == 1) {
        *number_out = directory->number;
        return STATUS_OK;
    }
    struct ext_inline_directory pieces;
    enum status status = ext_inline_directory_pin(mount, directory, &pieces);
    if (status == STATUS_OK) {
        *number_out = load_le32(pieces.parent);
        block_cache_put(&mount->cache, pieces.entry);
    }
    return status;
}

static enum status find_number(
    struct ext_mount *mount, struct ext_file *directory, struct ext_name name, uint64_t *number_out)
{
    struct ext_entry_place place;
    enum status status = ext_entry_find(mount, directory, name, &place);
    if (status == STATUS_OK) {
        *number_out = place.inode_number;
        block_cache_put(&mount->cache, place.entry);
    }
    return status;
}

static enum status find_dots_by_kind(
    struct ext_mount *mount, struct ext_file *directory, struct ext_name name, uint64_t *number_out)
{
    return (directory->inode.flags & inode_flag_inline_data) != 0
               ? find_inline_dots(mount, &directory->inode, name, number_out)
               : find_number(mount, directory, name, number_out);
}

enum status ext_lookup(struct ext_mount *mount, struct ext_file *directory, const char *name,
    uint32_t name_bytes, uint64_t *number_out)
{
    if (name_bytes == 0) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (name_bytes > ext_name_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    enum status status = ext_refresh(mount, directory);
    if (status != STATUS_OK) {
        return status;
    }
    if (directory->inode.type != EXT_TYPE_DIRECTORY) {
        return STATUS_NOT_DIRECTORY;
    }
    struct ext_name wanted = {.bytes = name, .size_bytes = name_bytes};
    if (ext_name_is_dot(name, name_bytes)) {
        return find_dots_by_kind(mount, directory, wanted, number_out);
    }
    struct ext_names names = ext_names_of(mount, &directory->inode);
    status = ext_names_stored(&names, &wanted);
    if (status == STATUS_OK) {
        status = find_number(mount, directory, wanted, number_out);
    }
    return status == STATUS_OK ? ext_names_check_child(&names, *number_out) : status;
}
