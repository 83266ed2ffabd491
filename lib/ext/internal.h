/* SPDX-License-Identifier: ISC */
/*
 * What the files of lib/ext share with each other and with nobody else.
 */
#pragma once

#include <lib/base/base.h>
#include <lib/ext/ext.h>

#include "format.h"

static_assert(ext_flag_encrypted == inode_flag_encrypted);
static_assert(ext_flag_casefold == inode_flag_casefold);

/* ---- corruption.c: every CORRUPT of this library comes from here ------------------------------
 */

/*
 * Notes that a structure of the volume lies. On a mount that can be written the medium says so at
 * once, and nothing is written any more. Pins do not matter.
 */
enum status ext_corrupt(struct ext_mount *mount, const char *what, uint64_t block);

/* Notes that the contents of a file lie: they can be read no more, the volume is as good as ever.
 */
enum status ext_contents_corrupt(struct ext_mount *mount, const char *what, uint64_t block);

static inline bool ext_has(
    const struct ext_mount *mount, enum ext_feature_word word, uint32_t feature)
{
    return (mount->features[word] & feature) != 0;
}

static inline bool ext_has_checksums(const struct ext_mount *mount)
{
    return ext_has(mount, EXT_RO_COMPAT, ro_compat_metadata_checksum);
}

/* Whether blocks [first, first + count) can hold data: inside the volume, past its super block. */
static inline bool ext_blocks_valid(const struct ext_mount *mount, uint64_t first, uint64_t count)
{
    const struct ext_geometry *geometry = &mount->geometry;
    return first > geometry->first_data_block && count <= geometry->block_count &&
           first <= geometry->block_count - count;
}

/* ---- What is remembered of a cached block that was verified ---------------------------------- */

/*
 * A block that passed its checks keeps a mark (block_cache_entry.owner_mark) of what it was checked
 * as and for which inode, so that it is checked once for each time it is read from the device.
 */
enum ext_mark_kind : uint32_t {
    EXT_MARK_NONE,
    EXT_MARK_EXTENT_NODE,
    EXT_MARK_DIRECTORY_FIRST,
    EXT_MARK_DIRECTORY_LATER,
    EXT_MARK_DIRECTORY_INDEX, /* a block of the index below its root */
    EXT_MARK_POINTERS,
    EXT_MARK_ATTRIBUTES,
    /* Those below belong to the volume or to a group. */
    EXT_MARK_SUPERBLOCK,
    EXT_MARK_DESCRIPTORS,
    EXT_MARK_BLOCK_BITMAP,
    EXT_MARK_INODE_BITMAP,
    EXT_MARK_INODES,
    EXT_MARK_QUOTA,
    EXT_MARK_ORPHANS,
};

static inline uint64_t ext_mark_of(enum ext_mark_kind kind, uint64_t number)
{
    return number << 8 | kind;
}

static inline enum ext_mark_kind ext_mark_kind_of(uint64_t mark)
{
    return (enum ext_mark_kind)(mark & 0xff);
}

static inline uint64_t ext_mark(enum ext_mark_kind kind, const struct ext_inode *inode)
{
    return ext_mark_of(kind, inode->number);
}

/* ---- checksum.c ------------------------------------------------------------------------------ */

uint32_t ext_superblock_checksum(const uint8_t *superblock);
/* Whether needs_recovery was being changed when only one of the two sectors arrived. */
bool ext_superblock_torn(const uint8_t *superblock);
bool ext_superblock_checksum_valid(const uint8_t *superblock);
uint32_t ext_checksum_seed_of_uuid(const uint8_t uuid[16]);
bool ext_descriptor_checksum_valid(
    const struct ext_mount *mount, uint32_t group, const uint8_t *descriptor);
void ext_descriptor_checksum_store(
    const struct ext_mount *mount, uint32_t group, uint8_t *descriptor);
uint32_t ext_inode_checksum_seed(
    const struct ext_mount *mount, uint32_t number, const uint8_t *raw);
bool ext_inode_checksum_valid(const struct ext_mount *mount, uint32_t seed, const uint8_t *raw);
void ext_inode_checksum_store(const struct ext_mount *mount, uint32_t seed, uint8_t *raw);
void ext_superblock_checksum_store(const struct ext_mount *mount, uint8_t *superblock);
/* Of all bits that a group has room for; kind EXT_MARK_BLOCK_BITMAP or EXT_MARK_INODE_BITMAP. */
uint32_t ext_bitmap_checksum(
    const struct ext_mount *mount, enum ext_mark_kind kind, const uint8_t *bitmap);
uint32_t ext_attribute_block_checksum(
    const struct ext_mount *mount, uint64_t block, const uint8_t *bytes);
uint32_t ext_orphan_block_checksum(
    const struct ext_mount *mount, uint32_t seed, const struct block_cache_entry *entry);
bool ext_mmp_checksum_valid(const struct ext_mount *mount, const uint8_t *block);
void ext_mmp_checksum_store(const struct ext_mount *mount, uint8_t *block);

/* CRC-32C of `size_bytes` bytes that follow what `seed` stands for. */
uint32_t ext_checksum(uint32_t seed, const uint8_t *bytes, size_t size_bytes);

