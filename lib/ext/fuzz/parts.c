/* SPDX-License-Identifier: ISC */
/*
 * What lies where in a base: what the check of lib/ext saw while it read the volume, by the marks
 * that it left in a cache with room for all of it, and what is never marked.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <lib/ext/ext_check.h>

#include "../transaction.h"
#include "base.h"

constexpr uint32_t log_front_blocks = 24;
constexpr uint32_t log_end_blocks = 16; /* where fast commits are */

static void add_part(struct base *base, struct part part)
{
    if (base->part_count < part_count_max) {
        base->parts[base->part_count++] = part;
    }
}

static enum part_kind kind_of_mark(uint64_t mark)
{
    switch (ext_mark_kind_of(mark)) {
    case EXT_MARK_DIRECTORY_FIRST:
    case EXT_MARK_DIRECTORY_LATER:
        return PART_DIRECTORY;
    case EXT_MARK_DIRECTORY_INDEX:
        return PART_INDEX;
    case EXT_MARK_EXTENT_NODE:
        return PART_EXTENTS;
    case EXT_MARK_ATTRIBUTES:
        return PART_ATTRIBUTES;
    case EXT_MARK_ORPHANS:
        return PART_ORPHANS;
    default:
        return PART_KIND_COUNT;
    }
}

static void add_marked(struct base *base, const struct block_cache *cache)
{
    for (uint32_t index = 0; index < cache->entry_count; index++) {
        const struct block_cache_entry *entry = &cache->entries[index];
        enum part_kind kind = kind_of_mark(entry->owner_mark);
        if (entry->valid && kind != PART_KIND_COUNT) {
            add_part(base, (struct part){.kind = kind,
                               .offset_bytes = entry->block << base->mount.geometry.block_shift,
                               .size_bytes = base->mount.geometry.block_bytes,
                               .number = (uint32_t)(entry->owner_mark >> 8),
                               .mark = entry->owner_mark});
        }
    }
}

static void add_inodes(struct base *base, uint32_t group, uint64_t table)
{
    const struct ext_geometry *geometry = &base->mount.geometry;
    for (uint32_t index = 0; index < geometry->inodes_per_group; index++) {
        uint64_t at = (table << geometry->block_shift) + (uint64_t)index * geometry->inode_bytes;
        if (load_le16(base->bytes + at + inode_mode) != 0) {
            add_part(base, (struct part){.kind = PART_INODE,
                               .offset_bytes = at,
                               .size_bytes = geometry->inode_bytes,
                               .number = group * geometry->inodes_per_group + index + 1});
        }
    }
}

static void add_bitmap(struct base *base, uint32_t group, enum ext_mark_kind kind, uint64_t block)
{
    add_part(base, (struct part){.kind = PART_BITMAP,
                       .offset_bytes = block << base->mount.geometry.block_shift,
                       .size_bytes = base->mount.geometry.block_bytes,
                       .number = group,
                       .mark = ext_mark_of(kind, group)});
}

static void add_groups(struct base *base, struct ext_mount *mount)
{
    for (uint32_t group = 0; group < mount->geometry.group_count; group++) {
        struct ext_group values;
        struct ext_descriptor_place place = ext_descriptor_place(mount, group);
        require(ext_group_read(mount, group, &values) == STATUS_OK, "a base has a bad descriptor");
        add_part(base,
            (struct part){.kind = PART_DESCRIPTOR,
                .offset_bytes = (place.block << mount->geometry.block_shift) + place.offset_bytes,
                .size_bytes = mount->geometry.descriptor_bytes,
                .number = group});
        add_bitmap(base, group, EXT_MARK_BLOCK_BITMAP, values.block_bitmap);
        add_bitmap(base, group, EXT_MARK_INODE_BITMAP, values.inode_bitmap);
        add_inodes(base, group, values.inode_table);
    }
}

/* Blocks of pointers, which have no checksum and so no mark. */
static void add_pointers(struct base *base, uint32_t number, uint32_t block, uint32_t level)
{
    uint32_t block_bytes = base->mount.geometry.block_bytes;
    uint64_t at = (uint64_t)block * block_bytes;
    if (block == 0) {
        return;
    }
    add_part(base, (struct part){.kind = PART_POINTERS,
                       .offset_bytes = at,
                       .size_bytes = block_bytes,
                       .number = number});
    for (uint32_t offset = 0; level > 1 && offset < block_bytes; offset += block_pointer_bytes) {
        add_pointers(base, number, load_le32(base->bytes + at + offset), level - 1);
    }
}

/* Those of all files and directories that have a block map. */
static void add_maps(struct base *base)
{
    uint32_t count = base->part_count;
    for (uint32_t index = 0; index < count; index++) {
        const struct part *part = &base->parts[index];
        const uint8_t *raw = base->bytes + part->offset_bytes;
        uint16_t type = load_le16(raw + inode_mode) & S_IFMT;
        bool maps = type == S_IFREG || type == S_IFDIR;
        if (part->kind != PART_INODE || !maps ||
            (load_le32(raw + inode_flags) & (inode_flag_extents | inode_flag_inline_data)) != 0) {
            continue;
        }
        for (uint32_t level = 1; level <= block_map_level_max; level++) {
            size_t slot = block_map_direct_count + level - 1;
            add_pointers(base, part->number,
                load_le32(raw + inode_block_area + slot * block_pointer_bytes), level);
        }
    }
}

