/* SPDX-License-Identifier: ISC */
/*
 * Finding the journal, [ext4 Super Block] and [jbd2 External Journal]: an inode of the volume, or a
 * device of its own, which begins like a volume whose only feature that matters is journal_dev.
 * What is checked here is checked for every mount, also for one that only reads.
 */
#include <string.h>

#include "../transaction.h"
#include "journal.h"

constexpr uint64_t block_count_max = UINT32_MAX;

/* Memory for the table of runs: this part of all that the mount was given, but not less. */
constexpr uint32_t runs_memory_part = 64;
constexpr uint32_t runs_memory_bytes_min = 4096;

void ext_journal_take_memory(struct ext_mount *mount, struct ext_mount_memory *memory)
{
    if (!ext_has(mount, EXT_COMPAT, compat_has_journal)) {
        return;
    }
    struct ext_journal *journal = &mount->journal;
    memory->buffer_bytes -= ext_block_bytes_max;
    journal->scratch = block_buffer_skip(memory->buffer, memory->buffer_bytes);
    memory->buffer_bytes -= ext_block_bytes_max;
    journal->escape = block_buffer_skip(memory->buffer, memory->buffer_bytes);
    uint64_t table_bytes = memory->buffer_bytes / runs_memory_part;
    if (table_bytes < runs_memory_bytes_min) {
        table_bytes = runs_memory_bytes_min;
    }
    memory->buffer_bytes -= table_bytes;
    uint8_t *table = memory->buffer.bytes;
    table += memory->buffer_bytes;
    size_t misaligned_bytes = -(uintptr_t)table % alignof(struct ext_journal_run);
    journal->runs = (void *)(table + misaligned_bytes);
    journal->run_count_max =
        (uint32_t)((table_bytes - misaligned_bytes) / sizeof(struct ext_journal_run));
}

/* The run of a block below block_count. */
static const struct ext_journal_run *find_run(const struct ext_journal *journal, uint32_t block)
{
    uint32_t low = 0;
    uint32_t high = journal->run_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (journal->runs[middle].first_block <= block) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &journal->runs[low];
}

struct block_transfer ext_journal_place(const struct ext_journal *journal, uint32_t block,
    uint32_t block_count, struct block_buffer buffer)
{
    const struct ext_journal_run *run = find_run(journal, block);
    uint32_t skipped = block - run->first_block;
    uint32_t left = run->block_count - skipped;
    uint32_t device_blocks = journal->block_bytes / journal->device->block_bytes;
    return (struct block_transfer){
        .first_block = (run->place + skipped) * device_blocks,
        .block_count = (block_count < left ? block_count : left) * device_blocks,
        .buffer = buffer,
    };
}

bool ext_journal_contains(const struct ext_journal *journal, uint64_t volume_block)
{
    if (journal->external) {
        return false;
    }
    for (uint32_t index = 0; index < journal->run_count; index++) {
        const struct ext_journal_run *run = &journal->runs[index];
        if (volume_block >= run->place && volume_block - run->place < run->block_count) {
            return true;
        }
    }
    return false;
}

/* Adds a piece behind the last run, or makes that one longer. */
static bool add_run(struct ext_journal *journal, struct ext_journal_run piece)
{
    if (journal->run_count > 0) {
        struct ext_journal_run *last = &journal->runs[journal->run_count - 1];
        if (last->place + last->block_count == piece.place) {
            last->block_count += piece.block_count;
            return true;
        }
    }
    if (journal->run_count == journal->run_count_max) {
        return false;
    }
    journal->runs[journal->run_count++] = piece;
    return true;
}

/* Appends the runs of the journal's file from `first` to before `end`. */
static enum status map_file(
    struct ext_mount *mount, struct ext_file *file, uint32_t first, uint32_t end)
{
    while (first < end) {
        struct ext_run run;
        enum status status = ext_map(mount, file, first, &run);
        if (status != STATUS_OK) {
            return status;
        }
        if (run.kind != EXT_RUN_DATA) {
            return ext_corrupt(mount, "journal has holes", 0);
        }
        struct ext_journal_run piece = {
            .first_block = first,
            .block_count = run.block_count < end - first ? (uint32_t)run.block_count : end - first,
            .place = run.physical_block,
        };
        if (!add_run(&mount->journal, piece)) {
            return ext_journal_refuse(mount, "journal", "it lies in too many pieces");
        }
        first += piece.block_count;
    }
    return STATUS_OK;
}

/* Reads the journal's super block; so far only it has a place. */
static enum status read_superblock(struct ext_mount *mount, uint64_t room_count)
{
    struct ext_journal *journal = &mount->journal;
    struct block_transfer transfer =
        ext_journal_place(journal, journal->superblock_block, 1, journal->scratch);
    enum status status = block_read(journal->device, &transfer, 1);
    if (status != STATUS_OK) {
        return status;
    }
    return ext_journal_superblock_parse(mount, journal->scratch.bytes, room_count);
}

