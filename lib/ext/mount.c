/* SPDX-License-Identifier: ISC */
/*
 * Mounting: everything that later calls rely on is checked here. Nothing is written, unless the
 * journal must be replayed.
 */
#include "journal/journal.h"
#include "transaction.h"

/*
 * The super block is read before the size of a block is known, with the device's own blocks, into
 * the memory that becomes the cache.
 */
static enum status read_superblock(
    struct ext_mount *mount, struct block_device *device, const struct ext_mount_memory *memory)
{
    struct block_transfer transfer = ext_superblock_place(device, memory->buffer);
    if (device->block_bytes > ext_block_bytes_max ||
        transfer.first_block + transfer.block_count > device->block_count) {
        return ext_corrupt(mount, "device is too small for a super block", 0);
    }
    enum status status = block_read(device, &transfer, 1);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *bytes = memory->buffer.bytes;
    bytes += superblock_offset_bytes % device->block_bytes;
    return ext_superblock_parse(mount, bytes, device);
}

static enum status init_cache(
    struct ext_mount *mount, struct block_device *device, const struct ext_mount_memory *memory)
{
    uint32_t block_bytes = mount->geometry.block_bytes;
    uint64_t room_count = memory->buffer_bytes / block_bytes;
    struct block_cache_memory cache_memory = {
        .entries = memory->entries,
        .entry_count =
            room_count < memory->entry_count ? (uint32_t)room_count : memory->entry_count,
        .buffer = memory->buffer,
    };
    return block_cache_init(&mount->cache, device, block_bytes, cache_memory);
}

/* The super block's free counts may be older than those of the groups. */
static enum status check_groups(struct ext_mount *mount)
{
    uint64_t cluster_count = 0;
    uint64_t inode_count = 0;
    for (uint32_t group = 0; group < mount->geometry.group_count; group++) {
        struct ext_group values;
        enum status status = ext_group_read(mount, group, &values);
        if (status != STATUS_OK) {
            return status;
        }
        cluster_count += values.free_cluster_count;
        inode_count += values.free_inode_count;
    }
    uint64_t block_count = cluster_count << mount->geometry.cluster_shift;
    mount->counts.misstated = mount->counts.free_block_count != block_count ||
                              mount->counts.free_inode_count != inode_count;
    mount->counts.free_block_count = block_count;
    mount->counts.free_inode_count = (uint32_t)inode_count;
    return STATUS_OK;
}

static bool stop_at_once(void *, const struct ext_entry *)
{
    return false;
}

