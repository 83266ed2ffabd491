/* SPDX-License-Identifier: ISC */
/*
 * Group descriptors: where they are, [ext4 Block Group Descriptors] and [ext4 Meta Block Groups],
 * and whether what they say is possible.
 */
#include "internal.h"

/* Whether `value` is a power of `base`, both above 1. */
static bool is_power_of(uint32_t value, uint32_t base)
{
    while (value % base == 0) {
        value /= base;
    }
    return value == 1;
}

/* Whether a group begins with a copy of the super block, [ext4 Sparse Super]. */
bool ext_group_has_superblock(const struct ext_mount *mount, uint32_t group)
{
    const struct ext_geometry *geometry = &mount->geometry;
    if (group == 0) {
        return true;
    }
    if (ext_has(mount, EXT_COMPAT, compat_sparse_super2)) {
        return group == geometry->backup_groups[0] || group == geometry->backup_groups[1];
    }
    if (group == 1 || !ext_has(mount, EXT_RO_COMPAT, ro_compat_sparse_super)) {
        return true;
    }
    return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

uint64_t ext_group_first_block(const struct ext_geometry *geometry, uint32_t group)
{
    return geometry->first_data_block + (uint64_t)group * geometry->blocks_per_group;
}

uint32_t ext_group_block_count(const struct ext_geometry *geometry, uint32_t group)
{
    uint64_t left = geometry->block_count - ext_group_first_block(geometry, group);
    return left < geometry->blocks_per_group ? (uint32_t)left : geometry->blocks_per_group;
}

struct ext_group_copies ext_group_copies(const struct ext_mount *mount, uint32_t group)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t per_block = geometry->block_bytes / geometry->descriptor_bytes;
    struct ext_group_copies copies = {
        .first_block = ext_group_first_block(geometry, group),
        .superblock_blocks = ext_group_has_superblock(mount, group) ? 1 : 0,
    };
    if (group == 0) {
        copies.superblock_blocks =
            (superblock_offset_bytes >> geometry->block_shift) + 1 - copies.first_block;
    }
    if (group / per_block >= geometry->first_meta_group) {
        uint32_t within = group % per_block;
        copies.descriptor_blocks = within <= 1 || within == per_block - 1 ? 1 : 0;
    } else if (copies.superblock_blocks > 0) {
        copies.descriptor_blocks =
            geometry->plain_descriptor_blocks + (uint64_t)geometry->reserved_descriptor_blocks;
    }
    return copies;
}

/* The block of a descriptor block; it may lie beyond a volume that lies about its groups. */
static uint64_t descriptor_block_place(const struct ext_mount *mount, uint32_t index)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t per_block = geometry->block_bytes / geometry->descriptor_bytes;
    uint64_t superblock_block = superblock_offset_bytes >> geometry->block_shift;
    if (index < geometry->first_meta_group) {
        return superblock_block + 1 + index;
    }
    uint32_t group = index * per_block;
    uint64_t place = ext_group_first_block(geometry, group);
    if (ext_group_has_superblock(mount, group)) {
        place++;
    }
    /* Small blocks in clusters: the first group starts with block 0, before the super block. */
    if (group == 0 && geometry->first_data_block < superblock_block) {
        place++;
    }
    return place;
}

struct ext_descriptor_place ext_descriptor_place(const struct ext_mount *mount, uint32_t group)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t per_block = geometry->block_bytes / geometry->descriptor_bytes;
    return (struct ext_descriptor_place){
        .block = descriptor_block_place(mount, group / per_block),
        .offset_bytes = group % per_block * geometry->descriptor_bytes,
    };
}

/* A count of a group: 16 bits, and 16 more in a long descriptor. */
static uint32_t load_count(
    const struct ext_geometry *geometry, const uint8_t *descriptor, size_t low, size_t high)
{
    uint32_t count = load_le16(descriptor + low);
    if (geometry->descriptor_bytes >= descriptor_bytes_long) {
        count |= (uint32_t)load_le16(descriptor + high) << 16;
    }
    return count;
}

static uint64_t load_place(
    const struct ext_geometry *geometry, const uint8_t *descriptor, size_t low, size_t high)
{
    uint64_t place = load_le32(descriptor + low);
    if (geometry->descriptor_bytes >= descriptor_bytes_long) {
        place |= (uint64_t)load_le32(descriptor + high) << 32;
    }
    return place;
}