static void add_quota(struct base *base, struct ext_mount *mount)
{
    for (uint32_t type = 0; type < ext_quota_type_count; type++) {
        uint32_t number = mount->geometry.quota_inodes[type];
        struct ext_file file = {};
        if (number == 0) {
            continue;
        }
        require(ext_load_inode(mount, number, &file.inode) == STATUS_OK, "a quota file");
        uint64_t count = file.inode.size_bytes >> mount->geometry.block_shift;
        for (uint64_t block = 0; block < count; block++) {
            struct ext_run run = {};
            require(ext_map(mount, &file, block, &run) == STATUS_OK, "a quota file");
            add_part(base, (struct part){.kind = PART_QUOTA,
                               .offset_bytes = run.physical_block << mount->geometry.block_shift,
                               .size_bytes = mount->geometry.block_bytes,
                               .number = number});
        }
    }
}

/* Where the blocks of the journal are. */
static void map_log(struct base *base, struct ext_mount *mount, struct ext_file *journal)
{
    uint64_t block_count = journal->inode.size_bytes >> mount->geometry.block_shift;
    require(block_count <= journal_count_max, "a journal is too long");
    while (base->journal_blocks < block_count) {
        struct ext_run run = {};
        require(ext_map(mount, journal, base->journal_blocks, &run) == STATUS_OK &&
                    run.kind == EXT_RUN_DATA,
            "a journal has a hole");
        for (uint64_t block = 0; block < run.block_count && base->journal_blocks < block_count;
            block++) {
            base->journal_places[base->journal_blocks++] = (uint32_t)(run.physical_block + block);
        }
    }
}

/* All of the device is numbered, the super block of the journal comes behind that of the device. */
static void map_outside(struct base *base, const struct ext_geometry *geometry)
{
    uint64_t count = base->outside.block_count * base->outside.block_bytes >> geometry->block_shift;
    require(count <= journal_count_max, "a journal is too long");
    base->journal_superblock = (superblock_offset_bytes >> geometry->block_shift) + 1;
    for (; base->journal_blocks < count; base->journal_blocks++) {
        base->journal_places[base->journal_blocks] =
            (uint32_t)((base->volume_bytes >> geometry->block_shift) + base->journal_blocks);
    }
}

/* The first and the last blocks of the journal. */
static void add_log(struct base *base, struct ext_mount *mount)
{
    struct ext_file journal = {};
    uint32_t block_bytes = mount->geometry.block_bytes;
    if (base->outside.block_count > 0) {
        map_outside(base, &mount->geometry);
    } else if (ext_has(mount, EXT_COMPAT, compat_has_journal)) {
        enum status status = ext_load_inode(mount, journal_inode_number, &journal.inode);
        require(status == STATUS_OK, "a journal");
        map_log(base, mount, &journal);
    }
    for (uint32_t block = 0; block < base->journal_blocks; block++) {
        if (block < log_front_blocks || block + log_end_blocks >= base->journal_blocks) {
            add_part(base, (struct part){.kind = PART_LOG,
                               .offset_bytes = (uint64_t)base->journal_places[block] * block_bytes,
                               .size_bytes = block_bytes,
                               .number = block});
        }
    }
}

static int compare_parts(const void *left, const void *right)
{
    const struct part *one = left;
    const struct part *other = right;
    if (one->kind != other->kind) {
        return one->kind < other->kind ? -1 : 1;
    }
    return (one->offset_bytes > other->offset_bytes) - (one->offset_bytes < other->offset_bytes);
}

static void sort_parts(struct base *base)
{
    qsort(base->parts, base->part_count, sizeof base->parts[0], compare_parts);
    uint32_t next = 0;
    for (uint32_t kind = 0; kind <= PART_KIND_COUNT; kind++) {
        while (next < base->part_count && base->parts[next].kind < kind) {
            next++;
        }
        base->first_part[kind] = next;
    }
}

static void ignore_finding(void *, const struct ext_finding *)
{
}

void base_index(struct base *base)
{
    uint32_t entry_count = (uint32_t)(base->size_bytes / 1024) + 64;
    size_t buffer_bytes = base->size_bytes + (size_t)64 * ext_block_bytes_max;
    struct ext_check *check = malloc(sizeof *check);
    struct ext_mount_memory memory = {
        .entries = calloc(entry_count, sizeof *memory.entries),
        .entry_count = entry_count,
        .buffer = block_buffer_plain(malloc(buffer_bytes)),
        .buffer_bytes = buffer_bytes,
    };
    struct ext_check_visitor visitor = {.find = ignore_finding};
    require(ext_check_begin(check, &base->device, memory, visitor) == STATUS_OK, "no base");
    void *work = malloc(check->needed_bytes);
    require(ext_check_run(check, work, check->needed_bytes) == STATUS_OK, "no base");
    base->mount = check->mount;
    add_marked(base, &check->mount.cache);
    add_groups(base, &check->mount);
    add_maps(base);
    add_quota(base, &check->mount);
    add_log(base, &check->mount);
    add_part(base, (struct part){.kind = PART_SUPERBLOCK,
                       .offset_bytes = superblock_offset_bytes,
                       .size_bytes = superblock_bytes});
    if (ext_has(&base->mount, EXT_INCOMPAT, incompat_mmp)) {
        add_part(base,
            (struct part){.kind = PART_MMP,
                .offset_bytes = base->mount.geometry.mmp_block << base->mount.geometry.block_shift,
                .size_bytes = 1024});
    }
    sort_parts(base);
    free(work);
    free(memory.buffer.bytes);
    free(memory.entries);
    free(check);
}
