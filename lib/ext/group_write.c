/* SPDX-License-Identifier: ISC */
/*
 * Changing group descriptors, and the bitmaps that belong to them. A descriptor's own checksum is
 * right after every change; those of the bitmaps, which stand in it, are put in by a commit.
 */
#include "transaction.h"

#include <string.h>

enum status ext_group_pin(struct ext_mount *mount, uint32_t group, struct ext_group_pin *pin_out)
{
    struct ext_descriptor_place place = ext_descriptor_place(mount, group);
    struct ext_group_pin pin = {.group = group};
    enum status status = ext_group_read(mount, group, &pin.values);
    if (status == STATUS_OK) {
        status = block_cache_get(&mount->cache, place.block, &pin.entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    pin.raw = (uint8_t *)pin.entry->buffer.bytes + place.offset_bytes;
    *pin_out = pin;
    return STATUS_OK;
}

static void store_count(
    const struct ext_geometry *geometry, uint8_t *raw, size_t low, size_t high, uint32_t count)
{
    store_le16(raw + low, (uint16_t)count);
    if (geometry->descriptor_bytes >= descriptor_bytes_long) {
        store_le16(raw + high, (uint16_t)(count >> 16));
    }
}

void ext_group_write(struct ext_mount *mount, const struct ext_group_pin *pin)
{
    const struct ext_geometry *geometry = &mount->geometry;
    const struct ext_group *values = &pin->values;
    pin->entry->owner_mark = ext_mark_of(EXT_MARK_DESCRIPTORS, 0);
    store_count(geometry, pin->raw, descriptor_free_blocks_low, descriptor_free_blocks_high,
        values->free_cluster_count);
    store_count(geometry, pin->raw, descriptor_free_inodes_low, descriptor_free_inodes_high,
        values->free_inode_count);
    store_count(geometry, pin->raw, descriptor_directories_low, descriptor_directories_high,
        values->directory_count);
    if (ext_has_group_flags(mount)) {
        store_count(geometry, pin->raw, descriptor_unused_inodes_low, descriptor_unused_inodes_high,
            values->unused_inode_count);
        store_le16(pin->raw + descriptor_flags, values->flags);
    }
    ext_descriptor_checksum_store(mount, pin->group, pin->raw);
}

/* Where the checksum of a bitmap is in its group's descriptor. */
struct checksum_place {
    size_t low;
    size_t high;
};

static struct checksum_place place_of(enum ext_mark_kind kind)
{
    return kind == EXT_MARK_BLOCK_BITMAP
               ? (struct checksum_place){descriptor_block_bitmap_checksum_low,
                     descriptor_block_bitmap_checksum_high}
               : (struct checksum_place){
                     descriptor_inode_bitmap_checksum_low, descriptor_inode_bitmap_checksum_high};
}

bool ext_bitmap_checksum_valid(const struct ext_mount *mount, enum ext_mark_kind kind,
    const uint8_t *raw_descriptor, const uint8_t *bitmap)
{
    if (!ext_has_checksums(mount)) {
        return true;
    }
    struct checksum_place place = place_of(kind);
    uint32_t checksum = ext_bitmap_checksum(mount, kind, bitmap);
    bool long_form = mount->geometry.descriptor_bytes >= descriptor_bytes_long;
    return load_le16(raw_descriptor + place.low) == (uint16_t)checksum &&
           (!long_form || load_le16(raw_descriptor + place.high) == checksum >> 16);
}

void ext_bitmap_checksum_store(const struct ext_mount *mount, enum ext_mark_kind kind,
    uint8_t *raw_descriptor, const uint8_t *bitmap)
{
    struct checksum_place place = place_of(kind);
    uint32_t checksum = ext_bitmap_checksum(mount, kind, bitmap);
    store_le16(raw_descriptor + place.low, (uint16_t)checksum);
    if (mount->geometry.descriptor_bytes >= descriptor_bytes_long) {
        store_le16(raw_descriptor + place.high, (uint16_t)(checksum >> 16));
    }
}