/* The root's inode, the first block of its entries, its attributes. */
static enum status check_root(struct ext_mount *mount)
{
    struct ext_file root;
    enum status status = ext_open(mount, ext_root_number, &root);
    if (status == STATUS_NOT_FOUND) {
        return ext_corrupt(mount, "root is no directory", 0);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct ext_visitor visitor = {.visit = stop_at_once};
    status = ext_read_directory(mount, &root, 0, visitor);
    if (status == STATUS_NOT_DIRECTORY || status == STATUS_END) {
        return ext_corrupt(mount, "root is no directory", 0);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t names_bytes;
    return ext_list_attributes(mount, &root, nullptr, 0, &names_bytes);
}

/* Reads what the volume says of itself. What the journal keeps comes off the end of the memory. */
static enum status load(struct ext_mount *mount, struct block_device *device,
    struct ext_mount_memory *memory, struct ext_mount_options options)
{
    *mount = (struct ext_mount){.refusal = {.feature_bit = ext_no_feature_bit}};
    enum status status = read_superblock(mount, device, memory);
    if (status != STATUS_OK) {
        return status;
    }
    mount->read_only = mount->read_only || options.read_only;
    ext_journal_take_memory(mount, memory);
    status = init_cache(mount, device, memory);
    if (status == STATUS_OK) {
        status = ext_mmp_check(mount);
    }
    return status == STATUS_OK ? ext_journal_open(mount, device, options) : status;
}

static enum status begin_writing(struct ext_mount *mount, const struct ext_mount_memory *memory)
{
    mount->transaction = (struct ext_transaction){
        .undo_memory = memory->undo,
        .pending = memory->pending,
        .pending_capacity = memory->pending_count,
    };
    mount->journal.head_block = mount->journal.first_block;
    return ext_superblock_pin(mount);
}

/* The volume as the log left it is changed as its fast commits say; then it is recovered. */
static enum status replay_fast_commits(struct ext_mount *mount, struct block_device *device,
    struct ext_mount_memory memory, struct ext_mount_options options,
    const struct ext_fast_plan *plan)
{
    struct ext_fast_replay replay;
    ext_fast_take_memory(&replay, mount, &memory);
    enum status status = load(mount, device, &memory, options);
    if (status == STATUS_OK) {
        status = check_groups(mount);
    }
    if (status == STATUS_OK) {
        status = begin_writing(mount, &memory);
    }
    if (status != STATUS_OK) {
        return status;
    }
    mount->now = options.now;
    mount->writable = true;
    mount->transaction.in_use_marked = true;
    status = ext_fast_replay_all(&replay, plan);
    if (status == STATUS_OK) {
        status = ext_journal_end_recovery(mount, device, plan->sequence);
    }
    mount->writable = false;
    return status;
}

static enum status recover(struct ext_mount *mount, struct block_device *device,
    struct ext_mount_memory memory, struct ext_mount_memory left, struct ext_mount_options options)
{
    struct ext_fast_plan plan;
    enum status status = ext_journal_recover(mount, device, left, options.read_only, &plan);
    return status == STATUS_OK && plan.tag_count > 0
               ? replay_fast_commits(mount, device, memory, options, &plan)
               : status;
}

/* As load, after the journal was replayed if it must be. */
static enum status load_recovered(struct ext_mount *mount, struct block_device *device,
    struct ext_mount_memory memory, struct ext_mount_options options)
{
    struct ext_mount_memory left = memory;
    enum status status = load(mount, device, &left, options);
    if (status != STATUS_OK || !ext_has(mount, EXT_INCOMPAT, incompat_needs_recovery)) {
        return status;
    }
    bool held_some = mount->journal.start_block != 0;
    uint32_t first_sequence = mount->journal.sequence;
    status = recover(mount, device, memory, left, options);
    if (status != STATUS_OK) {
        return status;
    }
    left = memory;
    status = load(mount, device, &left, options);
    if (status == STATUS_OK && ext_has(mount, EXT_INCOMPAT, incompat_needs_recovery)) {
        status = ext_corrupt(mount, "volume needs recovery after its recovery", 0);
    }
    /* An emptied log goes on with the number after the next, [jbd2]. */
    mount->replayed_count = held_some ? mount->journal.sequence - first_sequence - 1 : 0;
    return status;
}

/* Whether all that writing needs is there. */
static bool can_write(const struct ext_mount *mount, const struct ext_mount_memory *memory)
{
    bool has_memory = memory->undo != nullptr && memory->pending != nullptr &&
                      memory->pending_count >= ext_pending_count_min &&
                      mount->cache.entry_count >= ext_cache_block_count_min_writable;
    return !mount->read_only && mount->clean && has_memory && ext_journal_is_writable(mount);
}

static enum status prepare_writing(struct ext_mount *mount, const struct ext_mount_memory *memory,
    const struct ext_mount_options *options)
{
    mount->now = options->now;
    mount->nonces = options->nonces;
    if (!can_write(mount, memory)) {
        return STATUS_OK;
    }
    enum status status = begin_writing(mount, memory);
    if (status == STATUS_OK) {
        status = ext_mmp_take(mount);
    }
    mount->writable = status == STATUS_OK;
    if (mount->writable) {
        status = ext_orphans_process(mount);
    }
    if (status != STATUS_OK) {
        (void)ext_mmp_give(mount); /* The mount has failed already. */
        mount->writable = false;
    }
    return status;
}

enum status ext_mount(struct ext_mount *mount, struct block_device *device,
    struct ext_mount_memory memory, struct ext_mount_options options)
{
    *mount = (struct ext_mount){.refusal = {.feature_bit = ext_no_feature_bit}};
    if (memory.entry_count < ext_cache_block_count_min || memory.buffer.bytes == nullptr ||
        memory.buffer_bytes < (uint64_t)ext_cache_block_count_min * ext_block_bytes_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status = load_recovered(mount, device, memory, options);
    if (status == STATUS_OK) {
        status = check_groups(mount);
    }
    if (status == STATUS_OK) {
        status = check_root(mount);
    }
    if (status == STATUS_OK) {
        status = ext_quota_check(mount);
    }
    if (status == STATUS_OK) {
        status = ext_orphans_check(mount);
    }
    if (status == STATUS_OK) {
        status = ext_bitmaps_check(mount);
    }
    if (status == STATUS_OK) {
        status = prepare_writing(mount, &memory, &options);
    }
    mount->mounted = status == STATUS_OK;
    return status;
}

struct ext_statistics ext_statfs(const struct ext_mount *mount)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t reserved = geometry->reserved_block_count;
    uint64_t free = mount->counts.free_block_count + mount->counts.pending_block_count;
    return (struct ext_statistics){
        .block_count = geometry->block_count,
        .free_block_count = free,
        .available_block_count = free > reserved ? free - reserved : 0,
        .inode_count = geometry->inode_count,
        .free_inode_count = mount->counts.free_inode_count + mount->counts.pending_inode_count,
        .block_bytes = geometry->block_bytes,
        .name_bytes_max = ext_name_bytes_max,
    };
}
