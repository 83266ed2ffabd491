/* SPDX-License-Identifier: ISC */
/*
 * Changing the volume. Private to lib/ext.
 *
 * A *change* is one step that happens whole or not at all: it begins, touches blocks of metadata in
 * the cache and ends. One that ends with an error takes back every byte, so callers only return
 * their status. A *transaction* is all changes since the last commit; it reaches the medium whole.
 *
 * Rules for code that runs inside a change:
 *   1. Before a block is modified, ext_change_block; for one just allocated, ext_change_fresh.
 *   2. A block allocated in this transaction may be written at once; a block or inode that is freed
 *      keeps its bit in the bitmap until the commit, so nobody gets it before (invariant 6).
 *   3. Checksums of blocks are put in when the transaction is committed (seal.c), by the mark of
 *      the block; only an inode's own checksum is written with the inode.
 *   4. No pin of one's own is left when the change ends.
 *   5. Nothing in memory is changed but what ext_change_end takes back: blocks, mount->counts,
 *      mount->pending.
 */
#pragma once

#include "internal.h"

/* The ranges that one change may free. */
constexpr uint32_t ext_change_pending_max = 32;

/* One step: all that it needs is in `context`. */
struct ext_step {
    enum status (*run)(struct ext_mount *mount, void *context);
    void *context;
    uint32_t block_count; /* that it touches at most; up to ext_change_block_max */
};

/*
 * Runs a step as one change. Commits first if the transaction has no room for it; if space runs out
 * while freed blocks wait for a commit, commits and runs it once more, so `run` must not rely on
 * what it left in `context` before it failed. READ_ONLY if the mount is; IO or what the device said
 * once a commit has failed: nothing is written ever after.
 */
enum status ext_change(struct ext_mount *mount, struct ext_step step);

/* Makes a pinned block part of the change, before its first modification in it. */
enum status ext_change_block(struct ext_mount *mount, struct block_cache_entry *entry);

/* The block, zeroed, part of the change, pinned; for blocks that were free until now. */
enum status ext_change_fresh(struct ext_mount *mount, uint64_t block, uint64_t mark, uint32_t seed,
    struct block_cache_entry **entry_out);

/* Makes a pinned block part of the transaction without modifying it now: it stays in memory. */
enum status ext_change_hold(struct ext_mount *mount, struct block_cache_entry *entry);

/* What is freed when the transaction is committed. */
enum status ext_pending_add(struct ext_mount *mount, struct ext_pending pending);

/* ---- commit.c -------------------------------------------------------------------------------- */

/* Brings all changes to the medium: afterwards they survive a loss of power. */
enum status ext_commit(struct ext_mount *mount);

/* Unless the status is OK, nothing is written any more, and later calls return the first such. */
void ext_stop(struct ext_mount *mount, enum status status);

/*
 * Brings committed blocks to their own places, for certain, and empties the journal. Only right
 * after a commit, when no block of the cache is newer than the log.
 */
enum status ext_checkpoint(struct ext_mount *mount);

/* ---- seal.c ---------------------------------------------------------------------------------- */

/* Puts the checksum into a block of the transaction, by its mark. */
void ext_seal(struct ext_mount *mount, struct block_cache_entry *entry);

/* ---- superblock_write.c ---------------------------------------------------------------------- */

/* Before the first change of a mount: the medium says, for certain, that the volume is in use. */
enum status ext_mark_in_use(struct ext_mount *mount);

/* After the last: everything is in its place. */
enum status ext_mark_unused(struct ext_mount *mount);

/*
 * mount->corruption into the super block on the medium, and nothing else with it. The pinned super
 * block is no longer what the transaction made of it.
 */
enum status ext_mark_corrupt(struct ext_mount *mount);

/* Pins the super block for the life of the mount. */
enum status ext_superblock_pin(struct ext_mount *mount);

/* The counts and the time into the super block's bytes, and its checksum. */
void ext_superblock_store(struct ext_mount *mount);

/* ---- The journal ------------------------------------------------------------------------------
 */

