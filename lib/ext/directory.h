/* SPDX-License-Identifier: ISC */
/*
 * Directories: records in areas of bytes, blocks of them, the hash tree above the blocks. Private
 * to lib/ext.
 *
 * A directory is linear, indexed (a hash tree tells in which block a name is, and a tree that lies
 * is CORRUPT, never walked around) or inside its inode. Only ext_entry_find and the functions for
 * writing know which.
 */
#pragma once

#include <string.h>

#include "casefold.h"
#include "crypt.h"
#include "transaction.h"

/* ---- Records --------------------------------------------------------------------------------- */

/* Bytes that hold records, one after the other, filled by them. */
struct ext_entry_area {
    uint8_t *bytes;
    uint32_t size_bytes;
    uint32_t hash_bytes; /* that a record has behind its name, only known to those who change it */
};

struct ext_record {
    const char *name;
    uint32_t inode_number; /* 0: the record is free */
    uint32_t record_bytes;
    uint8_t name_bytes;
    uint8_t type;
};

constexpr uint32_t record_bytes_min = entry_header_bytes + 4;

/* Where the name of a record ends, with what fills its last word. */
static inline uint32_t ext_record_name_end(uint32_t name_bytes)
{
    return (uint32_t)align_up(entry_header_bytes + name_bytes, 4);
}

/* What a record with a name of that length takes. */
static inline uint32_t ext_record_bytes(const struct ext_entry_area *area, uint32_t name_bytes)
{
    return ext_record_name_end(name_bytes) + area->hash_bytes;
}

/* What the records of a directory have behind their names. */
static inline uint32_t ext_record_hash_bytes(const struct ext_inode *directory)
{
    return ext_is_encrypted(directory) && ext_ignores_case(directory) ? entry_hash_bytes : 0;
}

