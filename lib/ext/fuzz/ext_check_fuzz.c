/* SPDX-License-Identifier: ISC */
/*
 * The check of whole volumes: it ends, it writes nothing, it finds the same whether it has room for
 * all that it reads or for a few blocks, and it does nothing in too little memory.
 */
#include <stdlib.h>

#include <lib/ext/ext_check.h>

#include "damage.h"
#include "target.h"

static const char *const names[] = {"ext2", "ext2-4k", "ext4", "ext4-plain", "ext4-groups",
    "ext4-inline", "ext4-meta", "ext4-quota", "ext4-deep", "ext4-orphan", "ext4-log-3", "casefold",
    "ext4-values", "ext4-levels", "ext4-orphans", "ext4-waiting", "ext4-acl", "ext4-collisions",
    nullptr};
static const enum part_kind kinds[] = {PART_SUPERBLOCK, PART_DESCRIPTOR, PART_INODE, PART_INODE,
    PART_BITMAP, PART_DIRECTORY, PART_INDEX, PART_EXTENTS, PART_POINTERS, PART_ATTRIBUTES,
    PART_QUOTA, PART_ORPHANS, PART_MMP, PART_LOG};

constexpr uint32_t cache_blocks_many = 4096;
constexpr uint32_t cache_blocks_few = 16;
constexpr uint64_t needed_bytes_max = 16 << 20;

static struct block_cache_entry entries[cache_blocks_many];
static alignas(16) uint8_t cache[(size_t)cache_blocks_many * 1024];
static struct ext_check check;

/* A number that two rows of findings share only if they are the same. */
struct row {
    uint64_t digest;
    const struct ext_check *check;
};

static void mix(struct row *row, uint64_t value)
{
    row->digest = (row->digest ^ value) * 0x9e37'79b9'7f4a'7c15;
    row->digest ^= row->digest >> 29;
}

static void take_down(void *context, const struct ext_finding *finding)
{
    struct row *row = context;
    require(finding->what != nullptr && finding->what[0] != '\0', "a finding says nothing");
    for (const char *at = finding->what; *at != '\0'; at++) {
        mix(row, (uint8_t)*at);
    }
    mix(row, finding->inode);
    mix(row, finding->block);
    mix(row, finding->group);
    mix(row, finding->valued ? finding->expected ^ finding->found << 1 : 0);
}

/* All findings; the memory of the second part is as much as is asked for, and not a byte more. */
static uint64_t find_all(struct base *base, uint32_t entry_count, uint64_t missing_bytes)
{
    struct row row = {.digest = 1};
    struct ext_mount_memory memory = {
        .entries = entries,
        .entry_count = entry_count,
        .buffer = block_buffer_plain(cache),
        .buffer_bytes = sizeof cache,
    };
    struct ext_check_visitor visitor = {.find = take_down, .context = &row};
    base->read_count = 0;
    require(ext_check_begin(&check, &base->device, memory, visitor) == STATUS_OK, "it begins");
    check.journal_device = base_outside(base);
    if (check.needed_bytes > missing_bytes && check.needed_bytes < needed_bytes_max) {
        uint64_t size_bytes = check.needed_bytes - missing_bytes;
        void *work = malloc(size_bytes);
        enum status status = ext_check_run(&check, work, size_bytes);
        require(status == (missing_bytes == 0 ? STATUS_OK : STATUS_NO_MEMORY), "what it returns");
        free(work);
    }
    require(missing_bytes > 0 || (row.digest == 1) == (check.finding_count == 0), "what it counts");
    return row.digest;
}

static void run(struct base *base, const struct input *, uint32_t damage_count)
{
    uint64_t written_count = base->write_count;
    uint64_t digest = find_all(base, cache_blocks_many, 0);
    /* What waits in a journal or on the list of orphans is a finding. */
    bool waits = base->journal_blocks != 0 ||
                 load_le32(base->pristine + superblock_offset_bytes + superblock_last_orphan) != 0;
    require(damage_count > 0 || waits || digest == 1, "a base is not sound");
    require(
        find_all(base, cache_blocks_few, 0) == digest, "in a little cache it finds other things");
    (void)find_all(base, cache_blocks_few, 1);
    require(base->write_count == written_count, "it writes");
}

const struct target target = {
    .bases = names,
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .reads_all = true,
    .run = run,
};