/* ---- superblock.c ---------------------------------------------------------------------------- */

/* The blocks of a device that hold a super block; in them it begins at its offset modulo the block.
 */
struct block_transfer ext_superblock_place(
    const struct block_device *device, struct block_buffer buffer);

/* Fills geometry, features, label, uuid and the two verdicts, or refuses. */
enum status ext_superblock_parse(
    struct ext_mount *mount, const uint8_t *superblock, const struct block_device *device);

/* ---- features.c ------------------------------------------------------------------------------ */

/* Judges all bits of all words; the first refused one is noted. */
enum status ext_features_judge(struct ext_mount *mount);

/* ---- group.c --------------------------------------------------------------------------------- */

struct ext_group {
    uint64_t block_bitmap;
    uint64_t inode_bitmap;
    uint64_t inode_table;
    uint32_t free_cluster_count;
    uint32_t free_inode_count;
    uint32_t directory_count;
    uint32_t unused_inode_count; /* at the end of the table, never in use; 0 without checksums */
    uint16_t flags;
};

/* Where the descriptor of a group is: the block, and the bytes in it. */
struct ext_descriptor_place {
    uint64_t block;
    uint32_t offset_bytes;
};

struct ext_descriptor_place ext_descriptor_place(const struct ext_mount *mount, uint32_t group);
uint64_t ext_group_first_block(const struct ext_geometry *geometry, uint32_t group);
bool ext_group_has_superblock(const struct ext_mount *mount, uint32_t group);

/* Blocks of a group that exist: the last group may be short. */
uint32_t ext_group_block_count(const struct ext_geometry *geometry, uint32_t group);

/* The copies of super block and descriptors at the front of a group, [ext4 Layout]. */
struct ext_group_copies {
    uint64_t first_block;
    uint64_t superblock_blocks; /* in the first group up to and with the super block */
    uint64_t descriptor_blocks; /* behind them, with those kept for growing */
};

struct ext_group_copies ext_group_copies(const struct ext_mount *mount, uint32_t group);

/* As ext_group_block_count, in clusters. */
uint32_t ext_group_cluster_count(const struct ext_geometry *geometry, uint32_t group);

static inline bool ext_has_group_flags(const struct ext_mount *mount)
{
    return ext_has_checksums(mount) || ext_has(mount, EXT_RO_COMPAT, ro_compat_group_checksum);
}

/* The descriptor of a group below group_count, verified. */
enum status ext_group_read(struct ext_mount *mount, uint32_t group, struct ext_group *group_out);

/* ---- inode.c --------------------------------------------------------------------------------- */

/*
 * The block of the inode table that holds a number from 1 to inode_count, pinned, and the inode's
 * bytes in it. Give it back with block_cache_put. NOT_FOUND if its whole group is unused.
 */
enum status ext_inode_pin(struct ext_mount *mount, uint32_t number,
    struct block_cache_entry **entry_out, const uint8_t **raw_out);

/* As ext_read_inode, for one that holds the value of an attribute and is no file. */
enum status ext_load_value_inode(
    struct ext_mount *mount, uint64_t number, struct ext_inode *inode_out);

/* The fields of an inode, none of them verified. */
struct ext_inode ext_inode_parse(
    const struct ext_mount *mount, uint32_t number, const uint8_t *raw);

/* EXT_TYPE_UNKNOWN for a mode that is no type of POSIX. */
enum ext_type ext_type_of_mode(uint16_t mode);

/* ---- block_map.c, extent.c: ext_map for the two ways of mapping -------------------------------
 */

enum status ext_block_map_find(struct ext_mount *mount, const struct ext_inode *inode,
    uint64_t logical_block, struct ext_run *run_out);
/* Where a logical block hangs: `level_count` blocks of pointers below the inode's array. */
struct ext_map_place {
    uint32_t level_count;
    uint32_t root_slot; /* in the inode's array */
    uint64_t index;     /* among the data blocks below root_slot */
};

/* The place of a block below ext_block_map_limit. */
struct ext_map_place ext_block_map_place(
    const struct ext_geometry *geometry, uint64_t logical_block);
uint64_t ext_block_map_limit(const struct ext_geometry *geometry);
enum status ext_extent_find(struct ext_mount *mount, const struct ext_inode *inode,
    uint64_t logical_block, struct ext_run *run_out);

/* ---- read.c ---------------------------------------------------------------------------------- */

/* The bytes that blocks of a file hold, whatever its size and protection. */
enum status ext_read_stored(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request);

/* The same into any memory of this program: all comes through the cache. */
enum status ext_read_cached(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request);

/* ---- inline.c -------------------------------------------------------------------------------- */

/* Where the bytes of a file inside its inode are: up to two pieces. The second is in `entry`. */
struct ext_inline {
    struct block_cache_entry *entry; /* pinned */
    const uint8_t *first;
    uint32_t first_bytes;
    const uint8_t *second;
    uint32_t second_bytes;
};

/* Both pieces of a file whose inode_flag_inline_data is set; give `entry` back. */
enum status ext_inline_pin(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_inline *pieces_out);
