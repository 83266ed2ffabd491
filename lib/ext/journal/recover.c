/* SPDX-License-Identifier: ISC */
/*
 * Recovery as a whole. What must stand in this order, so that a crash anywhere leaves a volume that
 * recovers to the same state:
 *
 *   1. everything in the log is checked; a fault changes nothing;
 *   2. blocks go to their places; flush; then fast commits are replayed, see fast_replay.c;
 *   3. the log is emptied in the journal's super block; flush;
 *   4. needs_recovery is cleared in the volume's super block; flush.
 *
 * Before 3 is on the medium, the log is replayed again, with the same result. Between 3 and 4 the
 * volume needs recovery from an empty log.
 */
#include <string.h>

#include "../transaction.h"
#include "fast_commit.h"
#include "journal.h"
#include "walk.h"

constexpr uint32_t window_blocks_max = 32;

static enum status refuse_read_only(struct ext_mount *mount)
{
    mount->refusal = (struct ext_refusal){
        .what = "needs_recovery",
        .reason = "journal must be replayed first",
        .feature_word = EXT_INCOMPAT,
        .feature_bit = log2_floor(incompat_needs_recovery),
    };
    return STATUS_UNSUPPORTED;
}

/* Divides the memory: a copy of a descriptor, half of the rest for the window, then revocations. */
static void divide_memory(
    struct journal_replay *replay, struct journal_log *log, struct ext_mount_memory memory)
{
    const struct ext_journal *journal = log->journal;
    uint64_t block_count = memory.buffer_bytes / journal->block_bytes;
    uint64_t window_blocks = (block_count - 1) / 2;
    log->window_blocks =
        window_blocks < window_blocks_max ? (uint32_t)window_blocks : window_blocks_max;
    log->window = block_buffer_skip(memory.buffer, journal->block_bytes);
    replay->walk.descriptor = memory.buffer.bytes;
    uint64_t used_bytes = (uint64_t)(1 + log->window_blocks) * journal->block_bytes;
    uint8_t *slots = replay->walk.descriptor + used_bytes;
    size_t misaligned_bytes = -(uintptr_t)slots % alignof(struct journal_revocation);
    uint64_t slot_bytes = memory.buffer_bytes - used_bytes - misaligned_bytes;
    replay->revocations.slots = (void *)(slots + misaligned_bytes);
    replay->revocations.slot_count = (uint32_t)(slot_bytes / sizeof(struct journal_revocation));
}

/*
 * What the volume's super block says of errors, kept in the mount's own memory: a replay may bring
 * back one that knows of none.
 */
constexpr size_t errors_bytes = superblock_errors_end - superblock_error_count;
constexpr size_t more_errors_bytes =
    superblock_last_error_code + 1 - superblock_first_error_time_high;
static_assert(errors_bytes + more_errors_bytes <= sizeof((struct ext_mount *)0)->protected_unit);

/* Reads the volume's super block into the scratch. */
static enum status read_superblock(struct block_device *device, struct block_buffer scratch,
    struct block_transfer *transfer_out, uint8_t **superblock_out)
{
    *transfer_out = ext_superblock_place(device, scratch);
    *superblock_out = (uint8_t *)scratch.bytes + superblock_offset_bytes % device->block_bytes;
    return block_read(device, transfer_out, 1);
}

static enum status know_errors(struct ext_mount *mount, struct block_device *device)
{
    struct block_transfer transfer;
    uint8_t *superblock;
    uint8_t *errors = mount->protected_unit;
    enum status status = read_superblock(device, mount->journal.scratch, &transfer, &superblock);
    if (status == STATUS_OK) {
        memcpy(errors, superblock + superblock_error_count, errors_bytes);
        memcpy(errors + errors_bytes, superblock + superblock_first_error_time_high,
            more_errors_bytes);
    }
    return status;
}

/* The journal says that there were errors: `errors`, if they are known. */
static void store_errors(uint8_t *superblock, const uint8_t *errors)
{
    uint16_t state = load_le16(superblock + superblock_state);
    store_le16(superblock + superblock_state, state | state_errors);
    if (errors != nullptr) {
        memcpy(superblock + superblock_error_count, errors, errors_bytes);
        memcpy(superblock + superblock_first_error_time_high, errors + errors_bytes,
            more_errors_bytes);
    }
}

static enum status clear_needs_recovery(
    struct block_device *device, struct ext_journal *journal, const uint8_t *errors)
{
    struct block_transfer transfer;
    uint8_t *superblock;
    enum status status = read_superblock(device, journal->scratch, &transfer, &superblock);
    if (status != STATUS_OK) {
        return status;
    }
    if (journal->error_code != 0) {
        store_errors(superblock, errors);
    }
    uint32_t incompat = load_le32(superblock + superblock_feature_incompat);
    store_le32(superblock + superblock_feature_incompat, incompat & ~incompat_needs_recovery);
    uint32_t ro_compat = load_le32(superblock + superblock_feature_ro_compat);
    if ((ro_compat & ro_compat_metadata_checksum) != 0) {
        store_le32(superblock + superblock_checksum, ext_superblock_checksum(superblock));
    }
    status = block_write(device, &transfer, 1);
    return status == STATUS_OK ? block_flush(device) : status;
}