static enum status open_internal(struct ext_mount *mount)
{
    struct ext_file file = {};
    enum status status = ext_load_inode(mount, mount->journal.inode_number, &file.inode);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID_ARGUMENT) {
        return ext_corrupt(mount, "journal inode is free", 0);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (file.inode.type != EXT_TYPE_FILE || (file.inode.flags & inode_flag_inline_data) != 0 ||
        file.inode.size_bytes < mount->geometry.block_bytes) {
        return ext_corrupt(mount, "journal inode is no file of blocks", 0);
    }
    uint64_t room_count = file.inode.size_bytes >> mount->geometry.block_shift;
    status = map_file(mount, &file, 0, 1);
    if (status == STATUS_OK) {
        status =
            read_superblock(mount, room_count < block_count_max ? room_count : block_count_max);
    }
    if (status == STATUS_OK) {
        status = map_file(mount, &file, 1, mount->journal.block_count);
    }
    return status;
}

/* The device's own super block, which stands where that of a volume does. */
static enum status check_device(struct ext_mount *mount, const uint8_t *superblock)
{
    const struct ext_geometry *geometry = &mount->geometry;
    const char *what = "journal device";
    uint32_t incompat = load_le32(superblock + superblock_feature_incompat);
    if (load_le16(superblock + superblock_magic_at) != superblock_magic ||
        load_le32(superblock + superblock_revision) != revision_dynamic ||
        (incompat & incompat_journal_device) == 0) {
        return ext_journal_refuse(mount, what, "it holds no journal");
    }
    uint32_t ro_compat = load_le32(superblock + superblock_feature_ro_compat);
    if ((ro_compat & ro_compat_metadata_checksum) != 0 &&
        !ext_superblock_checksum_valid(superblock)) {
        return ext_corrupt(mount, "checksum of the journal device's super block", 0);
    }
    if (memcmp(superblock + superblock_uuid, mount->journal.device_uuid, 16) != 0) {
        return ext_journal_refuse(mount, what, "its UUID is not the one that the volume names");
    }
    if (load_le32(superblock + superblock_log_block_size) + 10 != geometry->block_shift) {
        return ext_corrupt(mount, "block size of the journal device", 0);
    }
    return STATUS_OK;
}

/* Reads the device's super block into the scratch, in the device's own blocks. */
static enum status read_device(struct ext_mount *mount, const struct block_device *device)
{
    struct ext_journal *journal = &mount->journal;
    struct block_transfer transfer = ext_superblock_place(device, journal->scratch);
    if (transfer.first_block + transfer.block_count > device->block_count ||
        device->block_bytes > journal->block_bytes) {
        return ext_journal_refuse(mount, "journal device", "it holds no journal");
    }
    enum status status = block_read(journal->device, &transfer, 1);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *bytes = journal->scratch.bytes;
    return check_device(mount, bytes + superblock_offset_bytes % device->block_bytes);
}

static enum status open_external(struct ext_mount *mount, struct block_device *device)
{
    struct ext_journal *journal = &mount->journal;
    if (device == nullptr) {
        return ext_journal_refuse(mount, "journal device", "the volume needs one and has none");
    }
    journal->device = device;
    enum status status = read_device(mount, device);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t room_count = device->block_count / (journal->block_bytes / device->block_bytes);
    if (room_count > block_count_max) {
        room_count = block_count_max;
    }
    journal->superblock_block =
        (uint32_t)(superblock_offset_bytes >> mount->geometry.block_shift) + 1;
    if (room_count <= journal->superblock_block) {
        return ext_journal_refuse(mount, "journal device", "it holds no journal");
    }
    (void)add_run(journal, (struct ext_journal_run){.block_count = (uint32_t)room_count});
    return read_superblock(mount, room_count);
}

enum status ext_journal_open(
    struct ext_mount *mount, struct block_device *device, struct ext_mount_options options)
{
    struct ext_journal *journal = &mount->journal;
    if (!ext_has(mount, EXT_COMPAT, compat_has_journal)) {
        return ext_has(mount, EXT_INCOMPAT, incompat_needs_recovery)
                   ? ext_corrupt(mount, "recovery without a journal", 0)
                   : STATUS_OK;
    }
    journal->block_bytes = mount->geometry.block_bytes;
    journal->device = device;
    enum status status =
        journal->external ? open_external(mount, options.journal_device) : open_internal(mount);
    if (status != STATUS_OK) {
        return status;
    }
    bool needs_recovery = ext_has(mount, EXT_INCOMPAT, incompat_needs_recovery);
    if (!needs_recovery && journal->start_block != 0) {
        return ext_corrupt(mount, "journal holds what the super block does not tell of", 0);
    }
    if (journal->error_code != 0) {
        mount->clean = false;
    }
    return STATUS_OK;
}
