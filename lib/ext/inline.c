/* SPDX-License-Identifier: ISC */
/*
 * Contents inside the inode, [ext4 Inline Data]: the block area holds the first 60 bytes, the value
 * of the attribute "system.data" in the same inode, [ext4 Extended Attributes], the rest.
 */
#include <string.h>

#include "internal.h"

/* The attributes of one inode: entries from the front, values anywhere behind, all in `bytes`. */
struct attribute_area {
    const uint8_t *bytes; /* the first entry; value offsets count from here */
    uint32_t size_bytes;
};

/* Empty if the inode has no room for attributes or holds none. */
static struct attribute_area find_area(const struct ext_mount *mount, const uint8_t *raw)
{
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    if (inode_bytes == original_inode_bytes) {
        return (struct attribute_area){};
    }
    uint32_t at = original_inode_bytes + load_le16(raw + inode_extra_bytes);
    if (at + attribute_header_bytes > inode_bytes || load_le32(raw + at) != attribute_magic) {
        return (struct attribute_area){};
    }
    at += attribute_header_bytes;
    return (struct attribute_area){.bytes = raw + at, .size_bytes = inode_bytes - at};
}

static const char *take_value(
    const struct attribute_area *area, const uint8_t *entry, struct ext_inline *pieces)
{
    uint32_t offset = load_le16(entry + attribute_value_offset);
    uint32_t value_bytes = load_le32(entry + attribute_value_bytes);
    if (load_le32(entry + attribute_value_inode) != 0) {
        return "inline data in another inode";
    }
    if (value_bytes > area->size_bytes || offset > area->size_bytes - value_bytes) {
        return "inline data outside its inode";
    }
    pieces->second = area->bytes + offset;
    pieces->second_bytes = value_bytes;
    return nullptr;
}

/* Finds "system.data"; every entry takes room, so the walk ends. */
static const char *find_value(const struct attribute_area *area, struct ext_inline *pieces)
{
    static const char name[] = {'d', 'a', 't', 'a'};
    uint32_t at = 0;
    while (at + 4 <= area->size_bytes && load_le32(area->bytes + at) != 0) {
        const uint8_t *entry = area->bytes + at;
        uint32_t left_bytes = area->size_bytes - at;
        if (left_bytes < attribute_entry_bytes ||
            left_bytes - attribute_entry_bytes < entry[attribute_name_bytes]) {
            return "attribute entry";
        }
        if (entry[attribute_name_index] == attribute_index_system &&
            entry[attribute_name_bytes] == sizeof name &&
            memcmp(entry + attribute_entry_bytes, name, sizeof name) == 0) {
            return take_value(area, entry, pieces);
        }
        at += (uint32_t)align_up(attribute_entry_bytes + entry[attribute_name_bytes], 4);
    }
    return "inline data is missing";
}

enum status ext_inline_pin(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_inline *pieces_out)
{
    struct ext_inline pieces = {};
    const uint8_t *raw;
    enum status status = ext_inode_pin(mount, (uint32_t)inode->number, &pieces.entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    pieces.first = raw + inode_block_area;
    pieces.first_bytes = inline_area_bytes;
    struct attribute_area area = find_area(mount, raw);
    const char *fault = find_value(&area, &pieces);
    if (fault == nullptr && inode->size_bytes > pieces.first_bytes + pieces.second_bytes) {
        fault = "inline data is shorter than its file";
    }
    if (fault != nullptr) {
        status = ext_corrupt(mount, fault, pieces.entry->block);
        block_cache_put(&mount->cache, pieces.entry);
        return status;
    }
    *pieces_out = pieces;
    return STATUS_OK;
}
