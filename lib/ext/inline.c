/* SPDX-License-Identifier: ISC */
/*
 * Contents inside the inode, [ext4 Inline Data]: the block area holds the first 60 bytes, the value
 * of the attribute "system.data" in the same inode the rest.
 */
#include "attribute.h"

static const char *take_value(
    const struct ext_inode *inode, const struct ext_attribute_area *area, struct ext_inline *pieces)
{
    struct ext_attribute_name name = ext_attribute_name_data();
    struct ext_attribute attribute;
    if (!ext_attribute_find(area, &name, &attribute)) {
        return "inline data is missing";
    }
    if (attribute.value_inode != 0) {
        return "inline data in another inode";
    }
    if (inode->size_bytes > inline_area_bytes + attribute.value_bytes) {
        return "inline data is shorter than its file";
    }
    pieces->second = area->bytes + attribute.value_at;
    pieces->second_bytes = attribute.value_bytes;
    return nullptr;
}

enum status ext_inline_pin(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_inline *pieces_out)
{
    struct ext_inline pieces = {.first_bytes = inline_area_bytes};
    const uint8_t *raw;
    enum status status = ext_inode_pin(mount, (uint32_t)inode->number, &pieces.entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    pieces.first = raw + inode_block_area;
    struct ext_attribute_area area;
    status = ext_attribute_pin_inode(mount, inode, &area);
    if (status == STATUS_OK) {
        const char *fault = take_value(inode, &area, &pieces);
        if (fault != nullptr) {
            status = ext_corrupt(mount, fault, pieces.entry->block);
        }
        ext_attribute_put(mount, &area);
    }
    if (status != STATUS_OK) {
        block_cache_put(&mount->cache, pieces.entry);
        return status;
    }
    *pieces_out = pieces;
    return STATUS_OK;
}
