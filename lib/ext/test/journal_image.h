/* SPDX-License-Identifier: ISC */
/*
 * Volumes whose journals debugfs has written, as files and in memory, for the tests of recovery;
 * e2fsck is the judge. What is here reads and changes journals by itself, without the code under
 * test.
 */
#pragma once

#include <lib/crc/crc.h>

#include <sys/wait.h>

#include "../format.h"
#include "../journal/format.h"
#include "ext_image.h"

constexpr uint32_t journal_blocks_min = 1024;
constexpr uint32_t journal_blocks_max = 1280; /* some have room for fast commits besides */

struct journal_shape {
    const char *arguments; /* of mke2fs */
    uint32_t block_bytes;
    const char *version; /* of checksums, for debugfs: "" or "-c -v 2" */
};

/* Where the blocks of a journal are, as debugfs says. */
struct journal_map {
    uint32_t places[journal_blocks_max];
    uint32_t count;
};

/* The journal of an image in memory. */
struct journal_place {
    const struct journal_map *map;
    uint8_t *volume;
    uint8_t *bytes; /* of its super block */
    uint32_t block_bytes;
    uint32_t block_count;
};

static inline bool journal_write_file(const char *name, const void *bytes, size_t size_bytes)
{
    FILE *file = fopen(name, "wb");
    if (file == nullptr) {
        return false;
    }
    bool done = fwrite(bytes, 1, size_bytes, file) == size_bytes;
    return fclose(file) == 0 && done;
}

/* One piece of what debugfs prints: "(0-11):100-111" or "(3):42"; "(IND):112" is none. */
static inline void journal_map_piece(struct journal_map *map, const char *piece)
{
    uint32_t first;
    uint32_t last;
    uint32_t place;
    if (sscanf(piece, "(%u-%u):%u", &first, &last, &place) != 3) {
        if (sscanf(piece, "(%u):%u", &first, &place) != 2) {
            return;
        }
        last = first;
    }
    for (; first <= last && first < journal_blocks_max; first++) {
        map->places[first] = place++;
        map->count++;
    }
}

/* Asks debugfs for the blocks of inode 8 in file `name`. */
static inline bool journal_map_load(struct journal_map *map, const char *name)
{
    char word[256];
    if (!image_run("debugfs -R 'stat <8>' %s >map 2>/dev/null", name)) {
        return false;
    }
    map->count = 0;
    FILE *file = fopen("map", "r");
    while (fscanf(file, "%255s", word) == 1) {
        journal_map_piece(map, word);
    }
    (void)fclose(file);
    return map->count >= journal_blocks_min;
}

static inline struct journal_place journal_find(
    struct image *image, const struct journal_map *map, uint32_t block_bytes)
{
    uint8_t *bytes = image->bytes + (size_t)map->places[0] * block_bytes;
    return (struct journal_place){
        .map = map,
        .volume = image->bytes,
        .bytes = bytes,
        .block_bytes = block_bytes,
        .block_count = load_be32(bytes + journal_superblock_block_count),
    };
}

static inline uint8_t *journal_block(struct journal_place place, uint32_t block)
{
    return place.volume + (size_t)place.map->places[block] * place.block_bytes;
}

/* The checksum of a piece with a hole of zeros at `at`. */
static inline uint32_t journal_sum(
    uint32_t seed, const uint8_t *bytes, size_t size_bytes, size_t at)
{
    static const uint8_t zero[4] = {};
    uint32_t sum = crc32c_update(seed, bytes, at);
    sum = crc32c_update(sum, zero, 4);
    return crc32c_update(sum, bytes + at + 4, size_bytes - at - 4);
}

static inline uint32_t journal_seed(struct journal_place place)
{
    return crc32c_update(crc32c_seed, place.bytes + journal_superblock_uuid, 16);
}

/* Repairs the checksum of the journal's super block, if it has one. */
static inline void journal_seal_superblock(struct journal_place place)
{
    uint32_t incompat = load_be32(place.bytes + journal_superblock_feature_incompat);
    if ((incompat & (journal_incompat_checksum_v2 | journal_incompat_checksum_v3)) != 0) {
        store_be32(place.bytes + journal_superblock_checksum,
            journal_sum(crc32c_seed, place.bytes, 1024, journal_superblock_checksum));
    }
}

/* Repairs the checksum at `at` of a descriptor, revoke or commit block. */
static inline void journal_seal_block(struct journal_place place, uint32_t block, size_t at)
{
    uint8_t *bytes = journal_block(place, block);
    store_be32(bytes + at, journal_sum(journal_seed(place), bytes, place.block_bytes, at));
}