static enum status empty_log(struct ext_journal *journal, uint32_t end_sequence)
{
    enum status status = ext_journal_superblock_write(journal, 0, end_sequence + 1);
    return status == STATUS_OK ? block_flush(journal->device) : status;
}

static enum status count_operation(void *context, const struct ext_fast_operation *)
{
    uint32_t *count = context;
    (*count)++;
    return STATUS_OK;
}

/* Fast commits change the volume as anybody does who writes to it. */
static enum status check_fast_writable(
    struct ext_mount *mount, const struct ext_mount_memory *memory, bool read_only)
{
    const char *what = "fast commit";
    if (memory->undo == nullptr || memory->pending == nullptr) {
        return ext_journal_refuse(mount, what, "there is no memory to replay it");
    }
    if (!ext_journal_is_writable(mount)) {
        return ext_journal_refuse(mount, what, "the log is too small to replay it");
    }
    if (!mount->clean || (mount->read_only && !read_only)) {
        return ext_journal_refuse(mount, what, "the volume must not be written");
    }
    return STATUS_OK;
}

/*
 * Fast commits are checked like the rest of the log, as far as they can be before it is replayed.
 */
static enum status check_fast_commits(struct journal_replay *replay,
    const struct ext_mount_memory *memory, bool read_only, struct ext_fast_plan *plan)
{
    const struct journal_walk *walk = &replay->walk;
    uint32_t tag_count;
    uint32_t operation_count = 0;
    struct ext_fast_visitor visitor = {.visit = count_operation, .context = &operation_count};
    enum status status = ext_fast_scan(walk->mount, walk->log, replay->end_sequence, &tag_count);
    if (status == STATUS_OK) {
        status = ext_fast_walk(walk->mount, walk->log, tag_count, visitor);
    }
    if (status != STATUS_OK || operation_count == 0) {
        return status;
    }
    *plan = (struct ext_fast_plan){
        .tag_count = tag_count,
        .done_count = walk->fast_done_count,
        .sequence = replay->end_sequence,
        .head_block = walk->end_block,
    };
    if (plan->done_count > operation_count) {
        return ext_corrupt(walk->mount, "fast commits are replayed past their end", 0);
    }
    if (plan->head_block == walk->log->journal->start_block) {
        return ext_journal_refuse(walk->mount, "fast commit", "the log is full");
    }
    return check_fast_writable(walk->mount, memory, read_only);
}

static enum status replay_log(struct journal_replay *replay, const struct ext_mount_memory *memory,
    bool read_only, struct ext_fast_plan *plan)
{
    enum status status = journal_scan(&replay->walk, &replay->end_sequence);
    if (status == STATUS_OK) {
        status = journal_replay_all(replay, false);
    }
    if (status == STATUS_OK) {
        status = check_fast_commits(replay, memory, read_only, plan);
    }
    struct ext_mount *mount = replay->walk.mount;
    if (status == STATUS_OK && mount->superblock_doubtful && !replay->superblock_found) {
        status = ext_corrupt(mount, "super block checksum", 0);
    }
    if (status == STATUS_OK && read_only) {
        status = refuse_read_only(mount);
    }
    if (status == STATUS_OK) {
        status = journal_replay_all(replay, true);
    }
    return status == STATUS_OK ? block_flush(replay->device) : status;
}

enum status ext_journal_end_recovery(
    struct ext_mount *mount, struct block_device *device, uint32_t end_sequence)
{
    enum status status = empty_log(&mount->journal, end_sequence);
    return status == STATUS_OK ? clear_needs_recovery(device, &mount->journal, nullptr) : status;
}

static enum status recover_log(struct ext_mount *mount, struct block_device *device,
    const struct ext_mount_memory *memory, bool read_only, struct ext_fast_plan *plan)
{
    struct journal_log log = {.journal = &mount->journal};
    struct journal_replay replay = {.walk = {.mount = mount, .log = &log}, .device = device};
    divide_memory(&replay, &log, *memory);
    enum status status = know_errors(mount, device);
    if (status == STATUS_OK) {
        status = replay_log(&replay, memory, read_only, plan);
    }
    if (status != STATUS_OK || plan->tag_count > 0) {
        return status;
    }
    status = empty_log(&mount->journal, replay.end_sequence);
    return status == STATUS_OK
               ? clear_needs_recovery(device, &mount->journal, mount->protected_unit)
               : status;
}

enum status ext_journal_recover(struct ext_mount *mount, struct block_device *device,
    struct ext_mount_memory memory, bool read_only, struct ext_fast_plan *plan_out)
{
    struct ext_journal *journal = &mount->journal;
    *plan_out = (struct ext_fast_plan){};
    read_only = read_only || device->read_only || journal->device->read_only;
    if (journal->start_block != 0) {
        return recover_log(mount, device, &memory, read_only, plan_out);
    }
    if (mount->superblock_doubtful) {
        return ext_corrupt(mount, "super block checksum", 0);
    }
    return read_only ? refuse_read_only(mount) : clear_needs_recovery(device, journal, nullptr);
}
