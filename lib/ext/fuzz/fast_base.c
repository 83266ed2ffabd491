/* SPDX-License-Identifier: ISC */
/*
 * The area is written byte for byte by the writer of the tests, not by the code under test. It
 * makes a file, gives one a second name and takes its first one, and changes what another one maps.
 */
#define _GNU_SOURCE
#include "fast_base.h"

#include "../test/fast_image.h"

constexpr uint32_t made_number = 90; /* an inode that no base uses */
constexpr uint32_t free_block = 2600;
constexpr uint32_t area_blocks = 12;

/* The inode that a name of the root directory leads to. */
static uint32_t number_of(const struct base *base, const char *name)
{
    uint32_t name_bytes = (uint32_t)strlen(name);
    for (uint32_t index = 0; index < base->part_count; index++) {
        const struct part *part = &base->parts[index];
        const uint8_t *bytes = base->bytes + part->offset_bytes;
        uint32_t at = 0;
        while (part->kind == PART_DIRECTORY && part->number == ext_root_number &&
               at + entry_header_bytes + name_bytes <= part->size_bytes) {
            const uint8_t *entry = bytes + at;
            if (entry[entry_name_bytes] == name_bytes &&
                memcmp(entry + entry_header_bytes, name, name_bytes) == 0) {
                return load_le32(entry);
            }
            at += load_le16(entry + entry_record_bytes);
        }
    }
    found("a name is not in a base");
}

static const uint8_t *raw_of(const struct base *base, uint32_t number)
{
    for (uint32_t index = base->first_part[PART_INODE]; index < base->first_part[PART_INODE + 1];
        index++) {
        if (base->parts[index].number == number) {
            return base->bytes + base->parts[index].offset_bytes;
        }
    }
    found("an inode is not in a base");
}

static void add_inode(struct fast_area *area, const struct base *base, uint32_t number,
    uint32_t pattern, uint16_t link_count)
{
    uint8_t raw[256];
    memcpy(raw, raw_of(base, pattern), base->mount.geometry.inode_bytes);
    store_le16(raw + inode_link_count, link_count);
    store_le32(raw + inode_attribute_block_low, 0);
    fast_reserve(area, 4 + 4 + 160 + 32);
    fast_add_inode(area, number, raw, 160);
}

static void add_segments(struct fast_area *area, const struct base *base, uint32_t sequence)
{
    uint32_t big = number_of(base, "big");
    uint32_t holes = number_of(base, "holes");
    uint32_t folder = number_of(base, "dir");
    fast_add_head(area, 0, sequence);
    add_inode(area, base, made_number, big, 1);
    fast_add_range(area, made_number, 0, 20, free_block);
    fast_add_name(area, FAST_TAG_CREATE, ext_root_number, made_number, "made");
    fast_add_name(area, FAST_TAG_LINK, folder, big, "second");
    add_inode(area, base, holes, holes, 1);
    fast_add_range(area, holes, 4, 2, free_block + 30);
    fast_add_range(area, holes, 10, 0x8000 + 2, free_block + 40);
    fast_add_tail(area, sequence, 0);
    fast_add_name(area, FAST_TAG_UNLINK, ext_root_number, big, "big");
    fast_delete_range(area, holes, 0, 5);
    fast_add_range(area, holes, 10, 1, free_block + 40);
    fast_add_name(area, FAST_TAG_LINK, number_of(base, "many"), made_number, "third");
    add_inode(area, base, made_number, big, 2);
    fast_add_tail(area, sequence, 0);
}

void fast_base_fill(struct base *base)
{
    static struct journal_map map;
    static_assert(journal_count_max <= journal_blocks_max);
    memcpy(map.places, base->journal_places, sizeof base->journal_places);
    map.count = base->journal_blocks;
    uint8_t *bytes = base->bytes + (size_t)map.places[0] * fast_block_bytes;
    struct journal_place place = {
        .map = &map,
        .volume = base->bytes,
        .bytes = bytes,
        .block_bytes = fast_block_bytes,
        .block_count = load_be32(bytes + journal_superblock_block_count),
    };
    uint32_t sequence = fast_give_area(place, area_blocks);
    struct fast_area area = fast_begin(place);
    add_segments(&area, base, sequence);
}
