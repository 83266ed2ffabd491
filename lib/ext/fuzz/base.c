/* SPDX-License-Identifier: ISC */
/*
 * Making, loading and indexing volumes. What lies where is what the check of lib/ext saw while it
 * read the volume: the marks that it left in a cache with room for all of it.
 */
#define _GNU_SOURCE
#include "base.h"

#include <lib/ext/ext_check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../transaction.h"
#include "fast_base.h"

constexpr uint64_t read_count_max = 4'000'000;
constexpr uint32_t log_front_blocks = 24;
constexpr uint32_t log_end_blocks = 16; /* where fast commits are */

void found(const char *what)
{
    (void)fprintf(stderr, "found: %s\n", what);
    abort();
}

/* ---- The device ------------------------------------------------------------------------------ */

static void mark_dirty(struct base *base, uint64_t offset_bytes, uint64_t size_bytes)
{
    uint64_t last = (offset_bytes + size_bytes - 1) / base_page_bytes;
    for (uint64_t page = offset_bytes / base_page_bytes; page <= last; page++) {
        base->dirty[page] = 1;
    }
}

static uint64_t offset_of(const struct block_device *device, const struct block_transfer *transfer)
{
    const struct base *base = device->context;
    require(transfer->first_block + transfer->block_count <= device->block_count, "bounds");
    return transfer->first_block * device->block_bytes +
           (device == &base->outside ? base->volume_bytes : 0);
}

static enum status base_read(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct base *base = device->context;
    for (uint32_t index = 0; index < transfer_count; index++) {
        const struct block_transfer *transfer = &transfers[index];
        base->read_count += transfer->block_count;
        require(base->read_count < read_count_max, "it reads for ever");
        memcpy(transfer->buffer.bytes, base->bytes + offset_of(device, transfer),
            (size_t)transfer->block_count * device->block_bytes);
    }
    return STATUS_OK;
}

/* Whether nothing has gone wrong yet, or a write is of the volume's super block or the journal's.
 */
static bool may_write(const struct base *base, uint64_t offset_bytes, uint64_t size_bytes)
{
    uint32_t block_bytes = base->mount.geometry.block_bytes;
    if (base->failure == nullptr || *base->failure == STATUS_OK) {
        return true;
    }
    bool superblock = offset_bytes <= superblock_offset_bytes &&
                      offset_bytes + size_bytes >= superblock_offset_bytes + superblock_bytes;
    bool journal =
        base->journal_blocks > 0 &&
        offset_bytes == (uint64_t)base->journal_places[base->journal_superblock] * block_bytes;
    return size_bytes <= block_bytes && (superblock || journal);
}

static enum status base_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct base *base = device->context;
    base->write_count += transfer_count;
    for (uint32_t index = 0; index < transfer_count; index++) {
        const struct block_transfer *transfer = &transfers[index];
        uint64_t offset_bytes = offset_of(device, transfer);
        uint64_t size_bytes = (uint64_t)transfer->block_count * device->block_bytes;
        require(may_write(base, offset_bytes, size_bytes), "it writes on after a failure");
        memcpy(base->bytes + offset_bytes, transfer->buffer.bytes, size_bytes);
        mark_dirty(base, offset_bytes, size_bytes);
    }
    return STATUS_OK;
}

static enum status base_flush(struct block_device *)
{
    return STATUS_OK;
}

static const struct block_device_operations base_operations = {
    .read = base_read, .write = base_write, .flush = base_flush};

void base_reset(struct base *base)
{
    base->read_count = 0;
    base->failure = nullptr;
    base->device.read_only = false;
    for (size_t page = 0; page * base_page_bytes < base->size_bytes; page++) {
        if (base->dirty[page] != 0) {
            size_t at = page * base_page_bytes;
            size_t left = base->size_bytes - at;
            memcpy(base->bytes + at, base->pristine + at,
                left < base_page_bytes ? left : base_page_bytes);
            base->dirty[page] = 0;
        }
    }
}

uint8_t *base_touch(struct base *base, const struct part *part)
{
    mark_dirty(base, part->offset_bytes, part->size_bytes);
    return base->bytes + part->offset_bytes;
}

/* ---- What lies where ------------------------------------------------------------------------- */

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
    case EXT_MARK_POINTERS:
        return PART_POINTERS;
    case EXT_MARK_ATTRIBUTES:
        return PART_ATTRIBUTES;
    case EXT_MARK_QUOTA:
        return PART_QUOTA;
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

/* Reads all of the volume with room for all of it, and takes down what was where. */
static void index_base(struct base *base)
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

/* ---- Making ---------------------------------------------------------------------------------- */

/* Adds the contents of a file, if there is one. */
static void load_file(struct base *base, const char *path)
{
    struct stat stat;
    FILE *file = fopen(path, "rb");
    if (file == nullptr) {
        return;
    }
    require(fstat(fileno(file), &stat) == 0, "a base was not made");
    size_t added_bytes = (size_t)stat.st_size;
    base->pristine = realloc(base->pristine, base->size_bytes + added_bytes);
    require(fread(base->pristine + base->size_bytes, 1, added_bytes, file) == added_bytes,
        "a base is short");
    base->size_bytes += added_bytes;
    (void)fclose(file);
}

static struct block_device device_of(struct base *base, uint64_t size_bytes)
{
    return (struct block_device){
        .operations = &base_operations,
        .context = base,
        .block_bytes = 512,
        .block_count = size_bytes / 512,
    };
}

static void load_base(struct base *base, const char *folder)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, base->name);
    load_file(base, path);
    require(base->size_bytes > 0, "a base was not made");
    base->volume_bytes = base->size_bytes;
    (void)snprintf(path, sizeof path, "%s/%s.journal", folder, base->name);
    load_file(base, path);
    base->bytes = malloc(base->size_bytes);
    memcpy(base->bytes, base->pristine, base->size_bytes);
    base->dirty = calloc(base->size_bytes / base_page_bytes + 1, 1);
    base->device = device_of(base, base->volume_bytes);
    base->outside = device_of(base, base->size_bytes - base->volume_bytes);
    index_base(base);
    base_reset(base);
    if (strcmp(base->name, "ext4-fast") == 0) {
        fast_base_fill(base);
        memcpy(base->pristine, base->bytes, base->size_bytes);
    }
}

uint32_t bases_load(const char *const *names, struct base *bases)
{
    char folder[64];
    char command[1024];
    uint32_t count = 0;
    (void)snprintf(folder, sizeof folder, "%s/erix-fuzz-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    require(mkdtemp(folder) != nullptr, "no folder for the bases");
    int used = snprintf(command, sizeof command, "sh lib/ext/fuzz/bases.sh %s", folder);
    for (; names[count] != nullptr; count++) {
        used += snprintf(command + used, sizeof command - (size_t)used, " %s", names[count]);
    }
    (void)snprintf(command + used, sizeof command - (size_t)used, " >/dev/null 2>&1");
    require(system(command) == 0, "bases.sh fails");
    for (uint32_t index = 0; index < count; index++) {
        bases[index].name = names[index];
        load_base(&bases[index], folder);
    }
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    require(system(command) == 0, "the folder stays");
    return count;
}