/* The blocks of the greatest transaction that fits; UINT32_MAX without a journal. */
uint32_t ext_journal_transaction_max(const struct ext_mount *mount);

/* Whether the greatest change fits into the log; true without a journal. */
bool ext_journal_is_writable(const struct ext_mount *mount);

/* Blocks of the log that a transaction takes, all included. */
uint32_t ext_journal_blocks_needed(
    const struct ext_mount *mount, uint64_t block_count, uint64_t revocation_count);

/* Writes all held blocks to the log, for certain, and leaves them dirty and not held. */
enum status ext_journal_commit(struct ext_mount *mount);

/* The log holds nothing that must be replayed, for certain. */
enum status ext_journal_empty(struct ext_mount *mount);

/*
 * While fast commits are replayed: the end of the last range that one of them names and that has a
 * block of [first, first + block_count); 0 if none has.
 */
enum status ext_fast_reserved(
    struct ext_mount *mount, uint64_t first, uint64_t block_count, uint64_t *end_out);

/* The first of the list of orphans, 0 if there is none; setting it is part of a change. */
enum status ext_superblock_last_orphan(struct ext_mount *mount, uint32_t *number_out);
enum status ext_superblock_set_last_orphan(struct ext_mount *mount, uint32_t number);

/* ---- group_write.c --------------------------------------------------------------------------- */

/* A group's descriptor in its block, which is pinned, and what it says. */
struct ext_group_pin {
    struct block_cache_entry *entry;
    uint8_t *raw;
    struct ext_group values; /* to be modified, and written by ext_group_write */
    uint32_t group;
};

/* Give pin_out->entry back. */
enum status ext_group_pin(struct ext_mount *mount, uint32_t group, struct ext_group_pin *pin_out);

/* Writes the counts and flags into the descriptor, whose block is part of the change. */
void ext_group_write(struct ext_mount *mount, const struct ext_group_pin *pin);

/* The checksum of a bitmap, which stands in the bytes of its group's descriptor. */
bool ext_bitmap_checksum_valid(const struct ext_mount *mount, enum ext_mark_kind kind,
    const uint8_t *raw_descriptor, const uint8_t *bitmap);
void ext_bitmap_checksum_store(const struct ext_mount *mount, enum ext_mark_kind kind,
    uint8_t *raw_descriptor, const uint8_t *bitmap);

/* ---- bitmap.c -------------------------------------------------------------------------------- */

/*
 * The bitmap of a group's clusters or inodes, verified, pinned. A group whose bitmap was never
 * written gets it here, in memory; it is part of the medium once something in it is allocated.
 */
enum status ext_bitmap_pin(struct ext_mount *mount, const struct ext_group_pin *group,
    enum ext_mark_kind kind, struct block_cache_entry **entry_out);

/* Sets in a zeroed bitmap what is in use in a group in which nothing was ever allocated. */
void ext_bitmap_make(const struct ext_mount *mount, enum ext_mark_kind kind, uint32_t group,
    const struct ext_group *values, uint8_t *bitmap);

/* Volumes with more groups have their bitmaps verified when they are first used. */
constexpr uint32_t ext_checked_group_count_max = 32;

/*
 * Verifies all bitmaps of a clean volume with few groups, and that they mark metadata which lies in
 * another group than its own.
 */
enum status ext_bitmaps_check(struct ext_mount *mount);

static inline bool bitmap_test(const uint8_t *bitmap, uint32_t index)
{
    return (bitmap[index / 8] >> index % 8 & 1) != 0;
}

void bitmap_set(uint8_t *bitmap, uint32_t first, uint32_t count);
void bitmap_clear(uint8_t *bitmap, uint32_t first, uint32_t count);

/* The first clear bit of [first, end), or `end`. */
uint32_t bitmap_find_clear(const uint8_t *bitmap, uint32_t first, uint32_t end);

/* The first set bit of [first, end), or `end`. */
uint32_t bitmap_find_set(const uint8_t *bitmap, uint32_t first, uint32_t end);

