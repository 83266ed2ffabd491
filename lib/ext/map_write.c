/* SPDX-License-Identifier: ISC */
/*
 * Giving blocks to files and taking them back, for both ways of mapping. With clusters
 * (bigalloc, [ext4 Bigalloc]) a cluster belongs to the file as soon as one of its blocks does.
 */
#include "transaction.h"

/* Enough for one change, with some blocks left for what the caller adds. */
constexpr uint32_t long_change_blocks = 40;
constexpr uint32_t long_change_pending = 24;

bool ext_change_is_long(const struct ext_mount *mount)
{
    const struct ext_transaction *transaction = &mount->transaction;
    return transaction->undo_count >= long_change_blocks ||
           transaction->pending_count - transaction->pending_count_before >= long_change_pending;
}

static bool has_extents(const struct ext_inode *inode)
{
    return (inode->flags & inode_flag_extents) != 0;
}

void ext_map_init(const struct ext_mount *mount, struct ext_inode *inode)
{
    if (ext_has(mount, EXT_INCOMPAT, incompat_extents)) {
        ext_extent_init(inode);
    }
}

static enum status find(struct ext_mount *mount, const struct ext_inode *inode,
    uint64_t logical_block, struct ext_run *run_out)
{
    return has_extents(inode) ? ext_extent_find(mount, inode, logical_block, run_out)
                              : ext_block_map_find(mount, inode, logical_block, run_out);
}

/* Where the block after what is mapped before would be; 0 if nothing is. */
static enum status goal_after_previous(struct ext_mount *mount, struct ext_inode *inode,
    uint64_t logical_block, struct ext_goal *goal_out)
{
    struct ext_run previous = {};
    enum status status = STATUS_OK;
    if (has_extents(inode)) {
        status = ext_extent_last_before(mount, inode, logical_block, &previous);
    } else if (logical_block > 0) {
        status = ext_block_map_find(mount, inode, logical_block - 1, &previous);
        previous.block_count = 1;
    }
    *goal_out = (struct ext_goal){};
    if (previous.physical_block != 0) {
        const uint64_t distance = logical_block - previous.logical_block;
        goal_out->block = previous.physical_block + distance;
        goal_out->goes_on = distance == previous.block_count;
    }
    return status;
}

static enum status find_goal(struct ext_mount *mount, struct ext_inode *inode,
    uint64_t logical_block, struct ext_goal *goal_out)
{
    enum status status = goal_after_previous(mount, inode, logical_block, goal_out);
    if (status == STATUS_OK &&
        (goal_out->block == 0 || goal_out->block >= mount->geometry.block_count)) {
        goal_out->block = ext_inode_goal(mount, inode->number);
    }
    return status;
}

/* ---- Clusters -------------------------------------------------------------------------------- */

static uint64_t cluster_mask(const struct ext_mount *mount)
{
    return ((uint64_t)1 << mount->geometry.cluster_shift) - 1;
}

/*
 * The block of the medium that a hole's first block has already, because a neighbour in the same
 * cluster of the file is mapped; 0 if none is.
 */
static enum status implied_block(struct ext_mount *mount, struct ext_inode *inode,
    const struct ext_run *hole, uint64_t *block_out)
{
    uint64_t mask = cluster_mask(mount);
    uint64_t logical = hole->logical_block;
    uint64_t cluster = logical & ~mask;
    struct ext_run run = {};
    *block_out = 0;
    enum status status = ext_extent_last_before(mount, inode, cluster + mask + 1, &run);
    bool same =
        status == STATUS_OK && run.block_count > 0 && run.logical_block + run.block_count > cluster;
    if (same) {
        *block_out = run.physical_block + logical - run.logical_block;
    }
    return status;
}

/* Cuts what is wanted of a hole where the hole's last cluster, mapped behind it already, begins. */
static void leave_shared_tail(
    const struct ext_mount *mount, struct ext_run *hole, uint64_t hole_end)
{
    uint64_t mask = cluster_mask(mount);
    uint64_t end = hole->logical_block + hole->block_count;
    uint64_t tail = hole_end & ~mask;
    if (tail != hole_end && tail < end) {
        hole->block_count = tail - hole->logical_block;
    }
}

