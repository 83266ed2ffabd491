/* SPDX-License-Identifier: ISC */
/*
 * Names that a directory has twice. Checksums of names are sorted with where the name is; only
 * names with equal ones are compared. A directory with more names than there is room for is
 * looked at in parts, by checksum.
 */
#include "check.h"

#include <lib/crc/crc.h>

/* A walk over all records: those with checksums in [first, end) are collected. */
struct collection {
    struct ext_check *check;
    struct ext_file *directory;
    uint64_t first;
    uint64_t end;
    uint32_t count;
};

static uint32_t checksum_of(const struct ext_record *record)
{
    return crc32c_update(crc32c_seed, record->name, record->name_bytes);
}

/* Room is made by looking at a smaller part. */
static void shrink(struct collection *collection)
{
    uint64_t *values = collection->check->sorted;
    collection->end = collection->first + (collection->end - collection->first + 1) / 2;
    uint32_t kept = 0;
    for (uint32_t index = 0; index < collection->count; index++) {
        if (values[index] >> 32 < collection->end) {
            values[kept++] = values[index];
        }
    }
    collection->count = kept;
}

static void add(struct collection *collection, const struct ext_record *record, uint64_t place)
{
    uint32_t checksum = checksum_of(record);
    while (collection->count == collection->check->sorted_count_max &&
           collection->end - collection->first > 1) {
        shrink(collection);
    }
    if (checksum >= collection->first && checksum < collection->end &&
        collection->count < collection->check->sorted_count_max) {
        collection->check->sorted[collection->count++] = (uint64_t)checksum << 32 | place;
    }
}

static void collect_block(struct collection *collection, uint64_t logical_block)
{
    struct ext_mount *mount = &collection->check->mount;
    struct block_cache_entry *entry;
    if (ext_directory_pin(mount, collection->directory, logical_block, &entry) != STATUS_OK) {
        return;
    }
    struct ext_entry_area area = ext_block_area(mount, &collection->directory->inode, entry);
    struct ext_record record;
    for (uint32_t at = 0; ext_record_parse(mount, &area, at, &record); at += record.record_bytes) {
        uint64_t place = (logical_block << mount->geometry.block_shift) + at;
        if (record.inode_number != 0) {
            add(collection, &record, place / 4);
        }
    }
    ext_check_put(collection->check, entry);
}

/* Two places of names, each a quarter of their offset. */
static bool same_name(struct collection *collection, uint32_t one, uint32_t other)
{
    struct ext_mount *mount = &collection->check->mount;
    uint32_t shift = mount->geometry.block_shift;
    uint64_t places[2] = {(uint64_t)one * 4, (uint64_t)other * 4};
    struct block_cache_entry *entries[2];
    struct ext_record records[2];
    uint32_t pinned = 0;
    bool same = true;
    for (; pinned < 2; pinned++) {
        if (ext_directory_pin(mount, collection->directory, places[pinned] >> shift,
                &entries[pinned]) != STATUS_OK) {
            break;
        }
        struct ext_entry_area area =
            ext_block_area(mount, &collection->directory->inode, entries[pinned]);
        uint32_t at = (uint32_t)(places[pinned] & (mount->geometry.block_bytes - 1));
        same = ext_record_parse(mount, &area, at, &records[pinned]) && same;
    }
    if (pinned == 2 && same) {
        struct ext_name name = {.bytes = records[0].name, .size_bytes = records[0].name_bytes};
        same = ext_record_is(&records[1], name);
    }
    for (uint32_t index = 0; index < pinned; index++) {
        ext_check_put(collection->check, entries[index]);
    }
    return pinned == 2 && same;
}

static void compare(struct collection *collection)
{
    const uint64_t *values = collection->check->sorted;
    ext_check_sort(collection->check->sorted, collection->count);
    for (uint32_t index = 1; index < collection->count; index++) {
        if (values[index] >> 32 == values[index - 1] >> 32 &&
            same_name(collection, (uint32_t)values[index - 1], (uint32_t)values[index])) {
            ext_check_find_inode(collection->check, "directory has a name twice",
                collection->directory->inode.number, 0);
        }
    }
}

void ext_check_duplicates(struct ext_check *check, struct ext_file *directory)
{
    constexpr uint64_t checksum_end = (uint64_t)1 << 32;
    uint64_t block_count = directory->inode.size_bytes >> check->mount.geometry.block_shift;
    struct collection collection = {.check = check, .directory = directory, .end = checksum_end};
    while (collection.first < checksum_end && check->failure == STATUS_OK) {
        for (uint64_t block = 0; block < block_count; block++) {
            collect_block(&collection, block);
        }
        compare(&collection);
        collection.first = collection.end;
        collection.end = checksum_end;
        collection.count = 0;
    }
}