/* Clear bits in [0, count). */
uint32_t bitmap_count_clear(const uint8_t *bitmap, uint32_t count);

/* ---- allocate.c: blocks ---------------------------------------------------------------------- */

/* Where blocks of a file are best. */
struct ext_goal {
    uint64_t block; /* the first of them; 0: anywhere */
    bool goes_on;   /* the one before is the file's last: it is written piece by piece */
};

struct ext_allocation {
    struct ext_goal goal;
    uint32_t block_count; /* wanted; at least 1 */
    bool metadata;        /* may use the reserved blocks */
};

/*
 * Takes up to block_count blocks that follow each other, as near to the goal as can be, in units of
 * clusters: the first is the first of a cluster. NO_SPACE.
 */
enum status ext_allocate_blocks(struct ext_mount *mount, struct ext_allocation allocation,
    uint64_t *first_out, uint32_t *count_out);

/* Takes these blocks. NO_SPACE if one is in use, or waits for a commit to be free. */
enum status ext_claim_blocks(struct ext_mount *mount, uint64_t first, uint64_t block_count);

/* Whether the blocks of an inode's contents go through the journal. */
static inline bool ext_contents_are_metadata(const struct ext_inode *inode)
{
    return inode->type == EXT_TYPE_DIRECTORY;
}

/* Frees whole clusters; `metadata` ones are revoked in the journal. CORRUPT if they are free. */
enum status ext_free_blocks(
    struct ext_mount *mount, uint64_t first, uint64_t block_count, bool metadata);

/* How many groups from `first` on have nothing free, as far as is known. */
uint32_t ext_full_count(const struct ext_full_groups *full, uint32_t first);

/* A search from `first` on has come to `group`, which has so much free. */
void ext_full_note(
    struct ext_full_groups *full, uint32_t first, uint32_t group, uint32_t free_count);

/* ---- window.c
 * ------------------------------------------------------------------------------------
 */

/* How many blocks behind the next ones to leave to the file that goes on at `goal`. */
uint32_t ext_window_reach(const struct ext_mount *mount, uint64_t goal);

/* `block`, or the end of the window that it is in if that is not the one which begins at `goal`. */
uint64_t ext_window_skip(const struct ext_mount *mount, uint64_t goal, uint64_t block);

/* Where the next window behind `block` begins that is not the one at `goal`; UINT64_MAX: none. */
uint64_t ext_window_next(const struct ext_mount *mount, uint64_t goal, uint64_t block);

/* The file that went on at `goal` ends at `end` now. */
void ext_window_move(struct ext_mount *mount, uint64_t goal, uint64_t end);

/* Forgets all; whether there were any. */
bool ext_windows_drop(struct ext_mount *mount);

/* ---- allocate_inode.c ------------------------------------------------------------------------ */

enum status ext_allocate_inode(
    struct ext_mount *mount, uint32_t parent_number, bool directory, uint32_t *number_out);
/* Takes this inode, which is free. */
enum status ext_claim_inode(struct ext_mount *mount, uint32_t number, bool directory);
enum status ext_free_inode(struct ext_mount *mount, uint32_t number, bool directory);

/* Whether its bitmap says that an inode is in use. */
enum status ext_inode_in_use(struct ext_mount *mount, uint32_t number, bool *used_out);

/* Where the data of an inode best begins. */
uint64_t ext_inode_goal(const struct ext_mount *mount, uint64_t number);

/* At a commit: what was freed before becomes free. The blocks that they change are in memory. */
enum status ext_release_blocks(struct ext_mount *mount, const struct ext_pending *pending);
enum status ext_release_inodes(struct ext_mount *mount, const struct ext_pending *pending);

/* ---- inode_write.c --------------------------------------------------------------------------- */

/* Writes all fields of an inode that is in use, and its checksum. */
enum status ext_store_inode(struct ext_mount *mount, const struct ext_inode *inode);

/* A new inode in a slot that was free: zero but for these fields. */
enum status ext_store_new_inode(struct ext_mount *mount, struct ext_inode *inode);