static enum status fill_in_clusters(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t hole_end, struct ext_run *run)
{
    uint64_t mask = cluster_mask(mount);
    uint64_t skipped = run->logical_block & mask;
    uint64_t block;
    enum status status = implied_block(mount, inode, run, &block);
    if (status != STATUS_OK) {
        return status;
    }
    if (block != 0) {
        uint64_t room = mask + 1 - skipped;
        run->block_count = run->block_count < room ? run->block_count : room;
        run->physical_block = block;
        return STATUS_OK;
    }
    leave_shared_tail(mount, run, hole_end);
    struct ext_allocation allocation = {.block_count = (uint32_t)(run->block_count + skipped)};
    status = find_goal(mount, inode, run->logical_block - skipped, &allocation.goal);
    uint32_t count = 0;
    if (status == STATUS_OK) {
        status = ext_allocate_blocks(mount, allocation, &block, &count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t usable = count - skipped;
    run->block_count = run->block_count < usable ? run->block_count : usable;
    run->physical_block = block + skipped;
    inode->sector_count += (uint64_t)count << (mount->geometry.block_shift - 9);
    return STATUS_OK;
}

/* ---- Allocation ------------------------------------------------------------------------------ */

/* Allocates for the hole that `run` is, as much as goes in one piece. */
static enum status fill_hole(struct ext_mount *mount, struct ext_inode *inode, uint64_t hole_end,
    enum ext_run_kind kind, struct ext_run *run)
{
    if (!has_extents(inode)) {
        struct ext_goal goal;
        enum status status = find_goal(mount, inode, run->logical_block, &goal);
        return status == STATUS_OK ? ext_block_map_fill(mount, inode, goal, run) : status;
    }
    if (run->logical_block >= extent_logical_limit - 1) {
        return STATUS_TOO_LARGE;
    }
    enum status status = fill_in_clusters(mount, inode, hole_end, run);
    if (status != STATUS_OK) {
        return status;
    }
    run->kind = kind;
    return ext_extent_insert(mount, inode, run);
}

enum status ext_map_allocate(struct ext_mount *mount, struct ext_inode *inode,
    struct ext_map_request request, struct ext_run *run_out, bool *fresh_out)
{
    struct ext_run run;
    enum status status = find(mount, inode, request.logical_block, &run);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t hole_end = run.logical_block + run.block_count;
    uint64_t wanted = request.block_count < extent_length_written_max - 1
                          ? request.block_count
                          : extent_length_written_max - 1;
    run.block_count = run.block_count < wanted ? run.block_count : wanted;
    *fresh_out = run.kind == EXT_RUN_HOLE;
    if (run.kind == EXT_RUN_HOLE) {
        enum ext_run_kind kind = request.unwritten ? EXT_RUN_UNWRITTEN : EXT_RUN_DATA;
        status = fill_hole(mount, inode, hole_end, kind, &run);
    } else if (run.kind == EXT_RUN_UNWRITTEN && !request.unwritten) {
        *fresh_out = true;
        status = ext_extent_mark_written(mount, inode, run.logical_block, run.block_count);
        run.kind = EXT_RUN_DATA;
    }
    *run_out = run;
    return status;
}

/* ---- Removal --------------------------------------------------------------------------------- */

/*
 * Frees the blocks of a part of a run that the file no longer maps: with clusters, only those
 * clusters of which the file maps nothing any more.
 */
static enum status free_part(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_run *part)
{
    uint64_t mask = cluster_mask(mount);
    uint64_t first = part->physical_block;
    uint64_t end = first + part->block_count;
    struct ext_run run = {};
    uint64_t head = part->logical_block & ~mask;
    enum status status = ext_extent_last_before(mount, inode, part->logical_block, &run);
    if (status == STATUS_OK && mask != 0 && run.block_count > 0 &&
        run.logical_block + run.block_count > head) {
        first = align_up(first, mask + 1); /* its first cluster is shared with what is before */
    }
    uint64_t last_cluster = (part->logical_block + part->block_count - 1) & ~mask;
    if (status == STATUS_OK && mask != 0) {
        status = ext_extent_last_before(mount, inode, last_cluster + mask + 1, &run);
        if (run.block_count > 0 &&
            run.logical_block + run.block_count > part->logical_block + part->block_count) {
            end = align_down(end - 1, mask + 1); /* and its last one with what is behind */
        }
    }
    if (status != STATUS_OK || first >= end) {
        return status;
    }
    first = align_down(first, mask + 1);
    uint64_t clusters = align_up(end, mask + 1) - first;
    inode->sector_count -= clusters << (mount->geometry.block_shift - 9);
    return ext_free_blocks(mount, first, end - first, ext_contents_are_metadata(inode));
}

/* The last run of the file in [first, end) goes; `*done_out` if there was none. */
static enum status remove_last_run(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t end, bool *done_out)
{
    struct ext_run run;
    enum status status = ext_extent_last_before(mount, inode, end, &run);
    uint64_t run_end = run.logical_block + run.block_count;
    *done_out = run.block_count == 0 || run_end <= first;
    if (status != STATUS_OK || *done_out) {
        return status;
    }
    uint64_t from = run.logical_block > first ? run.logical_block : first;
    uint64_t to = run_end < end ? run_end : end;
    struct ext_run part = {
        .logical_block = from,
        .physical_block = run.physical_block + (from - run.logical_block),
        .block_count = to - from,
        .kind = run.kind,
    };
    status = ext_extent_cut(mount, inode, from, part.block_count);
    return status == STATUS_OK ? free_part(mount, inode, &part) : status;
}

enum status ext_map_remove(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t end, bool *done_out)
{
    if (!has_extents(inode)) {
        return ext_block_map_clear(mount, inode, first, end, done_out);
    }
    bool done = false;
    enum status status = STATUS_OK;
    end = end < extent_logical_limit ? end : extent_logical_limit;
    while (!done && status == STATUS_OK && !ext_change_is_long(mount)) {
        status = remove_last_run(mount, inode, first, end, &done);
    }
    *done_out = done;
    return status;
}

enum status ext_map_end(struct ext_mount *mount, struct ext_inode *inode, uint64_t *end_out)
{
    if (!has_extents(inode)) {
        return ext_block_map_end(mount, inode, end_out);
    }
    struct ext_run run;
    enum status status = ext_extent_last_before(mount, inode, extent_logical_limit, &run);
    *end_out = run.logical_block + run.block_count;
    return status;
}