/* Whether `count` blocks from `first` may hold the metadata of `group`. */
static bool place_valid(
    const struct ext_mount *mount, uint32_t group, uint64_t first, uint64_t count)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t superblock_block = superblock_offset_bytes >> geometry->block_shift;
    if (!ext_blocks_valid(mount, first, count) || first <= superblock_block) {
        return false;
    }
    if (ext_has(mount, EXT_INCOMPAT, incompat_flex_bg)) {
        return true;
    }
    uint64_t group_first = ext_group_first_block(geometry, group);
    return first >= group_first && first + count <= group_first + geometry->blocks_per_group;
}

static const char *counts_fault(const struct ext_mount *mount, struct ext_group *parsed)
{
    const struct ext_geometry *geometry = &mount->geometry;
    if (parsed->free_cluster_count > geometry->blocks_per_group >> geometry->cluster_shift) {
        return "free blocks of a group";
    }
    if (parsed->free_inode_count > geometry->inodes_per_group) {
        return "free inodes of a group";
    }
    if (parsed->directory_count > geometry->inodes_per_group) {
        return "directories of a group";
    }
    if (!ext_has_group_flags(mount)) {
        parsed->unused_inode_count = 0;
        parsed->flags = 0;
    }
    return parsed->unused_inode_count > geometry->inodes_per_group ? "unused inodes of a group"
                                                                   : nullptr;
}

static enum status parse_descriptor(
    struct ext_mount *mount, uint32_t group, const uint8_t *descriptor, struct ext_group *group_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t block =
        descriptor_block_place(mount, group / (geometry->block_bytes / geometry->descriptor_bytes));
    if (!ext_descriptor_checksum_valid(mount, group, descriptor)) {
        return ext_corrupt(mount, "group descriptor checksum", block);
    }
    struct ext_group parsed = {
        .block_bitmap = load_place(
            geometry, descriptor, descriptor_block_bitmap_low, descriptor_block_bitmap_high),
        .inode_bitmap = load_place(
            geometry, descriptor, descriptor_inode_bitmap_low, descriptor_inode_bitmap_high),
        .inode_table = load_place(
            geometry, descriptor, descriptor_inode_table_low, descriptor_inode_table_high),
        .free_cluster_count = load_count(
            geometry, descriptor, descriptor_free_blocks_low, descriptor_free_blocks_high),
        .free_inode_count = load_count(
            geometry, descriptor, descriptor_free_inodes_low, descriptor_free_inodes_high),
        .directory_count = load_count(
            geometry, descriptor, descriptor_directories_low, descriptor_directories_high),
        .unused_inode_count = load_count(
            geometry, descriptor, descriptor_unused_inodes_low, descriptor_unused_inodes_high),
        .flags = load_le16(descriptor + descriptor_flags),
    };
    const char *fault = counts_fault(mount, &parsed);
    if (fault != nullptr) {
        return ext_corrupt(mount, fault, block);
    }
    if (!place_valid(mount, group, parsed.block_bitmap, 1)) {
        return ext_corrupt(mount, "place of a block bitmap", block);
    }
    if (!place_valid(mount, group, parsed.inode_bitmap, 1)) {
        return ext_corrupt(mount, "place of an inode bitmap", block);
    }
    if (!place_valid(mount, group, parsed.inode_table, geometry->inode_table_blocks)) {
        return ext_corrupt(mount, "place of an inode table", block);
    }
    *group_out = parsed;
    return STATUS_OK;
}

enum status ext_group_read(struct ext_mount *mount, uint32_t group, struct ext_group *group_out)
{
    struct ext_descriptor_place place = ext_descriptor_place(mount, group);
    if (!ext_blocks_valid(mount, place.block, 1)) {
        return ext_corrupt(mount, "place of a group descriptor block", place.block);
    }
    struct block_cache_entry *entry;
    enum status status = block_cache_get(&mount->cache, place.block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *bytes = entry->buffer.bytes;
    status = parse_descriptor(mount, group, bytes + place.offset_bytes, group_out);
    block_cache_put(&mount->cache, entry);
    return status;
}
