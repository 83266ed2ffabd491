/* SPDX-License-Identifier: ISC */
/*
 * Checksums of metadata, [ext4 Checksums]: which bytes, in which order, with which seed. A checksum
 * field counts as zero, or is left out, where it stands among the bytes that it covers.
 */
#include <lib/crc/crc.h>

#include "internal.h"

uint32_t ext_checksum(uint32_t seed, const uint8_t *bytes, size_t size_bytes)
{
    return crc32c_update(seed, bytes, size_bytes);
}

static uint32_t checksum_le32(uint32_t seed, uint32_t value)
{
    uint8_t bytes[4];
    store_le32(bytes, value);
    return ext_checksum(seed, bytes, sizeof bytes);
}

uint32_t ext_superblock_checksum(const uint8_t *superblock)
{
    return ext_checksum(crc32c_seed, superblock, superblock_checksum);
}

bool ext_superblock_torn(const uint8_t *superblock)
{
    uint8_t toggled[4];
    size_t at = superblock_feature_incompat;
    size_t after = at + sizeof toggled;
    store_le32(toggled, load_le32(superblock + at) ^ incompat_needs_recovery);
    uint32_t checksum = ext_checksum(crc32c_seed, superblock, at);
    checksum = ext_checksum(checksum, toggled, sizeof toggled);
    checksum = ext_checksum(checksum, superblock + after, superblock_checksum - after);
    return checksum == load_le32(superblock + superblock_checksum);
}

bool ext_superblock_checksum_valid(const uint8_t *superblock)
{
    return ext_superblock_checksum(superblock) == load_le32(superblock + superblock_checksum);
}

uint32_t ext_checksum_seed_of_uuid(const uint8_t uuid[16])
{
    return ext_checksum(crc32c_seed, uuid, 16);
}

static uint16_t descriptor_crc32c(
    const struct ext_mount *mount, uint32_t group, const uint8_t *descriptor)
{
    static const uint8_t zero[2] = {};
    size_t after = descriptor_checksum + sizeof zero;
    uint32_t checksum = checksum_le32(mount->geometry.checksum_seed, group);
    checksum = ext_checksum(checksum, descriptor, descriptor_checksum);
    checksum = ext_checksum(checksum, zero, sizeof zero);
    checksum = ext_checksum(checksum, descriptor + after, mount->geometry.descriptor_bytes - after);
    return (uint16_t)checksum;
}

static uint16_t descriptor_crc16(
    const struct ext_mount *mount, uint32_t group, const uint8_t *descriptor)
{
    uint8_t number[4];
    store_le32(number, group);
    size_t after = descriptor_checksum + 2;
    uint16_t checksum = crc16_update(crc16_seed, mount->uuid, sizeof mount->uuid);
    checksum = crc16_update(checksum, number, sizeof number);
    checksum = crc16_update(checksum, descriptor, descriptor_checksum);
    return crc16_update(checksum, descriptor + after, mount->geometry.descriptor_bytes - after);
}

/* What belongs into a descriptor's field, if the volume has any such checksum. */
static uint16_t descriptor_checksum_of(
    const struct ext_mount *mount, uint32_t group, const uint8_t *descriptor)
{
    return ext_has_checksums(mount) ? descriptor_crc32c(mount, group, descriptor)
                                    : descriptor_crc16(mount, group, descriptor);
}

bool ext_descriptor_checksum_valid(
    const struct ext_mount *mount, uint32_t group, const uint8_t *descriptor)
{
    return !ext_has_group_flags(mount) || load_le16(descriptor + descriptor_checksum) ==
                                              descriptor_checksum_of(mount, group, descriptor);
}

void ext_descriptor_checksum_store(
    const struct ext_mount *mount, uint32_t group, uint8_t *descriptor)
{
    if (ext_has_group_flags(mount)) {
        store_le16(
            descriptor + descriptor_checksum, descriptor_checksum_of(mount, group, descriptor));
    }
}

uint32_t ext_inode_checksum_seed(const struct ext_mount *mount, uint32_t number, const uint8_t *raw)
{
    uint32_t seed = checksum_le32(mount->geometry.checksum_seed, number);
    return ext_checksum(seed, raw + inode_generation, 4);
}