/* Reads the record at `at`; false if it does not fit there. */
static inline bool ext_record_parse(const struct ext_mount *mount,
    const struct ext_entry_area *area, uint32_t at, struct ext_record *record_out)
{
    if (at > area->size_bytes || area->size_bytes - at < record_bytes_min) {
        return false;
    }
    const uint8_t *bytes = area->bytes + at;
    struct ext_record record = {
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
    if (record.record_bytes < record_bytes_min || !is_aligned(record.record_bytes, 4) ||
        record.record_bytes > area->size_bytes - at ||
        record.name_bytes > record.record_bytes - entry_header_bytes) {
        return false;
    }
    *record_out = record;
    return true;
}

/* Whether a record has the name, byte for byte. */
static inline bool ext_record_is(const struct ext_record *record, struct ext_name name)
{
    return record->name_bytes == name.size_bytes &&
           memcmp(record->name, name.bytes, name.size_bytes) == 0;
}

/* Whether the records fill the area and each of them is possible: a fault, or nullptr. */
const char *ext_area_fault(const struct ext_mount *mount, const struct ext_inode *directory,
    const struct ext_entry_area *area);

/* ---- Blocks: directory_block.c --------------------------------------------------------------- */

/* The flag means nothing on a volume without the feature. */
static inline bool ext_is_indexed(const struct ext_mount *mount, const struct ext_inode *inode)
{
    return (inode->flags & inode_flag_indexed) != 0 &&
           ext_has(mount, EXT_COMPAT, compat_directory_index);
}

/* What of a block can hold records: all but the record with its checksum. */
static inline struct ext_entry_area ext_block_area(const struct ext_mount *mount,
    const struct ext_inode *directory, const struct block_cache_entry *entry)
{
    uint32_t tail_bytes = ext_has_checksums(mount) ? entry_tail_bytes : 0;
    return (struct ext_entry_area){
        .bytes = entry->buffer.bytes,
        .size_bytes = mount->geometry.block_bytes - tail_bytes,
        .hash_bytes = ext_record_hash_bytes(directory),
    };
}

/* The children that a block of the index has room for, if its array begins at `at`. */
static inline uint32_t ext_index_room(const struct ext_mount *mount, size_t at)
{
    uint32_t tail_bytes = ext_has_checksums(mount) ? index_tail_bytes : 0;
    return (mount->geometry.block_bytes - (uint32_t)at - tail_bytes) / index_entry_bytes;
}

/* One block of a directory, verified as what it looks like, pinned. */
enum status ext_directory_pin(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out);

/* The same for a walk over all blocks: those that follow are read ahead. */
enum status ext_directory_pin_next(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out);

/* A block below the root of the index, verified as such, pinned. */
enum status ext_index_pin_node(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out);

/* A block of entries of an indexed directory, pinned. */
enum status ext_index_pin_leaf(struct ext_mount *mount, struct ext_file *directory,
    uint64_t logical_block, struct block_cache_entry **entry_out);

/* ---- Hashes: hash.c -------------------------------------------------------------------------- */

/* The numbers are those of the medium, which keeps apart signed and unsigned in another place. */
enum ext_hash_version : uint32_t {
    EXT_HASH_LEGACY,
    EXT_HASH_HALF_MD4,
    EXT_HASH_TEA,
    EXT_HASH_LEGACY_UNSIGNED,
    EXT_HASH_HALF_MD4_UNSIGNED,
    EXT_HASH_TEA_UNSIGNED,
    EXT_HASH_VERSION_COUNT,
    EXT_HASH_SIPHASH = EXT_HASH_VERSION_COUNT, /* of encrypted names that ignore case */
};

struct ext_hash {
    uint32_t major; /* the order of the index; its lowest bit is clear */
    uint32_t minor;
};

/* In the index: the block goes on with the hash that the block before it ends with. */
constexpr uint32_t ext_hash_continued = 1;

/* What a record of a verified block has behind its name, where it has that. */
static inline struct ext_hash ext_record_stored_hash(const struct ext_record *record)
{
    const char *name = record->name;
    const char *hash = name + (ext_record_name_end(record->name_bytes) - entry_header_bytes);
    return (struct ext_hash){
        .major = load_le32((const uint8_t *)hash + entry_hash_major) & ~ext_hash_continued,
        .minor = load_le32((const uint8_t *)hash + entry_hash_minor),
    };
}

/* The hash of a name as it stands; `seed` has ext_hash_seed_words words. */
struct ext_hash ext_hash_bytes(
    const uint32_t *seed, enum ext_hash_version version, struct ext_name name);

/* The hash of a name in one directory, by the version in the root of its index. */
enum status ext_name_hash(struct ext_mount *mount, const struct ext_inode *directory,
    uint32_t version, struct ext_name name, struct ext_hash *hash_out);

/* The same of a record, which has it behind its name where no other could be computed. */
enum status ext_record_hash(struct ext_mount *mount, const struct ext_inode *directory,
    uint32_t version, const struct ext_record *record, struct ext_hash *hash_out);

/* ---- The index: index.c ---------------------------------------------------------------------- */

/* Blocks of the index above a leaf; the last one only with large_dir. */
constexpr uint32_t ext_index_level_max = 3;

/* A block of the index on the way to a leaf, pinned, and which child was chosen. */
struct ext_index_level {
    struct block_cache_entry *entry;
    uint8_t *children; /* limit, count and the first child in 8 bytes, then hash and child each */
    uint32_t count;
    uint32_t at;
};

struct ext_index_path {
    struct ext_index_level levels[ext_index_level_max]; /* the root first */
    uint32_t level_count;
    uint32_t hash_version;
    uint32_t hash; /* that was looked for */
};

/* Goes down to where the name belongs. Give the path back with ext_index_release. */
enum status ext_index_descend(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, struct ext_index_path *path_out);

void ext_index_release(struct ext_mount *mount, const struct ext_index_path *path);

/* The leaf that a path leads to. */
uint64_t ext_index_leaf(const struct ext_index_path *path);

/* Moves to the next leaf if that goes on with the same hash; else END. */
enum status ext_index_next(
    struct ext_mount *mount, struct ext_file *directory, struct ext_index_path *path);

static inline uint32_t ext_index_hash(const uint8_t *children, uint32_t at)
{
    return load_le32(children + (size_t)at * index_entry_bytes);
}

static inline uint32_t ext_index_child(const uint8_t *children, uint32_t at)
{
    return load_le32(children + (size_t)at * index_entry_bytes + 4) & index_block_mask;
}

/* ---- Finding: directory.c -------------------------------------------------------------------- */

/* Where an entry is; `entry` is pinned. */
struct ext_entry_place {
    struct block_cache_entry *entry;
    struct ext_entry_area area;
    uint32_t at;
    uint32_t previous_at; /* the record before it; `at` if it is the first of its area */
    uint32_t inode_number;
};

/* The record with the name in an area of place->entry; NOT_FOUND. */
enum status ext_area_find(struct ext_mount *mount, const struct ext_entry_area *area,
    struct ext_name name, struct ext_entry_place *place);

/*
 * The entry of a name; NOT_FOUND. ".." too, but not in a directory inside its inode, which has no
 * such entry. Give place_out->entry back.
 */
enum status ext_entry_find(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, struct ext_entry_place *place_out);

/* ---- Inside the inode: inline_directory.c ---------------------------------------------------- */

/* The pieces of a directory inside its inode, verified. */
struct ext_inline_directory {
    struct block_cache_entry *entry; /* pinned: the block of the inode table */
    uint8_t *parent;                 /* the parent's number, 32 bits */
    struct ext_entry_area areas[2];
    uint64_t offset_bytes[2]; /* of the areas in the directory */
};

enum status ext_inline_directory_pin(struct ext_mount *mount, const struct ext_inode *inode,
    struct ext_inline_directory *pieces_out);

enum status ext_inline_directory_find(struct ext_mount *mount, const struct ext_inode *inode,
    struct ext_name name, struct ext_entry_place *place);

/* ---- Changing: directory_write.c ------------------------------------------------------------- */

/*
 * All inside a change. `directory` was opened in it; its inode is modified and the caller stores
 * it. A place stays pinned; it means nothing once the directory was changed.
 */
struct ext_new_entry {
    struct ext_name name;   /* as it is looked for; it is not in the directory */
    struct ext_name stored; /* as it is stored */
    struct ext_hash hash;   /* where that is stored too */
    uint32_t inode_number;
    enum ext_type type;
};

/* NO_SPACE, also if the index has no room; TOO_LARGE if the directory cannot grow. */
enum status ext_entry_add(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_new_entry *entry);

enum status ext_entry_remove(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_entry_place *place);

/* The name leads to another inode. */
enum status ext_entry_redirect(struct ext_mount *mount, struct ext_file *directory,
    const struct ext_entry_place *place, const struct ext_inode *inode);

/* The first contents of a new directory, whose inode is stored with any size. */
enum status ext_directory_start(
    struct ext_mount *mount, struct ext_file *directory, uint32_t parent_number);

/* As above, in a block, which is empty, pinned. */
enum status ext_directory_start_block(struct ext_mount *mount, struct ext_file *directory,
    uint32_t parent_number, struct block_cache_entry **entry_out);

enum status ext_parent_read(
    struct ext_mount *mount, struct ext_file *directory, uint64_t *number_out);
enum status ext_parent_write(
    struct ext_mount *mount, struct ext_file *directory, uint32_t parent_number);

/* NOT_EMPTY if there is more than "." and "..". */
enum status ext_directory_check_empty(struct ext_mount *mount, struct ext_file *directory);

/* One more block at the end, zeroed, pinned, marked as what it will be. */
enum status ext_directory_append(struct ext_mount *mount, struct ext_file *directory,
    enum ext_mark_kind kind, uint64_t *logical_out, struct block_cache_entry **entry_out);

/* A block without entries, with the record for its checksum. */
void ext_block_clear(struct ext_mount *mount, struct block_cache_entry *entry);

/* Writes a record that ends at `end`. */
void ext_record_write(const struct ext_mount *mount, const struct ext_entry_area *area, uint32_t at,
    uint32_t end, const struct ext_new_entry *entry);

/* "." and "..", which fill the area. */
void ext_dots_write(const struct ext_mount *mount, const struct ext_entry_area *area,
    const struct ext_inode *inode, uint32_t parent_number);

bool ext_area_has_room(
    const struct ext_mount *mount, const struct ext_entry_area *area, uint32_t name_bytes);

/* Adds an entry to an area that has room for it and is part of the change. */
void ext_area_add(const struct ext_mount *mount, const struct ext_entry_area *area,
    const struct ext_new_entry *entry);

/* The same of a record of a verified area, as it stands. */
void ext_area_add_record(const struct ext_mount *mount, const struct ext_entry_area *area,
    const struct ext_record *record);

/* Adds an entry to a pinned block if there is room; `*added_out` says so. */
enum status ext_block_add(struct ext_mount *mount, const struct ext_inode *directory,
    struct block_cache_entry *block, const struct ext_new_entry *entry, bool *added_out);

/* ---- index_write.c --------------------------------------------------------------------------- */

/* A directory of one block gets an index. */
enum status ext_index_create(struct ext_mount *mount, struct ext_file *directory);

enum status ext_index_add(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_new_entry *entry);

/* ---- inline_directory.c: changing ------------------------------------------------------------ */

/* NO_SPACE if the inode has no room to hold entries. */
enum status ext_inline_directory_start(
    struct ext_mount *mount, struct ext_inode *inode, uint32_t parent_number);

/* NO_SPACE if the directory has to grow out of its inode first. */
enum status ext_inline_directory_add(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_new_entry *entry);

/* The entries move to a block. */
enum status ext_inline_directory_grow(struct ext_mount *mount, struct ext_file *directory);

/* Its bytes in the inode table were modified: `inode` says the same afterwards. */
enum status ext_inline_directory_reload(struct ext_mount *mount, struct ext_inode *inode);
