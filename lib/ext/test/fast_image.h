/* SPDX-License-Identifier: ISC */
/*
 * Areas of fast commits, written byte for byte without the code under test, behind a log of debugfs
 * on a volume with blocks of 1 KiB and one group.
 */
#pragma once

#include "journal_image.h"

constexpr uint32_t fast_block_bytes = 1024;

/* Where the next tag goes. */
struct fast_area {
    struct journal_place place;
    uint32_t block; /* of the area */
    uint32_t at;
    uint32_t checksum; /* of the segment so far */
};

static inline struct fast_area fast_begin(struct journal_place place)
{
    return (struct fast_area){.place = place};
}

/* Gives a journal an area, at its end; the next transaction's number. */
static inline uint32_t fast_give_area(struct journal_place place, uint32_t block_count)
{
    uint8_t *incompat = place.bytes + journal_superblock_feature_incompat;
    store_be32(incompat, load_be32(incompat) | journal_incompat_fast_commit);
    store_be32(place.bytes + journal_superblock_fast_commit_count, block_count);
    journal_seal_superblock(place);
    return load_be32(place.bytes + journal_superblock_sequence) + 1;
}

static inline uint8_t *fast_bytes(const struct fast_area *area)
{
    uint32_t count = load_be32(area->place.bytes + journal_superblock_fast_commit_count);
    uint32_t first = area->place.block_count - count + 1;
    return journal_block(area->place, first + area->block) + area->at;
}

static inline void fast_add(
    struct fast_area *area, uint16_t type, const void *value, uint32_t size_bytes)
{
    uint8_t *bytes = fast_bytes(area);
    store_le16(bytes, type);
    store_le16(bytes + 2, (uint16_t)size_bytes);
    memcpy(bytes + 4, value, size_bytes);
    area->checksum = crc32c_update(area->checksum, bytes, 4 + size_bytes);
    area->at += 4 + size_bytes;
}

/* Fills the block, if less than `needed_bytes` are left in it. */
static inline void fast_reserve(struct fast_area *area, uint32_t needed_bytes)
{
    static const uint8_t filler[fast_block_bytes] = {};
    if (area->at + needed_bytes > fast_block_bytes) {
        fast_add(area, FAST_TAG_PAD, filler, fast_block_bytes - area->at - 4);
        area->block++;
        area->at = 0;
    }
}

static inline void fast_add_head(struct fast_area *area, uint32_t features, uint32_t number)
{
    uint8_t value[8];
    store_le32(value, features);
    store_le32(value + 4, number);
    fast_add(area, FAST_TAG_HEAD, value, sizeof value);
}

static inline void fast_add_name(
    struct fast_area *area, uint16_t type, uint32_t parent, uint32_t number, const char *name)
{
    uint8_t value[8 + 255];
    store_le32(value, parent);
    store_le32(value + 4, number);
    memcpy(value + 8, name, strlen(name));
    fast_add(area, type, value, 8 + (uint32_t)strlen(name));
}

static inline void fast_add_range(
    struct fast_area *area, uint32_t number, uint32_t logical, uint32_t length, uint32_t block)
{
    uint8_t value[16] = {};
    store_le32(value, number);
    store_le32(value + 4, logical);
    store_le16(value + 8, (uint16_t)length);
    store_le32(value + 12, block);
    fast_add(area, FAST_TAG_ADD_RANGE, value, sizeof value);
}

static inline void fast_delete_range(
    struct fast_area *area, uint32_t number, uint32_t logical, uint32_t count)
{
    uint8_t value[12];
    store_le32(value, number);
    store_le32(value + 4, logical);
    store_le32(value + 8, count);
    fast_add(area, FAST_TAG_DELETE_RANGE, value, sizeof value);
}

static inline void fast_add_inode(
    struct fast_area *area, uint32_t number, const uint8_t *raw, uint32_t raw_bytes)
{
    uint8_t value[4 + 1024];
    store_le32(value, number);
    memcpy(value + 4, raw, raw_bytes);
    fast_add(area, FAST_TAG_INODE, value, 4 + raw_bytes);
}

/* Ends the segment and the block; the checksum is wrong by `error`. */
static inline void fast_add_tail(struct fast_area *area, uint32_t number, uint32_t error)
{
    uint8_t *bytes = fast_bytes(area);
    store_le16(bytes, FAST_TAG_TAIL);
    store_le16(bytes + 2, (uint16_t)(fast_block_bytes - area->at - 4));
    store_le32(bytes + 4, number);
    store_le32(bytes + 8, crc32c_update(area->checksum, bytes, 8) ^ error);
    *area = (struct fast_area){.place = area->place, .block = area->block + 1};
}
