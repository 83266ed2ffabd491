/* SPDX-License-Identifier: ISC */
/*
 * Bitmaps of groups, [ext4 Block and Inode Bitmaps]: a set bit is in use. Bits past the end of the
 * group are set.
 */
#include <string.h>

#include "transaction.h"

constexpr uint32_t word_bits = 64;

static uint64_t load_word(const uint8_t *bitmap, uint32_t index)
{
    return load_le64(bitmap + (size_t)(index / word_bits) * sizeof(uint64_t));
}

static uint32_t lowest_bit(uint64_t word)
{
    return (uint32_t)__builtin_ctzll(word);
}

/* The first bit of [first, end) that differs from `skipped`; a bitmap is a whole number of words.
 */
static uint32_t find(const uint8_t *bitmap, uint32_t first, uint32_t end, uint64_t skipped)
{
    while (first < end) {
        uint64_t word = (load_word(bitmap, first) ^ skipped) >> first % word_bits;
        if (word != 0) {
            uint32_t found = first + lowest_bit(word);
            return found < end ? found : end;
        }
        first = (first / word_bits + 1) * word_bits;
    }
    return end;
}

uint32_t bitmap_find_clear(const uint8_t *bitmap, uint32_t first, uint32_t end)
{
    return find(bitmap, first, end, UINT64_MAX);
}

uint32_t bitmap_find_set(const uint8_t *bitmap, uint32_t first, uint32_t end)
{
    return find(bitmap, first, end, 0);
}

/* Sets or clears [first, first + count): single bits up to whole bytes, then bytes. */
static void fill(uint8_t *bitmap, uint32_t first, uint32_t count, bool value)
{
    uint32_t end = first + count;
    for (; first < end && first % 8 != 0; first++) {
        uint8_t bit = (uint8_t)(1U << first % 8);
        bitmap[first / 8] = (uint8_t)(value ? bitmap[first / 8] | bit : bitmap[first / 8] & ~bit);
    }
    uint32_t byte_count = (end - first) / 8;
    memset(bitmap + first / 8, value ? 0xff : 0, byte_count);
    for (first += byte_count * 8; first < end; first++) {
        uint8_t bit = (uint8_t)(1U << first % 8);
        bitmap[first / 8] = (uint8_t)(value ? bitmap[first / 8] | bit : bitmap[first / 8] & ~bit);
    }
}

void bitmap_set(uint8_t *bitmap, uint32_t first, uint32_t count)
{
    fill(bitmap, first, count, true);
}

void bitmap_clear(uint8_t *bitmap, uint32_t first, uint32_t count)
{
    fill(bitmap, first, count, false);
}

uint32_t bitmap_count_clear(const uint8_t *bitmap, uint32_t count)
{
    uint32_t set = 0;
    uint32_t whole = count / word_bits * word_bits;
    for (uint32_t index = 0; index < whole; index += word_bits) {
        set += (uint32_t)__builtin_popcountll(load_word(bitmap, index));
    }
    for (uint32_t index = whole; index < count; index++) {
        set += bitmap_test(bitmap, index);
    }
    return count - set;
}

/* ---- Block bitmaps --------------------------------------------------------------------------- */

/* A run of blocks. */
struct span {
    uint64_t first;
    uint64_t count;
};

/* Where the metadata of one group is; with flex_bg some of it may be in other groups. */
struct metadata {
    struct span copies; /* of super block and descriptors */
    struct span block_bitmap;
    struct span inode_bitmap;
    struct span inode_table;
};

static struct metadata metadata_of(
    const struct ext_mount *mount, uint32_t group, const struct ext_group *values)
{
    struct ext_group_copies copies = ext_group_copies(mount, group);
    return (struct metadata){
        .copies = {copies.first_block, copies.superblock_blocks + copies.descriptor_blocks},
        .block_bitmap = {values->block_bitmap, 1},
        .inode_bitmap = {values->inode_bitmap, 1},
        .inode_table = {values->inode_table, mount->geometry.inode_table_blocks},
    };
}

/* Clusters [first, end) of a group. */
struct cluster_span {
    uint32_t first;
    uint32_t end;
};

/* The clusters that hold blocks of a span, as far as they are in the group. */
static struct cluster_span part_in(
    const struct ext_geometry *geometry, uint32_t group, struct span span)
{
    uint64_t begin = ext_group_first_block(geometry, group);
    uint64_t end = begin + ext_group_block_count(geometry, group);
    uint64_t first = span.first > begin ? span.first : begin;
    uint64_t last = span.first + span.count < end ? span.first + span.count : end;
    if (first >= last) {
        return (struct cluster_span){};
    }
    return (struct cluster_span){
        .first = (uint32_t)(first - begin) >> geometry->cluster_shift,
        .end = ((uint32_t)(last - 1 - begin) >> geometry->cluster_shift) + 1,
    };
}

