/* SPDX-License-Identifier: ISC */
/*
 * Replaying ranges: blocks that a file has at a place, or nowhere. What is so already stays, so a
 * range may be replayed again from its start.
 */
#include "../transaction.h"
#include "fast_commit.h"

constexpr uint32_t unwritten_length_max = extent_length_written_max - 1;

struct range_step {
    const struct ext_fast_operation *operation;
    uint32_t done_count; /* blocks of an added range */
    bool ended;
    bool taken; /* NO_SPACE means that blocks of the range are in use */
};

/* NOT_FOUND if it is free; only files that map blocks by extents have ranges. */
static enum status open_file(
    struct ext_mount *mount, const struct range_step *step, struct ext_inode *inode_out)
{
    enum status status = ext_fast_load(mount, step->operation->inode_number, inode_out);
    if (status != STATUS_OK) {
        return status;
    }
    bool contents = inode_out->type == EXT_TYPE_FILE || inode_out->type == EXT_TYPE_LINK;
    if (!contents || (inode_out->flags & inode_flag_extents) == 0) {
        return ext_corrupt(mount, "fast commit of a range of no file with extents", 0);
    }
    return STATUS_OK;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

/* What the next change deals with: the rest of the range, as far as the file's map is alike. */
static enum status next_piece(struct ext_mount *mount, const struct ext_inode *inode,
    const struct range_step *step, struct ext_run *wanted_out, struct ext_run *live_out)
{
    const struct ext_fast_operation *operation = step->operation;
    uint32_t left = operation->block_count - step->done_count;
    struct ext_run wanted = {
        .logical_block = (uint64_t)operation->logical_block + step->done_count,
        .physical_block = operation->physical_block + step->done_count,
        .block_count = left < unwritten_length_max ? left : unwritten_length_max,
        .kind = operation->unwritten ? EXT_RUN_UNWRITTEN : EXT_RUN_DATA,
    };
    enum status status = ext_extent_find(mount, inode, wanted.logical_block, live_out);
    uint64_t cluster_blocks = (uint64_t)1 << mount->geometry.cluster_shift;
    uint64_t room = live_out->block_count;
    if (cluster_blocks > 1) {
        uint64_t cluster_room = cluster_blocks - (wanted.logical_block & (cluster_blocks - 1));
        room = cluster_room < room ? cluster_room : room;
    }
    wanted.block_count = wanted.block_count < room ? wanted.block_count : room;
    *wanted_out = wanted;
    return status;
}

/* Whether the file has another part of the piece's cluster, and that where it must be. */
static enum status find_shared(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_run *piece, bool *shared_out)
{
    uint64_t cluster_blocks = (uint64_t)1 << mount->geometry.cluster_shift;
    uint64_t cluster = align_down(piece->logical_block, cluster_blocks);
    struct ext_run run;
    enum status status = ext_extent_last_before(mount, inode, cluster + cluster_blocks, &run);
    *shared_out =
        status == STATUS_OK && run.block_count > 0 && run.logical_block + run.block_count > cluster;
    bool apart = *shared_out && run.physical_block - run.logical_block !=
                                    piece->physical_block - piece->logical_block;
    return apart ? ext_corrupt(mount, "fast commit of a cluster in two places", 0) : status;
}

/* Takes the blocks of a piece for the file. */
static enum status claim(struct ext_mount *mount, struct ext_inode *inode,
    const struct ext_run *piece, struct range_step *step)
{
    uint64_t cluster_blocks = (uint64_t)1 << mount->geometry.cluster_shift;
    bool shared = false;
    enum status status = cluster_blocks > 1 ? find_shared(mount, inode, piece, &shared) : STATUS_OK;
    if (status != STATUS_OK || shared) {
        return status;
    }
    uint64_t first = piece->physical_block;
    uint64_t count = align_up(piece->block_count, cluster_blocks);
    if (cluster_blocks > 1) {
        first -= piece->logical_block & (cluster_blocks - 1);
        count = cluster_blocks;
        if (!is_aligned(first - mount->geometry.first_data_block, cluster_blocks)) {
            return ext_corrupt(mount, "fast commit of a part of a cluster", first);
        }
    }
    status = ext_claim_blocks(mount, first, count);
    step->taken = status == STATUS_NO_SPACE;
    if (status == STATUS_OK) {
        inode->sector_count += count << (mount->geometry.block_shift - 9);
    }
    return status;
}

/* The file has the piece already, but perhaps as another kind. */
static enum status set_kind(struct ext_mount *mount, struct ext_inode *inode,
    const struct ext_run *piece, const struct ext_run *live)
{
    if (piece->kind == live->kind) {
        return STATUS_OK;
    }
    if (piece->kind == EXT_RUN_DATA) {
        return ext_extent_mark_written(mount, inode, piece->logical_block, piece->block_count);
    }
    enum status status = ext_extent_cut(mount, inode, piece->logical_block, piece->block_count);
    return status == STATUS_OK ? ext_extent_insert(mount, inode, piece) : status;
}

static enum status add_piece(
    struct ext_mount *mount, struct ext_inode *inode, struct range_step *step, uint32_t *done_out)
{
    struct ext_run piece;
    struct ext_run live;
    enum status status = next_piece(mount, inode, step, &piece, &live);
    if (status != STATUS_OK) {
        return status;
    }
    *done_out = (uint32_t)piece.block_count;
    if (live.kind == EXT_RUN_HOLE) {
        status = claim(mount, inode, &piece, step);
        return status == STATUS_OK ? ext_extent_insert(mount, inode, &piece) : status;
    }
    if (live.physical_block == piece.physical_block) {
        return set_kind(mount, inode, &piece, &live);
    }
    bool done; /* The next change finds a hole, or some more to remove. */
    *done_out = 0;
    return ext_map_remove(
        mount, inode, piece.logical_block, piece.logical_block + piece.block_count, &done);
}

static enum status run_add(struct ext_mount *mount, void *context)
{
    struct range_step *step = context;
    struct ext_inode inode;
    step->taken = false;
    enum status status = open_file(mount, step, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t done_count = 0;
    status = add_piece(mount, &inode, step, &done_count);
    if (status == STATUS_OK) {
        status = ext_store_inode(mount, &inode);
    }
    if (status == STATUS_OK) {
        step->done_count += done_count;
    }
    return status;
}

enum status ext_fast_add_range(struct ext_mount *mount, const struct ext_fast_operation *operation)
{
    struct range_step step = {.operation = operation};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && step.done_count < operation->block_count) {
        status = ext_change(mount, (struct ext_step){run_add, &step, ext_change_block_max});
    }
    if (status == STATUS_NO_SPACE && step.taken) {
        return ext_corrupt(
            mount, "fast commit of blocks that are in use", operation->physical_block);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- Deleting -------------------------------------------------------------------------------- */

static enum status run_delete(struct ext_mount *mount, void *context)
{
    struct range_step *step = context;
    const struct ext_fast_operation *operation = step->operation;
    uint64_t first = operation->logical_block;
    struct ext_inode inode;
    enum status status = open_file(mount, step, &inode);
    if (status == STATUS_OK) {
        status = ext_map_remove(mount, &inode, first, first + operation->block_count, &step->ended);
    }
    return status == STATUS_OK ? ext_store_inode(mount, &inode) : status;
}

enum status ext_fast_delete_range(
    struct ext_mount *mount, const struct ext_fast_operation *operation)
{
    struct range_step step = {.operation = operation};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !step.ended) {
        status = ext_change(mount, (struct ext_step){run_delete, &step, ext_change_block_max});
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
