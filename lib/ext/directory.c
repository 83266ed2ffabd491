/* SPDX-License-Identifier: ISC */
/*
 * Directories, [ext4 Directory Entries] and [ext4 Hash Tree Directories]. All blocks are walked in
 * order: the blocks of a hash tree's index look like entries without names to such a walk. A block
 * is checked as a whole, checksum and structure, before anything of it is shown.
 *
 * A cursor is the offset of an entry in the directory. In a directory inside its inode, which keeps
 * neither "." nor "..", 0 and 1 stand for these two and the offsets of real entries are 4 and more.
 */
#include <string.h>

#include "internal.h"

/* Bytes that hold entries, and where they begin in the directory. */
struct area {
    const uint8_t *bytes;
    uint32_t size_bytes;
    uint64_t offset_bytes;
};

/* One entry inside an area. */
struct record {
    const char *name;
    uint32_t inode_number; /* 0: the record is free */
    uint32_t record_bytes;
    uint8_t name_bytes;
    uint8_t type;
};

/* Reads the record at `at`; false if it does not fit there. */
static bool parse_record(
    const struct ext_mount *mount, const struct area *area, uint32_t at, struct record *record_out)
{
    if (at > area->size_bytes || area->size_bytes - at < entry_header_bytes) {
        return false;
    }
    const uint8_t *bytes = area->bytes + at;
    struct record record = {
        .name = (const char *)bytes + entry_header_bytes,
        .inode_number = load_le32(bytes + entry_inode),
        .record_bytes = load_le16(bytes + entry_record_bytes),
        .name_bytes = bytes[entry_name_bytes],
        .type = bytes[entry_type],
    };
    bool has_type = ext_has(mount, EXT_INCOMPAT, incompat_filetype);
    if (!has_type && record.type != 0) {
        return false; /* There it is the upper half of the length of the name. */
    }
    if (record.record_bytes < entry_header_bytes + 4 || !is_aligned(record.record_bytes, 4) ||
        record.record_bytes > area->size_bytes - at ||
        record.name_bytes > record.record_bytes - entry_header_bytes) {
        return false;
    }
    *record_out = record;
    return true;
}

static bool name_valid(const struct record *record)
{
    for (uint32_t index = 0; index < record->name_bytes; index++) {
        if (record->name[index] == '/' || record->name[index] == '\0') {
            return false;
        }
    }
    return record->name_bytes > 0;
}

static bool name_is(const struct record *record, const char *name, uint32_t name_bytes)
{
    return record->name_bytes == name_bytes && memcmp(record->name, name, name_bytes) == 0;
}

/* Whether the records fill the area and each of them is possible. */
static const char *records_fault(const struct ext_mount *mount, const struct area *area)
{
    uint32_t at = 0;
    while (at < area->size_bytes) {
        struct record record;
        if (!parse_record(mount, area, at, &record)) {
            return "directory entry size";
        }
        if (record.inode_number > mount->geometry.inode_count) {
            return "directory entry names no inode";
        }
        if (record.inode_number != 0 && !name_valid(&record)) {
            return "name of a directory entry";
        }
        if (record.inode_number != 0 && record.type >= EXT_TYPE_COUNT) {
            return "type of a directory entry";
        }
        at += record.record_bytes;
    }
    return nullptr;
}

/* A directory begins with itself and its parent. */
static const char *dots_fault(
    const struct ext_mount *mount, const struct ext_inode *inode, const struct area *area)
{
    struct record dot;
    struct record parent;
    if (!parse_record(mount, area, 0, &dot) || !name_is(&dot, ".", 1) ||
        dot.inode_number != inode->number) {
        return "directory does not begin with itself";
    }
    if (!parse_record(mount, area, dot.record_bytes, &parent) || !name_is(&parent, "..", 2) ||
        parent.inode_number == 0) {
        return "directory has no parent";
    }
    return nullptr;
}

static bool tail_valid(const struct ext_inode *inode, const uint8_t *block, uint32_t block_bytes)
{
    uint32_t covered_bytes = block_bytes - entry_tail_bytes;
    const uint8_t *tail = block + covered_bytes;
    return load_le32(tail + entry_inode) == 0 &&
           load_le16(tail + entry_record_bytes) == entry_tail_bytes &&
           tail[entry_name_bytes] == 0 && tail[entry_type] == entry_type_tail &&
           load_le32(tail + entry_tail_checksum) ==
               ext_checksum(inode->checksum_seed, block, covered_bytes);
}

/* Entries of a hash tree's index in a block: their place and how many may fit. */
struct index_entries {
    const uint8_t *block;
    size_t at;
    uint32_t room;
};

