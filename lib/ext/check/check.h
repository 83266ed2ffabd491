/* SPDX-License-Identifier: ISC */
/*
 * The parts of the check, in the order in which they run, and what they share. Private to lib/ext.
 */
#pragma once

#include <lib/ext/ext_check.h>

#include "../attribute.h"
#include "../directory.h"
#include "../extent.h"

/* State of an inode. */
constexpr uint8_t check_in_use = 0x01;
constexpr uint8_t check_map_bad = 0x02;   /* its blocks cannot be found by its map */
constexpr uint8_t check_system = 0x04;    /* the volume's own: no directory names it */
constexpr uint8_t check_value = 0x08;     /* holds the value of an attribute */
constexpr uint8_t check_orphan = 0x10;    /* waits to be deleted or cut */
constexpr uint8_t check_reached = 0x20;   /* from the root */
constexpr uint8_t check_inode_bad = 0x40; /* not what it is for can be told */
constexpr uint8_t check_on_way = 0x80;    /* a walk towards the root has seen it */

/* ---- check.c --------------------------------------------------------------------------------- */

void ext_check_find(struct ext_check *check, struct ext_finding finding);

static inline void ext_check_find_inode(
    struct ext_check *check, const char *what, uint64_t inode, uint64_t block)
{
    ext_check_find(check, (struct ext_finding){
                              .what = what,
                              .inode = inode,
                              .block = block,
                              .group = ext_check_no_group,
                          });
}

/* A block, pinned; false if the device failed, which ends the check. */
bool ext_check_pin(struct ext_check *check, uint64_t block, struct block_cache_entry **entry_out);

static inline void ext_check_put(struct ext_check *check, struct block_cache_entry *entry)
{
    block_cache_put(&check->mount.cache, entry);
}

/* Notes that a status of the library was not OK: something found, or the device failed. */
void ext_check_note(struct ext_check *check, enum status status, uint64_t inode);

static inline struct ext_check_node *ext_check_node(struct ext_check *check, uint64_t number)
{
    return &check->nodes[number - 1];
}

static inline bool ext_check_number_valid(const struct ext_check *check, uint64_t number)
{
    return number >= 1 && number <= check->mount.geometry.inode_count;
}

/* ---- claims.c -------------------------------------------------------------------------------- */

/* An inode or, with inode 0, the volume uses blocks: found if something else does, too. */
void ext_check_claim(struct ext_check *check, uint64_t inode, uint64_t first, uint64_t count);
bool ext_check_is_claimed(const struct ext_check *check, uint64_t block);

/* ---- copies.c -------------------------------------------------------------------------------- */

/* What the super block says beyond its geometry, and the copies of it. */
void ext_check_superblock(struct ext_check *check);

/* A word of the super block; 0 if the device failed. */
uint32_t ext_check_superblock_word(struct ext_check *check, size_t offset);

/* ---- groups.c -------------------------------------------------------------------------------- */

/* Descriptors, and the claims of what they name. */
void ext_check_groups(struct ext_check *check);

/* ---- mmp.c ----------------------------------------------------------------------------------- */

/* Who uses the volume, and the claim of the block that says so. */
void ext_check_mmp(struct ext_check *check);

/* ---- journal.c, orphans.c, quota.c ----------------------------------------------------------- */

void ext_check_journal(struct ext_check *check);
void ext_check_orphans(struct ext_check *check);

/* After all inodes were seen. */
void ext_check_quota(struct ext_check *check);

/* ---- bitmaps.c ------------------------------------------------------------------------------- */

/* Bitmaps and counts against all that was found in use. Last. */
void ext_check_bitmaps(struct ext_check *check);

/* ---- inodes.c, map.c ------------------------------------------------------------------------- */

/* All inodes and what they claim. */
void ext_check_inodes(struct ext_check *check);

/* What the map of an inode was found to hold. */
struct check_map {
    uint64_t block_count; /* with what maps them, in whole clusters */
    uint64_t end;         /* logical; 0 if it maps nothing */
    uint64_t end_written; /* as `end`, of what is not unwritten */
    bool holes;           /* there is a hole below `end` */
    bool bad;
};

/* Checks the map of an inode whole and claims what it maps. */
struct check_map ext_check_map(struct ext_check *check, const struct ext_inode *inode);

/* ---- attributes.c ---------------------------------------------------------------------------- */

/* Both sets of an inode; the blocks that its attributes take. */
uint64_t ext_check_attributes(struct ext_check *check, const struct ext_inode *inode);

/* Reference counts of blocks of attributes, after all inodes. */
void ext_check_references(struct ext_check *check);

/* ---- sort.c, system.c ------------------------------------------------------------------------ */

void ext_check_sort(uint64_t *values, uint32_t count);

/* Whether a number is that of a quota file, or of the file of orphans. */
bool ext_check_is_quota(const struct ext_check *check, uint32_t number);
bool ext_check_is_orphan_file(const struct ext_check *check, uint32_t number);

/* The inode that keeps blocks for growing, and the claim of the one that is its own. The blocks
 * that it counts.
 */
uint64_t ext_check_resize_inode(struct ext_check *check, const struct ext_inode *inode);

/* ---- directories.c, links.c ------------------------------------------------------------------ */

void ext_check_directories(struct ext_check *check);

/* index.c, duplicates.c: one directory's hash tree; names that it has twice. */
void ext_check_index(struct ext_check *check, struct ext_file *directory);
void ext_check_duplicates(struct ext_check *check, struct ext_file *directory);

/* What cannot be reached, and link counts. */
void ext_check_links(struct ext_check *check);