/* Turns the log by `shift` blocks, so that it wraps somewhere else. */
static inline void journal_turn(struct journal_place place, uint32_t shift)
{
    uint32_t first = load_be32(place.bytes + journal_superblock_first_block);
    uint32_t count = place.block_count - first;
    uint8_t *copy = malloc((size_t)count * place.block_bytes);
    for (uint32_t index = 0; index < count; index++) {
        memcpy(copy + (size_t)index * place.block_bytes, journal_block(place, first + index),
            place.block_bytes);
    }
    for (uint32_t index = 0; index < count; index++) {
        memcpy(journal_block(place, first + (index + shift) % count),
            copy + (size_t)index * place.block_bytes, place.block_bytes);
    }
    free(copy);
    uint32_t start = load_be32(place.bytes + journal_superblock_start);
    store_be32(place.bytes + journal_superblock_start, first + (start - first + shift) % count);
    journal_seal_superblock(place);
}

/* One bit at a time, from the top: the legacy checksum. */
static inline uint32_t journal_legacy_sum(uint32_t sum, const uint8_t *bytes, size_t size_bytes)
{
    for (size_t index = 0; index < size_bytes; index++) {
        sum ^= (uint32_t)bytes[index] << 24;
        for (uint32_t bit = 0; bit < 8; bit++) {
            sum = sum << 1 ^ ((sum >> 31) != 0 ? 0x04c11db7 : 0);
        }
    }
    return sum;
}

/* How many blocks a descriptor without checksums describes. */
static inline uint32_t journal_count_tags(struct journal_place place, uint32_t block)
{
    uint32_t incompat = load_be32(place.bytes + journal_superblock_feature_incompat);
    uint32_t tag_bytes = (incompat & journal_incompat_64bit) != 0 ? 12 : 8;
    const uint8_t *bytes = journal_block(place, block);
    uint32_t count = 0;
    uint32_t at = 12;
    while (at + tag_bytes <= place.block_bytes) {
        uint16_t flags = load_be16(bytes + at + 6);
        count++;
        at += tag_bytes + ((flags & journal_tag_same_uuid) != 0 ? 0 : 16);
        if ((flags & journal_tag_last) != 0) {
            break;
        }
    }
    return count;
}

/* Gives a log without checksums, which begins at block 1, the legacy one. */
static inline void journal_add_legacy(struct journal_place place)
{
    uint32_t sequence = load_be32(place.bytes + journal_superblock_sequence);
    uint32_t sum = UINT32_MAX;
    uint8_t *compat = place.bytes + journal_superblock_feature_compat;
    store_be32(compat, load_be32(compat) | journal_compat_checksum);
    for (uint32_t block = 1; block < place.block_count; block++) {
        uint8_t *bytes = journal_block(place, block);
        uint32_t type = load_be32(bytes + journal_header_type);
        if (load_be32(bytes) != journal_magic || load_be32(bytes + 8) != sequence) {
            return;
        }
        if (type == JOURNAL_DESCRIPTOR) {
            uint32_t last = block + journal_count_tags(place, block);
            for (; block < last; block++) {
                sum = journal_legacy_sum(sum, journal_block(place, block), place.block_bytes);
            }
            sum = journal_legacy_sum(sum, journal_block(place, last), place.block_bytes);
        } else if (type == JOURNAL_COMMIT) {
            bytes[journal_commit_checksum_type] = journal_checksum_crc32;
            bytes[journal_commit_checksum_bytes] = 4;
            store_be32(bytes + journal_commit_checksum, sum);
            sum = UINT32_MAX;
            sequence++;
        }
    }
}

/* What e2fsck makes of the image in memory: a copy, and its exit status. It says more in judge.log.
 */
static inline int journal_judge(const struct image *image, struct image *judged)
{
    CHECK(journal_write_file("judged", image->bytes, image->size_bytes));
    int status = system("timeout -s KILL 60 e2fsck -y -E journal_only judged >judge.log 2>&1");
    CHECK(image_load(judged, "judged"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/*
 * Two volumes after recovery: equal but for the super blocks of volume and journal, of which some
 * fields are compared. Both images are changed.
 */
static inline void journal_compare(
    struct image *image, struct image *judged, struct journal_place place)
{
    uint8_t *other = judged->bytes + (place.bytes - image->bytes);
    size_t incompat_at = superblock_offset_bytes + superblock_feature_incompat;
    CHECK(load_be32(place.bytes + journal_superblock_start) == 0);
    CHECK_EQUAL(load_be32(place.bytes + journal_superblock_sequence),
        load_be32(other + journal_superblock_sequence));
    CHECK_EQUAL(load_le32(image->bytes + incompat_at), load_le32(judged->bytes + incompat_at));
    memset(judged->bytes + superblock_offset_bytes, 0, superblock_bytes);
    memset(image->bytes + superblock_offset_bytes, 0, superblock_bytes);
    memset(place.bytes, 0, 1024);
    memset(other, 0, 1024);
    CHECK(memcmp(image->bytes, judged->bytes, image->size_bytes) == 0);
}
