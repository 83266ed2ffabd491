/* SPDX-License-Identifier: ISC */
/*
 * Replaying fast commits, after the log. Each operation is one change or a row of changes, and the
 * volume is whole after each: an inode that has no name yet is an orphan, counts of links follow
 * the names. Transactions bring the changes to the medium, and each says how many operations are
 * applied, so that a replay that is cut off goes on there.
 *
 * Such a transaction must not be the next of the log, or the fast commits would be of the past. It
 * has the number of the last one, and takes its place: the log holds one transaction at a time,
 * whose blocks are in their places before the next one is written. The first one is empty, which
 * frees the log of all that was replayed.
 *
 * Blocks that the replay itself allocates, for directories and extent trees, are none that an
 * operation names.
 */
#include "../transaction.h"
#include "fast_commit.h"

void ext_fast_take_memory(
    struct ext_fast_replay *replay, struct ext_mount *mount, struct ext_mount_memory *memory)
{
    *replay = (struct ext_fast_replay){.mount = mount};
    memory->buffer_bytes -= ext_block_bytes_max;
    replay->tags = (struct journal_log){
        .journal = &mount->journal,
        .window = block_buffer_skip(memory->buffer, memory->buffer_bytes),
        .window_blocks = 1,
    };
    memory->buffer_bytes -= ext_block_bytes_max;
    replay->reserved = (struct journal_log){
        .journal = &mount->journal,
        .window = block_buffer_skip(memory->buffer, memory->buffer_bytes),
        .window_blocks = 1,
    };
}

/* ---- Ranges that operations name ------------------------------------------------------------- */

struct reservation {
    uint64_t first;
    uint64_t end;
    uint64_t reserved_end;
};

static enum status note_range(void *context, const struct ext_fast_operation *operation)
{
    struct reservation *wanted = context;
    uint64_t first = operation->physical_block;
    uint64_t end = first + operation->block_count;
    bool named = operation->kind == EXT_FAST_ADD_RANGE && first < wanted->end &&
                 end > wanted->first && end > wanted->reserved_end;
    wanted->reserved_end = named ? end : wanted->reserved_end;
    return STATUS_OK;
}

enum status ext_fast_reserved(
    struct ext_mount *mount, uint64_t first, uint64_t block_count, uint64_t *end_out)
{
    struct ext_fast_replay *replay = mount->journal.fast;
    struct reservation wanted = {.first = first, .end = first + block_count};
    struct ext_fast_visitor visitor = {.visit = note_range, .context = &wanted};
    enum status status = ext_fast_walk(mount, &replay->reserved, replay->tag_count, visitor);
    *end_out = wanted.reserved_end;
    return status;
}

/* ---- Operations ------------------------------------------------------------------------------ */

static bool is_own(const struct ext_mount *mount, uint32_t number)
{
    const struct ext_geometry *geometry = &mount->geometry;
    bool quota = false;
    for (uint32_t type = 0; type < ext_quota_type_count; type++) {
        quota = quota || number == geometry->quota_inodes[type];
    }
    bool reserved = number < geometry->first_inode && number != root_inode_number;
    return reserved || quota || number == geometry->orphan_file_inode ||
           number == mount->journal.inode_number;
}

enum status ext_fast_load(struct ext_mount *mount, uint32_t number, struct ext_inode *inode_out)
{
    if (is_own(mount, number)) {
        return ext_corrupt(mount, "fast commit of the file system's own inode", 0);
    }
    bool used;
    enum status status = ext_inode_in_use(mount, number, &used);
    if (status == STATUS_OK && !used) {
        return STATUS_NOT_FOUND;
    }
    return status == STATUS_OK ? ext_load_inode(mount, number, inode_out) : status;
}

static enum status apply(struct ext_mount *mount, const struct ext_fast_operation *operation)
{
    switch (operation->kind) {
    case EXT_FAST_ADD_RANGE:
        return ext_fast_add_range(mount, operation);
    case EXT_FAST_DELETE_RANGE:
        return ext_fast_delete_range(mount, operation);
    case EXT_FAST_INODE:
        return ext_fast_apply_inode(mount, operation);
    case EXT_FAST_UNLINK:
        return ext_fast_remove_name(mount, operation);
    default:
        return ext_fast_add_name(mount, operation);
    }
}

static enum status visit(void *context, const struct ext_fast_operation *operation)
{
    struct ext_fast_replay *replay = context;
    replay->passed_count++;
    if (replay->passed_count <= replay->done_count) {
        return STATUS_OK;
    }
    enum status status = apply(replay->mount, operation);
    if (status == STATUS_OK) {
        replay->done_count = replay->passed_count;
    }
    return status;
}

enum status ext_fast_replay_all(struct ext_fast_replay *replay, const struct ext_fast_plan *plan)
{
    struct ext_mount *mount = replay->mount;
    replay->tag_count = plan->tag_count;
    replay->done_count = plan->done_count;
    mount->journal.fast = replay;
    mount->journal.head_block = plan->head_block;
    mount->journal.sequence = plan->sequence - 1;
    enum status status = ext_journal_commit_stage(mount);
    if (status == STATUS_OK) {
        struct ext_fast_visitor visitor = {.visit = visit, .context = replay};
        status = ext_fast_walk(mount, &replay->tags, plan->tag_count, visitor);
    }
    if (status == STATUS_OK) {
        status = ext_commit(mount);
    }
    mount->journal.fast = nullptr;
    return status;
}