uint32_t ext_group_cluster_count(const struct ext_geometry *geometry, uint32_t group)
{
    uint64_t clusters = ((uint64_t)1 << geometry->cluster_shift) - 1;
    return (
        uint32_t)((ext_group_block_count(geometry, group) + clusters) >> geometry->cluster_shift);
}

static void mark(
    const struct ext_geometry *geometry, uint32_t group, uint8_t *bitmap, struct span span)
{
    struct cluster_span part = part_in(geometry, group, span);
    bitmap_set(bitmap, part.first, part.end - part.first);
}

static bool marked(
    const struct ext_geometry *geometry, uint32_t group, const uint8_t *bitmap, struct span span)
{
    struct cluster_span part = part_in(geometry, group, span);
    return bitmap_find_clear(bitmap, part.first, part.end) == part.end;
}

/* All metadata of the group itself, and what is past its end. */
static void mark_metadata(
    const struct ext_mount *mount, uint32_t group, const struct ext_group *values, uint8_t *bitmap)
{
    const struct ext_geometry *geometry = &mount->geometry;
    struct metadata metadata = metadata_of(mount, group, values);
    mark(geometry, group, bitmap, metadata.copies);
    mark(geometry, group, bitmap, metadata.block_bitmap);
    mark(geometry, group, bitmap, metadata.inode_bitmap);
    mark(geometry, group, bitmap, metadata.inode_table);
    uint32_t cluster_count = ext_group_cluster_count(geometry, group);
    bitmap_set(bitmap, cluster_count, geometry->block_bytes * 8 - cluster_count);
}

/* Whether what a group's metadata uses of the group `within` is marked in the bitmap of that. */
static bool metadata_marked(const struct ext_geometry *geometry, const struct metadata *metadata,
    uint32_t within, const uint8_t *bitmap)
{
    return marked(geometry, within, bitmap, metadata->copies) &&
           marked(geometry, within, bitmap, metadata->block_bitmap) &&
           marked(geometry, within, bitmap, metadata->inode_bitmap) &&
           marked(geometry, within, bitmap, metadata->inode_table);
}

/* ---- Both kinds ------------------------------------------------------------------------------ */

/* How many bits of a bitmap stand for something, and how many of them are said to be clear. */
static uint32_t bit_count_of(
    const struct ext_mount *mount, enum ext_mark_kind kind, const struct ext_group_pin *group)
{
    return kind == EXT_MARK_BLOCK_BITMAP ? ext_group_cluster_count(&mount->geometry, group->group)
                                         : mount->geometry.inodes_per_group;
}

static uint32_t free_count_of(enum ext_mark_kind kind, const struct ext_group *values)
{
    return kind == EXT_MARK_BLOCK_BITMAP ? values->free_cluster_count : values->free_inode_count;
}

void ext_bitmap_make(const struct ext_mount *mount, enum ext_mark_kind kind, uint32_t group,
    const struct ext_group *values, uint8_t *bitmap)
{
    if (kind == EXT_MARK_BLOCK_BITMAP) {
        mark_metadata(mount, group, values, bitmap);
        return;
    }
    uint32_t inode_count = mount->geometry.inodes_per_group;
    bitmap_set(bitmap, inode_count, mount->geometry.block_bytes * 8 - inode_count);
}

static const char metadata_fault[] = "block bitmap says that metadata is free";

static const char *bitmap_fault(const struct ext_mount *mount, enum ext_mark_kind kind,
    const struct ext_group_pin *group, const uint8_t *bitmap)
{
    bool blocks = kind == EXT_MARK_BLOCK_BITMAP;
    struct metadata metadata = metadata_of(mount, group->group, &group->values);
    if (blocks && !metadata_marked(&mount->geometry, &metadata, group->group, bitmap)) {
        return metadata_fault;
    }
    uint32_t reserved_count = mount->geometry.first_inode - 1;
    if (!blocks && group->group == 0 &&
        bitmap_find_clear(bitmap, 0, reserved_count) != reserved_count) {
        return "inode bitmap says that reserved inodes are free";
    }
    uint32_t clear_count = bitmap_count_clear(bitmap, bit_count_of(mount, kind, group));
    if (clear_count != free_count_of(kind, &group->values)) {
        return blocks ? "block bitmap and free blocks of its group differ"
                      : "inode bitmap and free inodes of its group differ";
    }
    return nullptr;
}

