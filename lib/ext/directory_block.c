/* SPDX-License-Identifier: ISC */
/*
 * Blocks of directories, [ext4 Directory Entries] and [ext4 Hash Tree Directories]: each is checked
 * as a whole, checksum and structure, when it comes into memory, and marked as what it is.
 */
#include "casefold.h"
#include "directory.h"
#include "names.h"

static const struct ext_name name_dot = {.bytes = ".", .size_bytes = 1};
static const struct ext_name name_parent = {.bytes = "..", .size_bytes = 2};

/* What reserved inodes hold is no file; the root directory alone has entries that name it. */
static const char *number_fault(const struct ext_geometry *geometry, uint32_t number)
{
    if (number > geometry->inode_count) {
        return "directory entry names no inode";
    }
    bool reserved = number != 0 && number < geometry->first_inode && number != ext_root_number;
    return reserved ? "directory entry names a reserved inode" : nullptr;
}

const char *ext_area_fault(const struct ext_mount *mount, const struct ext_inode *directory,
    const struct ext_entry_area *area)
{
    uint32_t at = 0;
    while (at < area->size_bytes) {
        struct ext_record record;
        if (!ext_record_parse(mount, area, at, &record)) {
            return "directory entry size";
        }
        const char *fault = number_fault(&mount->geometry, record.inode_number);
        if (fault == nullptr && record.inode_number != 0) {
            fault = ext_stored_name_fault(
                directory, record.name, record.name_bytes, record.record_bytes);
        }
        if (fault != nullptr) {
            return fault;
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
    const struct ext_mount *mount, const struct ext_inode *inode, const struct ext_entry_area *area)
{
    struct ext_record dot;
    struct ext_record parent;
    if (!ext_record_parse(mount, area, 0, &dot) || !ext_record_is(&dot, name_dot) ||
        dot.inode_number != inode->number) {
        return "directory does not begin with itself";
    }
    if (!ext_record_parse(mount, area, dot.record_bytes, &parent) ||
        !ext_record_is(&parent, name_parent) || parent.inode_number == 0) {
        return "directory has no parent";
    }
    return nullptr;
}

/* Whether records end where the one with the checksum begins. */
static bool ends_at(const struct ext_entry_area *area, uint32_t end)
{
    uint32_t at = 0;
    while (at < end) {
        at += load_le16(area->bytes + at + entry_record_bytes);
    }
    return at == end;
}

/* The records of the area were found to be possible. */
static bool tail_valid(const struct ext_inode *inode, const struct ext_entry_area *area)
{
    uint32_t covered_bytes = area->size_bytes - entry_tail_bytes;
    const uint8_t *tail = area->bytes + covered_bytes;
    return ends_at(area, covered_bytes) && load_le32(tail + entry_inode) == 0 &&
           load_le16(tail + entry_record_bytes) == entry_tail_bytes &&
           tail[entry_name_bytes] == 0 && tail[entry_type] == entry_type_tail &&
           load_le32(tail + entry_tail_checksum) ==
               ext_checksum(inode->checksum_seed, area->bytes, covered_bytes);
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

static const char *index_root_fault(
    const struct ext_mount *mount, const struct ext_inode *inode, const uint8_t *block)
{
    uint32_t level_max = ext_has(mount, EXT_INCOMPAT, incompat_large_directory) ? 2 : 1;
    if (load_le32(block + index_root_reserved) != 0 ||
        block[index_root_info_bytes] != index_root_info_bytes_wanted) {
        return "hash tree root";
    }
    uint8_t version = block[index_root_hash_version];
    bool siphash = ext_is_encrypted(inode) && ext_ignores_case(inode);
    if (siphash ? version != EXT_HASH_SIPHASH : version > index_hash_version_max) {
        return "hash tree hash version";
    }
    if (block[index_root_level_count] > level_max) {
        return "hash tree depth";
    }
    struct index_entries entries = {
        .block = block,
        .at = index_root_entries,
        .room = ext_index_room(mount, index_root_entries),
    };
    return index_fault(mount, inode, entries);
}

/* A block of the index looks like one free record to those who do not know of it. */
static bool looks_like_node(const struct ext_mount *mount, const uint8_t *block)
{
    return load_le32(block + entry_inode) == 0 &&
           load_le16(block + entry_record_bytes) == mount->geometry.block_bytes;
}

static const char *node_fault(
    const struct ext_mount *mount, const struct ext_inode *inode, const uint8_t *block)
{
    struct index_entries entries = {
        .block = block,
        .at = index_node_entries,
        .room = ext_index_room(mount, index_node_entries),
    };
    return index_fault(mount, inode, entries);
}

/*
 * What is wrong with one block of a directory, and what it is. Index blocks carry their checksum in
 * a place of their own; without checksums nothing tells those below the root from an empty block.
 */
static const char *block_fault(const struct ext_mount *mount, const struct ext_inode *inode,
    uint64_t logical_block, uint8_t *block, enum ext_mark_kind *kind_out)
{
    struct ext_entry_area area = {.bytes = block, .size_bytes = mount->geometry.block_bytes};
    *kind_out = logical_block == 0 ? EXT_MARK_DIRECTORY_FIRST : EXT_MARK_DIRECTORY_LATER;
    const char *fault = ext_area_fault(mount, inode, &area);
    if (fault == nullptr && logical_block == 0) {
        fault = dots_fault(mount, inode, &area);
    }
    if (fault != nullptr) {
        return fault;
    }
    if (ext_is_indexed(mount, inode)) {
        if (logical_block == 0) {
            return index_root_fault(mount, inode, block);
        }
        if (ext_has_checksums(mount) && looks_like_node(mount, block)) {
            *kind_out = EXT_MARK_DIRECTORY_INDEX;
            return node_fault(mount, inode, block);
        }
    }
    if (ext_has_checksums(mount) && !tail_valid(inode, &area)) {
        return "directory block checksum";
    }
    return nullptr;
}

/* Maps and loads one block, and those that follow it if that says so. */
static enum status load_block(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, bool in_order, struct block_cache_entry **entry_out)
{
    struct ext_run run;
    enum status status = ext_map(mount, directory, logical_block, &run);
    if (status != STATUS_OK) {
        return status;
    }
    if (run.kind != EXT_RUN_DATA) {
        return ext_corrupt(mount, "hole in a directory", 0);
    }
    struct block_cache_run ahead = {
        .first = run.physical_block, .count = in_order ? run.block_count : 1};
    return block_cache_get_ahead(&mount->cache, run.physical_block, ahead, entry_out);
}

/* Whether the block was verified as part of this directory since it came into memory. */
static bool is_known(
    const struct block_cache_entry *entry, const struct ext_inode *inode, uint64_t logical_block)
{
    if (logical_block == 0) {
        return entry->owner_mark == ext_mark(EXT_MARK_DIRECTORY_FIRST, inode);
    }
    return entry->owner_mark == ext_mark(EXT_MARK_DIRECTORY_LATER, inode) ||
           entry->owner_mark == ext_mark(EXT_MARK_DIRECTORY_INDEX, inode);
}

static enum status refuse(
    struct ext_mount *mount, struct block_cache_entry *entry, const char *fault)
{
    enum status status = ext_corrupt(mount, fault, entry->block);
    block_cache_put(&mount->cache, entry);
    return status;
}

static enum status pin(struct ext_mount *mount, struct ext_file *directory, uint64_t logical_block,
    bool in_order, struct block_cache_entry **entry_out)
{
    struct block_cache_entry *entry;
    enum status status = load_block(mount, directory, logical_block, in_order, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    if (!is_known(entry, &directory->inode, logical_block)) {
        enum ext_mark_kind kind;
        const char *fault =
            block_fault(mount, &directory->inode, logical_block, entry->buffer.bytes, &kind);
        if (fault != nullptr) {
            return refuse(mount, entry, fault);
        }
        entry->owner_mark = ext_mark(kind, &directory->inode);
        entry->owner_seed = directory->inode.checksum_seed;
    }
    *entry_out = entry;
    return STATUS_OK;
}

enum status ext_directory_pin(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out)
{
    return pin(mount, directory, logical_block, false, entry_out);
}

enum status ext_directory_pin_next(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out)
{
    return pin(mount, directory, logical_block, true, entry_out);
}

/* A child that the index names, which must lie in the directory. */
static enum status pin_child(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out)
{
    uint64_t block_count = directory->inode.size_bytes >> mount->geometry.block_shift;
    if (logical_block == 0 || logical_block >= block_count) {
        return ext_corrupt(mount, "hash tree order", 0);
    }
    return ext_directory_pin(mount, directory, logical_block, entry_out);
}

enum status ext_index_pin_node(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out)
{
    struct block_cache_entry *entry;
    enum status status = pin_child(mount, directory, logical_block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t mark = ext_mark(EXT_MARK_DIRECTORY_INDEX, &directory->inode);
    if (entry->owner_mark != mark) {
        if (ext_has_checksums(mount) || !looks_like_node(mount, entry->buffer.bytes)) {
            return refuse(mount, entry, "block of entries in place of a hash tree's");
        }
        const char *fault = node_fault(mount, &directory->inode, entry->buffer.bytes);
        if (fault != nullptr) {
            return refuse(mount, entry, fault);
        }
        entry->owner_mark = mark;
    }
    *entry_out = entry;
    return STATUS_OK;
}

enum status ext_index_pin_leaf(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out)
{
    struct block_cache_entry *entry;
    enum status status = pin_child(mount, directory, logical_block, &entry);
    if (status == STATUS_OK &&
        entry->owner_mark == ext_mark(EXT_MARK_DIRECTORY_INDEX, &directory->inode)) {
        return refuse(mount, entry, "block of a hash tree's in place of entries");
    }
    if (status == STATUS_OK) {
        *entry_out = entry;
    }
    return status;
}