/* The first 8 bytes of the array are limit, count and the first child; hashes begin with 1. */
static const char *index_fault(
    const struct ext_mount *mount, const struct ext_inode *inode, struct index_entries entries)
{
    const uint8_t *array = entries.block + entries.at;
    uint32_t limit = load_le16(array);
    uint32_t count = load_le16(array + 2);
    if (limit != entries.room || count == 0 || count > limit) {
        return "hash tree entry count";
    }
    if (ext_has_checksums(mount)) {
        static const uint8_t zero[4] = {};
        const uint8_t *tail = array + (size_t)limit * index_entry_bytes;
        size_t covered_bytes = entries.at + (size_t)count * index_entry_bytes;
        uint32_t checksum = ext_checksum(inode->checksum_seed, entries.block, covered_bytes);
        checksum = ext_checksum(checksum, tail, 4);
        checksum = ext_checksum(checksum, zero, sizeof zero);
        if (checksum != load_le32(tail + 4)) {
            return "hash tree checksum";
        }
    }
    uint64_t block_count = inode->size_bytes >> mount->geometry.block_shift;
    uint32_t previous_hash = 0;
    for (uint32_t index = 0; index < count; index++) {
        const uint8_t *entry = array + (size_t)index * index_entry_bytes;
        uint32_t hash = index == 0 ? 0 : load_le32(entry);
        uint32_t child = load_le32(entry + 4) & index_block_mask;
        if (child == 0 || child >= block_count || hash < previous_hash) {
            return "hash tree order";
        }
        previous_hash = hash;
    }
    return nullptr;
}

static uint32_t index_room(const struct ext_mount *mount, size_t at)
{
    uint32_t tail_bytes = ext_has_checksums(mount) ? index_tail_bytes : 0;
    return (mount->geometry.block_bytes - (uint32_t)at - tail_bytes) / index_entry_bytes;
}

static const char *index_root_fault(
    const struct ext_mount *mount, const struct ext_inode *inode, const uint8_t *block)
{
    uint32_t level_max = ext_has(mount, EXT_INCOMPAT, incompat_large_directory) ? 2 : 1;
    if (load_le32(block + index_root_reserved) != 0 ||
        block[index_root_info_bytes] != index_root_info_bytes_wanted) {
        return "hash tree root";
    }
    if (block[index_root_hash_version] > index_hash_version_max) {
        return "hash tree hash version";
    }
    if (block[index_root_level_count] > level_max) {
        return "hash tree depth";
    }
    struct index_entries entries = {
        .block = block,
        .at = index_root_entries,
        .room = index_room(mount, index_root_entries),
    };
    return index_fault(mount, inode, entries);
}

/* The flag means nothing on a volume without the feature. */
static bool is_indexed(const struct ext_mount *mount, const struct ext_inode *inode)
{
    return (inode->flags & inode_flag_indexed) != 0 &&
           ext_has(mount, EXT_COMPAT, compat_directory_index);
}

/*
 * What is wrong with one block of a directory. Index blocks carry their checksum in a place of
 * their own: the root is the first block, another is one free record as long as the block.
 */
static const char *block_fault(const struct ext_mount *mount, const struct ext_inode *inode,
    uint64_t logical_block, const uint8_t *block)
{
    uint32_t block_bytes = mount->geometry.block_bytes;
    struct area area = {.bytes = block, .size_bytes = block_bytes};
    const char *fault = records_fault(mount, &area);
    if (fault == nullptr && logical_block == 0) {
        fault = dots_fault(mount, inode, &area);
    }
    if (fault != nullptr) {
        return fault;
    }
    if (is_indexed(mount, inode)) {
        if (logical_block == 0) {
            return index_root_fault(mount, inode, block);
        }
        bool index_node = load_le32(block + entry_inode) == 0 &&
                          load_le16(block + entry_record_bytes) == block_bytes;
        if (index_node && ext_has_checksums(mount)) {
            struct index_entries entries = {
                .block = block,
                .at = index_node_entries,
                .room = index_room(mount, index_node_entries),
            };
            return index_fault(mount, inode, entries);
        }
    }
    if (ext_has_checksums(mount) && !tail_valid(inode, block, block_bytes)) {
        return "directory block checksum";
    }
    return nullptr;
}