static const char *verify_bitmap(struct ext_mount *mount, enum ext_mark_kind kind,
    const struct ext_group_pin *group, const uint8_t *bitmap)
{
    if (!ext_bitmap_checksum_valid(mount, kind, group->raw, bitmap)) {
        return kind == EXT_MARK_BLOCK_BITMAP ? "block bitmap checksum" : "inode bitmap checksum";
    }
    return bitmap_fault(mount, kind, group, bitmap);
}

enum status ext_bitmap_pin(struct ext_mount *mount, const struct ext_group_pin *group,
    enum ext_mark_kind kind, struct block_cache_entry **entry_out)
{
    bool blocks = kind == EXT_MARK_BLOCK_BITMAP;
    uint64_t block = blocks ? group->values.block_bitmap : group->values.inode_bitmap;
    uint64_t mark = ext_mark_of(kind, group->group);
    const struct block_cache_entry *present = block_cache_peek(&mount->cache, block);
    bool known = present != nullptr && present->owner_mark == mark;
    uint16_t unused = blocks ? group_blocks_unused : group_inodes_unused;
    bool made = !known && (group->values.flags & unused) != 0;
    struct block_cache_entry *entry;
    enum status status = made ? block_cache_get_blank(&mount->cache, block, &entry)
                              : block_cache_get(&mount->cache, block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    const char *fault = nullptr;
    if (made) {
        ext_bitmap_make(mount, kind, group->group, &group->values, entry->buffer.bytes);
        fault = bitmap_fault(mount, kind, group, entry->buffer.bytes);
    } else if (!known) {
        fault = verify_bitmap(mount, kind, group, entry->buffer.bytes);
    }
    entry->owner_mark = fault == nullptr ? mark : 0;
    if (fault != nullptr) {
        block_cache_put(&mount->cache, entry);
        return ext_corrupt(mount, fault, block);
    }
    *entry_out = entry;
    return STATUS_OK;
}

/* ---- At a mount ------------------------------------------------------------------------------ */

static enum status check_kind(
    struct ext_mount *mount, const struct ext_group_pin *group, enum ext_mark_kind kind)
{
    uint16_t unused = kind == EXT_MARK_BLOCK_BITMAP ? group_blocks_unused : group_inodes_unused;
    if ((group->values.flags & unused) != 0) {
        return STATUS_OK; /* There is no bitmap yet. */
    }
    struct block_cache_entry *bitmap;
    enum status status = ext_bitmap_pin(mount, group, kind, &bitmap);
    if (status == STATUS_OK) {
        block_cache_put(&mount->cache, bitmap);
    }
    return status;
}

/* Whether the other group in which a block of the metadata is has marked all of it that it holds.
 */
static enum status check_other(
    struct ext_mount *mount, uint32_t own, const struct metadata *metadata, uint64_t block)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t number = (uint32_t)((block - geometry->first_data_block) / geometry->blocks_per_group);
    if (number == own) {
        return STATUS_OK;
    }
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, number, &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        if (!metadata_marked(geometry, metadata, number, bitmap->buffer.bytes)) {
            status = ext_corrupt(mount, metadata_fault, bitmap->block);
        }
        block_cache_put(&mount->cache, bitmap);
    }
    block_cache_put(&mount->cache, group.entry);
    return status;
}

static enum status check_group(struct ext_mount *mount, const struct ext_group_pin *group)
{
    struct metadata metadata = metadata_of(mount, group->group, &group->values);
    const uint64_t blocks[] = {
        metadata.block_bitmap.first,
        metadata.inode_bitmap.first,
        metadata.inode_table.first,
        metadata.inode_table.first + metadata.inode_table.count - 1,
    };
    enum status status = check_kind(mount, group, EXT_MARK_BLOCK_BITMAP);
    if (status == STATUS_OK) {
        status = check_kind(mount, group, EXT_MARK_INODE_BITMAP);
    }
    for (size_t index = 0; index < sizeof blocks / sizeof blocks[0] && status == STATUS_OK;
        index++) {
        status = check_other(mount, group->group, &metadata, blocks[index]);
    }
    return status;
}

enum status ext_bitmaps_check(struct ext_mount *mount)
{
    uint32_t count = mount->geometry.group_count;
    if (!mount->clean || count > ext_checked_group_count_max) {
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    for (uint32_t number = 0; number < count && status == STATUS_OK; number++) {
        struct ext_group_pin group;
        status = ext_group_pin(mount, number, &group);
        if (status == STATUS_OK) {
            status = check_group(mount, &group);
            block_cache_put(&mount->cache, group.entry);
        }
    }
    return status;
}
