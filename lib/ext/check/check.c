/* SPDX-License-Identifier: ISC */
/*
 * The order of a check, and how it notes what it finds.
 *
 * First comes who uses which block (groups, inodes), then who names which inode (directories,
 * links), at last what bitmaps and counts say of both. A part that could not be understood keeps
 * later parts from finding its consequences.
 */
#include "../journal/journal.h"

#include "check.h"

#include <string.h>

void ext_check_find(struct ext_check *check, struct ext_finding finding)
{
    check->finding_count++;
    check->visitor.find(check->visitor.context, &finding);
}

static void fail(struct ext_check *check, enum status status)
{
    if (check->failure == STATUS_OK) {
        check->failure = status;
    }
}

bool ext_check_pin(struct ext_check *check, uint64_t block, struct block_cache_entry **entry_out)
{
    enum status status = block_cache_get(&check->mount.cache, block, entry_out);
    if (status != STATUS_OK) {
        fail(check, status);
    }
    return status == STATUS_OK;
}

void ext_check_note(struct ext_check *check, enum status status, uint64_t inode)
{
    if (status == STATUS_CORRUPT) {
        ext_check_find_inode(
            check, check->mount.corruption.what, inode, check->mount.corruption.block);
    } else if (status == STATUS_UNSUPPORTED) {
        ext_check_find(check, (struct ext_finding){.what = check->mount.refusal.what,
                                  .why = check->mount.refusal.reason,
                                  .inode = inode,
                                  .group = ext_check_no_group});
    } else if (status != STATUS_OK) {
        fail(check, status);
    }
}

/* ---- The super block ------------------------------------------------------------------------- */

static enum status read_superblock(
    struct ext_check *check, struct block_device *device, const struct ext_mount_memory *memory)
{
    struct block_transfer transfer = ext_superblock_place(device, memory->buffer);
    if (device->block_bytes > ext_block_bytes_max ||
        transfer.first_block + transfer.block_count > device->block_count) {
        return ext_corrupt(&check->mount, "device is too small for a super block", 0);
    }
    enum status status = block_read(device, &transfer, 1);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *bytes = memory->buffer.bytes;
    bytes += superblock_offset_bytes % device->block_bytes;
    return ext_superblock_parse(&check->mount, bytes, device);
}

static uint64_t cluster_bytes(const struct ext_geometry *geometry)
{
    uint64_t clusters = (geometry->block_count >> geometry->cluster_shift) + 1;
    return align_up(clusters / 8 + 1, sizeof(uint64_t));
}

/* Names of a directory, or inodes by owner, that are sorted at once. */
static uint64_t sorted_count(const struct ext_geometry *geometry)
{
    return (uint64_t)geometry->inode_count + geometry->block_bytes;
}

static uint64_t measure(const struct ext_geometry *geometry)
{
    return geometry->inode_count * (uint64_t)sizeof(struct ext_check_node) +
           geometry->inode_count * (uint64_t)sizeof(uint64_t) +
           sorted_count(geometry) * sizeof(uint64_t) + cluster_bytes(geometry);
}

static enum status init_cache(
    struct ext_check *check, struct block_device *device, const struct ext_mount_memory *memory)
{
    uint32_t block_bytes = check->mount.geometry.block_bytes;
    uint64_t room_count = memory->buffer_bytes / block_bytes;
    struct block_cache_memory cache_memory = {
        .entries = memory->entries,
        .entry_count =
            room_count < memory->entry_count ? (uint32_t)room_count : memory->entry_count,
        .buffer = memory->buffer,
    };
    return block_cache_init(&check->mount.cache, device, block_bytes, cache_memory);
}

enum status ext_check_begin(struct ext_check *check, struct block_device *device,
    struct ext_mount_memory memory, struct ext_check_visitor visitor)
{
    memset(check, 0, sizeof *check); /* A literal would be built on the stack first. */
    check->mount.refusal.feature_bit = ext_no_feature_bit;
    check->visitor = visitor;
    if (memory.entry_count < ext_cache_block_count_min || memory.buffer.bytes == nullptr ||
        memory.buffer_bytes < (uint64_t)ext_cache_block_count_min * ext_block_bytes_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status = read_superblock(check, device, &memory);
    if (status == STATUS_OK) {
        ext_journal_take_memory(&check->mount, &memory);
        status = init_cache(check, device, &memory);
    }
    if (status != STATUS_OK) {
        ext_check_note(check, status, 0);
        return check->failure;
    }
    check->needed_bytes = measure(&check->mount.geometry);
    return STATUS_OK;
}

/* ---- The rest -------------------------------------------------------------------------------- */

static void share_memory(struct ext_check *check, uint8_t *memory)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    memset(memory, 0, check->needed_bytes);
    check->attribute_blocks = (uint64_t *)(void *)memory;
    memory += geometry->inode_count * sizeof(uint64_t);
    check->sorted = (uint64_t *)(void *)memory;
    check->sorted_count_max = (uint32_t)sorted_count(geometry);
    memory += sorted_count(geometry) * sizeof(uint64_t);
    check->nodes = (struct ext_check_node *)(void *)memory;
    memory += geometry->inode_count * sizeof(struct ext_check_node);
    check->claimed = memory;
}

enum status ext_check_run(struct ext_check *check, void *memory, uint64_t size_bytes)
{
    static void (*const parts[])(struct ext_check *) = {
        ext_check_superblock,
        ext_check_groups,
        ext_check_mmp,
        ext_check_orphans,
        ext_check_journal,
        ext_check_inodes,
        ext_check_references,
        ext_check_directories,
        ext_check_links,
        ext_check_quota,
        ext_check_bitmaps,
    };
    if (check->needed_bytes == 0 || size_bytes < check->needed_bytes) {
        return check->needed_bytes == 0 ? STATUS_OK : STATUS_NO_MEMORY;
    }
    share_memory(check, memory);
    check->groups_known = true;
    check->usage_known = true;
    for (size_t index = 0; index < sizeof parts / sizeof parts[0]; index++) {
        if (check->failure == STATUS_OK && check->groups_known) {
            parts[index](check);
        }
    }
    return check->failure;
}