/* The slot is free: nothing is left but the generation and when that was. */
enum status ext_clear_inode(struct ext_mount *mount, const struct ext_inode *inode);

/* Pins the bytes of an inode, part of the change; ext_store_inode is enough for its fields. */
enum status ext_inode_change(struct ext_mount *mount, uint64_t number,
    struct block_cache_entry **entry_out, uint8_t **raw_out);

/* As ext_read_inode, for an inode without links too. */
enum status ext_load_inode(struct ext_mount *mount, uint64_t number, struct ext_inode *inode_out);

/* ---- map_write.c: which blocks a file has -----------------------------------------------------
 */

struct ext_map_request {
    uint64_t logical_block;
    uint32_t block_count;
    bool unwritten; /* reads as zero until it is written; files with extents only */
};

/*
 * Makes sure that some blocks from logical_block on are allocated (and written, unless asked for
 * unwritten): `*run_out` says which, as many as were possible in one step. `inode` is modified; the
 * caller stores it. `*fresh_out`: the blocks hold what they held before, and must be written.
 */
enum status ext_map_allocate(struct ext_mount *mount, struct ext_inode *inode,
    struct ext_map_request request, struct ext_run *run_out, bool *fresh_out);

/*
 * Takes blocks [first, end) from a file, the last first, as many as fit in one step; `inode` is
 * modified; the caller stores it. `*done_out`: nothing is left there.
 */
enum status ext_map_remove(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t end, bool *done_out);

/* The block after the last that the file maps. */
enum status ext_map_end(struct ext_mount *mount, struct ext_inode *inode, uint64_t *end_out);
enum status ext_block_map_end(
    struct ext_mount *mount, const struct ext_inode *inode, uint64_t *end_out);

/* Whether a change has done so much that the rest is better left to the next. */
bool ext_change_is_long(const struct ext_mount *mount);

/* An empty map, by the features of the volume. */
void ext_map_init(const struct ext_mount *mount, struct ext_inode *inode);

/* ---- extent_write.c ---------------------------------------------------------------------------
 */

/* An empty tree in the inode. */
void ext_extent_init(struct ext_inode *inode);

/* Adds a run where there is a hole; it joins its neighbours where it can. */
enum status ext_extent_insert(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_run *run);

/* The last run that begins before `end`; block_count 0 if there is none. */
enum status ext_extent_last_before(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t end, struct ext_run *run_out);

/* Takes a part of one run out of the tree; its blocks stay in use. */
enum status ext_extent_cut(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t block_count);

/* A part of one unwritten run holds data now. */
enum status ext_extent_mark_written(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t block_count);

/* ---- block_map_write.c ------------------------------------------------------------------------
 */

/* Allocates for the hole that `*run` is, as many blocks as go in one piece. */
enum status ext_block_map_fill(
    struct ext_mount *mount, struct ext_inode *inode, struct ext_goal goal, struct ext_run *run);

/* As ext_map_remove. */
enum status ext_block_map_clear(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t end, bool *done_out);

/* ---- acl.c, attribute_write.c: what goes with an inode; all inside a change --------------------
 */

/*
 * Of a new inode, stored before, whose fields are set: the parent's default access control list,
 * which narrows the mode, and its project id. `inode` is modified; the caller stores it once more.
 */
enum status ext_attributes_inherit(
    struct ext_mount *mount, const struct ext_inode *parent, struct ext_inode *inode);

/* Of an inode that goes: it no longer has its attribute block. The caller stores it. */
enum status ext_attributes_free(struct ext_mount *mount, struct ext_inode *inode);

/* ---- inline_write.c: contents inside the inode -------------------------------------------------
 */

/*
 * Of a new file, stored before: its contents begin inside the inode if they can. The four here are
 * inside a change; `inode` is modified and the caller stores it. TOO_LARGE: there is no room.
 */