/* Maps, loads and checks one block of a directory. */
static enum status pin_block(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out)
{
    struct ext_run run;
    enum status status = ext_map(mount, directory, logical_block, &run);
    if (status != STATUS_OK) {
        return status;
    }
    if (run.kind != EXT_RUN_DATA) {
        return ext_corrupt(mount, "hole in a directory", 0);
    }
    struct block_cache_entry *entry;
    status = block_cache_get(&mount->cache, run.physical_block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t mark =
        ext_mark(logical_block == 0 ? EXT_MARK_DIRECTORY_FIRST : EXT_MARK_DIRECTORY_LATER,
            &directory->inode);
    if (entry->owner_mark != mark) {
        const char *fault =
            block_fault(mount, &directory->inode, logical_block, entry->buffer.bytes);
        if (fault != nullptr) {
            block_cache_put(&mount->cache, entry);
            return ext_corrupt(mount, fault, run.physical_block);
        }
        entry->owner_mark = mark;
    }
    *entry_out = entry;
    return STATUS_OK;
}

/* A walk over entries; `stopped` as soon as the visitor wants no more. */
struct walk {
    struct ext_mount *mount;
    struct ext_visitor visitor;
    uint64_t cursor;
    bool stopped;
};

/* Shows the entries of one area that are at the cursor or after it. */
static enum status walk_area(struct walk *walk, const struct area *area, uint64_t block)
{
    uint32_t at = 0;
    while (at < area->size_bytes && !walk->stopped) {
        struct record record;
        if (!parse_record(walk->mount, area, at, &record)) {
            return ext_corrupt(walk->mount, "directory entry size", block);
        }
        uint64_t offset_bytes = area->offset_bytes + at;
        at += record.record_bytes;
        if (record.inode_number == 0 || offset_bytes < walk->cursor) {
            continue;
        }
        struct ext_entry entry = {
            .inode_number = record.inode_number,
            .next_cursor = area->offset_bytes + at,
            .name = record.name,
            .name_bytes = record.name_bytes,
            .type = (enum ext_type)record.type,
        };
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
        enum status status = pin_block(mount, directory, logical_block, &entry);
        if (status != STATUS_OK) {
            return status;
        }
        struct area area = {
            .bytes = entry->buffer.bytes,
            .size_bytes = mount->geometry.block_bytes,
            .offset_bytes = logical_block << shift,
        };
        status = walk_area(walk, &area, entry->block);
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

static enum status walk_pieces(
    struct walk *walk, const struct ext_inode *inode, const struct ext_inline *pieces)
{
    uint32_t parent = load_le32(pieces->first);
    if (parent == 0 || parent > walk->mount->geometry.inode_count) {
        return ext_corrupt(walk->mount, "directory has no parent", pieces->entry->block);
    }
    struct area areas[2] = {
        {.bytes = pieces->first + inline_directory_parent_bytes,
            .size_bytes = pieces->first_bytes - inline_directory_parent_bytes,
            .offset_bytes = inline_directory_parent_bytes},
        {.bytes = pieces->second,
            .size_bytes = pieces->second_bytes,
            .offset_bytes = pieces->first_bytes},
    };
    for (uint32_t index = 0; index < 2; index++) {
        const char *fault = records_fault(walk->mount, &areas[index]);
        if (fault != nullptr) {
            return ext_corrupt(walk->mount, fault, pieces->entry->block);
        }
    }
    show_dot(walk, 0, inode->number);
    show_dot(walk, 1, parent);
    enum status status = STATUS_OK;
    for (uint32_t index = 0; index < 2 && status == STATUS_OK; index++) {
        status = walk_area(walk, &areas[index], pieces->entry->block);
    }
    return status;
}

static enum status walk_inline(struct walk *walk, const struct ext_inode *inode)
{
    struct ext_inline pieces;
    enum status status = ext_inline_pin(walk->mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    status = walk_pieces(walk, inode, &pieces);
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
    struct walk walk = {.mount = mount, .visitor = visitor, .cursor = cursor};
    bool inline_data = (directory->inode.flags & inode_flag_inline_data) != 0;
    status = inline_data ? walk_inline(&walk, &directory->inode) : walk_blocks(&walk, directory);
    if (status != STATUS_OK) {
        return status;
    }
    return walk.stopped ? STATUS_OK : STATUS_END;
}

struct search {
    const char *name;
    uint32_t name_bytes;
    uint64_t number;
};

static bool compare_name(void *context, const struct ext_entry *entry)
{
    struct search *search = context;
    if (entry->name_bytes != search->name_bytes ||
        memcmp(entry->name, search->name, search->name_bytes) != 0) {
        return true;
    }
    search->number = entry->inode_number;
    return false;
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
    struct search search = {.name = name, .name_bytes = name_bytes};
    struct ext_visitor visitor = {.visit = compare_name, .context = &search};
    enum status status = ext_read_directory(mount, directory, 0, visitor);
    if (status == STATUS_END) {
        return STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        *number_out = search.number;
    }
    return status;
}
