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

/* Marks the clusters of blocks [first, first + count) as far as they are in the group. */
static void mark_blocks(const struct ext_geometry *geometry, uint32_t group, uint8_t *bitmap,
    uint64_t first, uint64_t count)
{
    uint64_t begin = ext_group_first_block(geometry, group);
    uint64_t end = begin + ext_group_block_count(geometry, group);
    uint64_t last = first + count < end ? first + count : end;
    first = first > begin ? first : begin;
    if (first >= last) {
        return;
    }
    uint32_t from = (uint32_t)(first - begin) >> geometry->cluster_shift;
    uint32_t to = (uint32_t)(last - 1 - begin) >> geometry->cluster_shift;
    bitmap_set(bitmap, from, to - from + 1);
}

uint32_t ext_group_cluster_count(const struct ext_geometry *geometry, uint32_t group)
{
    uint64_t clusters = ((uint64_t)1 << geometry->cluster_shift) - 1;
    return (
        uint32_t)((ext_group_block_count(geometry, group) + clusters) >> geometry->cluster_shift);
}

/* The copies of super block and descriptors at the front of a group. */
static void mark_copies(struct ext_mount *mount, uint32_t group, uint8_t *bitmap)
{
    struct ext_group_copies copies = ext_group_copies(mount, group);
    mark_blocks(&mount->geometry, group, bitmap, copies.first_block,
        copies.superblock_blocks + copies.descriptor_blocks);
}

/* All metadata of the group itself, and what is past its end. */
static void mark_metadata(
    struct ext_mount *mount, uint32_t group, const struct ext_group *values, uint8_t *bitmap)
{
    const struct ext_geometry *geometry = &mount->geometry;
    mark_copies(mount, group, bitmap);
    mark_blocks(geometry, group, bitmap, values->block_bitmap, 1);
    mark_blocks(geometry, group, bitmap, values->inode_bitmap, 1);
    mark_blocks(geometry, group, bitmap, values->inode_table, geometry->inode_table_blocks);
    uint32_t cluster_count = ext_group_cluster_count(geometry, group);
    bitmap_set(bitmap, cluster_count, geometry->block_bytes * 8 - cluster_count);
}

/* Whether the group's own bitmaps and table, where they lie in it, are marked as in use. */
static bool metadata_marked(const struct ext_mount *mount, uint32_t group,
    const struct ext_group *values, const uint8_t *bitmap)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t begin = ext_group_first_block(geometry, group);
    uint64_t end = begin + ext_group_block_count(geometry, group);
    const uint64_t places[3][2] = {
        {values->block_bitmap, 1},
        {values->inode_bitmap, 1},
        {values->inode_table, geometry->inode_table_blocks},
    };
    for (uint32_t index = 0; index < 3; index++) {
        uint64_t first = places[index][0];
        if (first < begin || first >= end) {
            continue;
        }
        uint64_t last = first + places[index][1] < end ? first + places[index][1] : end;
        uint32_t from = (uint32_t)(first - begin) >> geometry->cluster_shift;
        uint32_t to = ((uint32_t)(last - 1 - begin) >> geometry->cluster_shift) + 1;
        if (bitmap_find_clear(bitmap, from, to) != to) {
            return false;
        }
    }
    return true;
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

/* The bitmap as it would be written for a group in which nothing was ever allocated. */
static void make_bitmap(struct ext_mount *mount, enum ext_mark_kind kind,
    const struct ext_group_pin *group, uint8_t *bitmap)
{
    if (kind == EXT_MARK_BLOCK_BITMAP) {
        mark_metadata(mount, group->group, &group->values, bitmap);
        return;
    }
    uint32_t inode_count = mount->geometry.inodes_per_group;
    bitmap_set(bitmap, inode_count, mount->geometry.block_bytes * 8 - inode_count);
}

static const char *bitmap_fault(const struct ext_mount *mount, enum ext_mark_kind kind,
    const struct ext_group_pin *group, const uint8_t *bitmap)
{
    bool blocks = kind == EXT_MARK_BLOCK_BITMAP;
    if (blocks && !metadata_marked(mount, group->group, &group->values, bitmap)) {
        return "block bitmap says that metadata is free";
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
        make_bitmap(mount, kind, group, entry->buffer.bytes);
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