enum status ext_inline_init(struct ext_mount *mount, struct ext_inode *inode);
enum status ext_inline_write(struct ext_mount *mount, struct ext_inode *inode,
    uint64_t offset_bytes, const void *bytes, uint32_t size_bytes);
enum status ext_inline_resize(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t size_bytes);

/* Moves the contents into a block; stores the inode, too. */
enum status ext_inline_convert(struct ext_mount *mount, struct ext_inode *inode);

/* Changes a file inside its inode; or, if there is no room, makes it one with blocks: !*done_out.
 */
enum status ext_inline_write_file(struct ext_mount *mount, struct ext_file *file,
    const struct ext_read_request *request, bool *done_out);
enum status ext_inline_truncate_file(
    struct ext_mount *mount, struct ext_file *file, uint64_t size_bytes, bool *done_out);

/* Makes a file inside its inode one with blocks. */
enum status ext_inline_convert_file(struct ext_mount *mount, struct ext_file *file);

/* ---- own_file.c -------------------------------------------------------------------------------
 */

/* A file of the file system's own; CORRUPT, with `missing`, if there is no such file. */
enum status ext_own_file_open(
    struct ext_mount *mount, uint32_t number, const char *missing, struct ext_file *file_out);

/* One of its blocks, pinned; CORRUPT, with `hole`, if there is none. */
enum status ext_own_file_pin(struct ext_mount *mount, struct ext_file *file, uint64_t logical_block,
    const char *hole, struct block_cache_entry **entry_out);

/* ---- orphan.c ---------------------------------------------------------------------------------
 */

/*
 * Makes an inode an orphan, or takes it out of all that are. Inside a change; `inode` is modified
 * and the caller stores it.
 */
enum status ext_orphan_add(struct ext_mount *mount, struct ext_inode *inode);
enum status ext_orphan_remove(struct ext_mount *mount, struct ext_inode *inode);

/* A block of the file of orphans, verified, pinned. */
enum status ext_orphan_pin(struct ext_mount *mount, struct ext_file *file, uint64_t logical_block,
    struct block_cache_entry **entry_out);

/* All orphans are what they should be. */
enum status ext_orphans_check(struct ext_mount *mount);

/* Deletes those without links and shortens the others, in changes of its own. */
enum status ext_orphans_process(struct ext_mount *mount);

/* Before the volume is marked as unused: it says whether there are any. */
enum status ext_orphans_unmount(struct ext_mount *mount);

/* ---- delete.c ---------------------------------------------------------------------------------
 */

/* Whether the block area maps blocks. */
bool ext_inode_has_map(const struct ext_inode *inode);

/* Frees as many of its blocks as fit into the change. `*done_out`: it has none any more. */
enum status ext_inode_free_map(struct ext_mount *mount, struct ext_inode *inode, bool *done_out);

/* Inside a change: an inode without blocks and without a name, not an orphan, is free. */
enum status ext_inode_drop(struct ext_mount *mount, struct ext_inode *inode);

/* Deletes an inode that is an orphan without links, in changes of its own. */
enum status ext_delete_inode(struct ext_mount *mount, uint64_t number);

/* ---- mmp.c ------------------------------------------------------------------------------------
 */

/* Refuses a volume that is in use. */
enum status ext_mmp_check(struct ext_mount *mount);

/* Says on the medium that we use the volume, and that nobody does. */
enum status ext_mmp_take(struct ext_mount *mount);
enum status ext_mmp_give(struct ext_mount *mount);

/* ---- quota.c, quota_write.c -------------------------------------------------------------------
 */

/* All quota files, whole: what a mount checks before a charge relies on it. */
enum status ext_quota_check(struct ext_mount *mount);

/*
 * An inode takes other blocks or has other owners than before, is new (`before` is nullptr) or gone
 * (`after` is). Only for what stores inodes, which sees every such change. Inside a change.
 */
enum status ext_quota_move(
    struct ext_mount *mount, const struct ext_inode *before, const struct ext_inode *after);

/* The blocks that quota adds to those of a step. */
constexpr uint32_t ext_quota_step_blocks = 12;