/* Whether the inode has the upper half of its checksum. */
static bool has_checksum_high(uint32_t inode_bytes, const uint8_t *raw)
{
    return inode_bytes > original_inode_bytes &&
           load_le16(raw + inode_extra_bytes) >= inode_checksum_high + 2 - original_inode_bytes;
}

static uint32_t inode_checksum_of(const struct ext_mount *mount, uint32_t seed, const uint8_t *raw)
{
    static const uint8_t zero[2] = {};
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    size_t after_low = inode_checksum_low + sizeof zero;
    uint32_t checksum = ext_checksum(seed, raw, inode_checksum_low);
    checksum = ext_checksum(checksum, zero, sizeof zero);
    if (!has_checksum_high(inode_bytes, raw)) {
        return (uint16_t)ext_checksum(checksum, raw + after_low, inode_bytes - after_low);
    }
    size_t after_high = inode_checksum_high + sizeof zero;
    checksum = ext_checksum(checksum, raw + after_low, inode_checksum_high - after_low);
    checksum = ext_checksum(checksum, zero, sizeof zero);
    return ext_checksum(checksum, raw + after_high, inode_bytes - after_high);
}

bool ext_inode_checksum_valid(const struct ext_mount *mount, uint32_t seed, const uint8_t *raw)
{
    uint32_t stored = load_le16(raw + inode_checksum_low);
    if (has_checksum_high(mount->geometry.inode_bytes, raw)) {
        stored |= (uint32_t)load_le16(raw + inode_checksum_high) << 16;
    }
    return stored == inode_checksum_of(mount, seed, raw);
}

void ext_inode_checksum_store(const struct ext_mount *mount, uint32_t seed, uint8_t *raw)
{
    uint32_t checksum = inode_checksum_of(mount, seed, raw);
    store_le16(raw + inode_checksum_low, (uint16_t)checksum);
    if (has_checksum_high(mount->geometry.inode_bytes, raw)) {
        store_le16(raw + inode_checksum_high, (uint16_t)(checksum >> 16));
    }
}

void ext_superblock_checksum_store(const struct ext_mount *mount, uint8_t *superblock)
{
    if (ext_has_checksums(mount)) {
        store_le32(superblock + superblock_checksum,
            ext_checksum(crc32c_seed, superblock, superblock_checksum));
    }
}

uint32_t ext_bitmap_checksum(
    const struct ext_mount *mount, enum ext_mark_kind kind, const uint8_t *bitmap)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t bit_count = kind == EXT_MARK_BLOCK_BITMAP
                             ? geometry->blocks_per_group >> geometry->cluster_shift
                             : geometry->inodes_per_group;
    return ext_checksum(geometry->checksum_seed, bitmap, bit_count / 8);
}

uint32_t ext_attribute_block_checksum(
    const struct ext_mount *mount, uint64_t block, const uint8_t *bytes)
{
    static const uint8_t zero[4] = {};
    uint8_t number[8];
    store_le64(number, block);
    uint32_t checksum = ext_checksum(mount->geometry.checksum_seed, number, sizeof number);
    checksum = ext_checksum(checksum, bytes, attribute_block_checksum);
    checksum = ext_checksum(checksum, zero, sizeof zero);
    size_t after = attribute_block_checksum + sizeof zero;
    return ext_checksum(checksum, bytes + after, mount->geometry.block_bytes - after);
}

/* All but the last words, and where the block is. */
uint32_t ext_orphan_block_checksum(
    const struct ext_mount *mount, uint32_t seed, const struct block_cache_entry *entry)
{
    uint8_t number[8];
    store_le64(number, entry->block);
    uint32_t checksum = ext_checksum(seed, number, sizeof number);
    return ext_checksum(
        checksum, entry->buffer.bytes, mount->geometry.block_bytes - orphan_tail_bytes);
}

static uint32_t mmp_checksum_of(const struct ext_mount *mount, const uint8_t *block)
{
    return ext_checksum(mount->geometry.checksum_seed, block, mmp_checksum);
}

bool ext_mmp_checksum_valid(const struct ext_mount *mount, const uint8_t *block)
{
    return !ext_has_checksums(mount) ||
           load_le32(block + mmp_checksum) == mmp_checksum_of(mount, block);
}

void ext_mmp_checksum_store(const struct ext_mount *mount, uint8_t *block)
{
    if (ext_has_checksums(mount)) {
        store_le32(block + mmp_checksum, mmp_checksum_of(mount, block));
    }
}
