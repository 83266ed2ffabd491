/* SPDX-License-Identifier: ISC */
/*
 * Mounts any bytes as a volume and walks all of it. A mutator of its own repairs the checksums of
 * super block, group descriptors and inodes, since otherwise nearly every change would end at them.
 * Seeds are made by seeds.sh in this folder; large runs of zeros keep images compact enough.
 */
#include "../test/ext_walk.h"

#include <stdlib.h>

#include "../internal.h"

constexpr uint32_t cache_blocks = 24;
constexpr uint32_t repaired_group_count_max = 64;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size_bytes, size_t size_bytes_max);
size_t LLVMFuzzerCustomMutator(
    uint8_t *bytes, size_t size_bytes, size_t size_bytes_max, unsigned seed);

static struct ext_mount mount;
static struct block_cache_entry entries[cache_blocks];
static uint8_t cache[cache_blocks * ext_block_bytes_max];
static struct walk_state walk;

static enum status mount_bytes(struct block_memory *memory, uint8_t *bytes, size_t size_bytes)
{
    struct ext_mount_memory mount_memory = {
        .entries = entries,
        .entry_count = cache_blocks,
        .buffer = block_buffer_plain(cache),
        .buffer_bytes = sizeof cache,
    };
    block_memory_init(memory, bytes, size_bytes, 512);
    memory->device.read_only = true;
    struct ext_mount_options options = {.read_only = true};
    return ext_mount(&mount, &memory->device, mount_memory, options);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct block_memory memory;
    uint8_t *copy = malloc(size_bytes + 1);
    memcpy(copy, bytes, size_bytes);
    if (mount_bytes(&memory, copy, size_bytes) == STATUS_OK) {
        walk.mount = &mount;
        walk.keep_going = true;
        walk.number_count = 0;
        walk.visited_count = 0;
        (void)walk_all(&walk); /* Any verdict is right; only the sanitizers judge. */
    }
    free(copy);
    return 0;
}

static void repair_superblock(uint8_t *superblock)
{
    uint32_t checksum = ext_checksum(UINT32_MAX, superblock, superblock_checksum);
    store_le32(superblock + superblock_checksum, checksum);
}

/* Tries all 2^16 values: slow enough to be rare, and independent of how the field is computed. */
static void repair_descriptor(uint32_t group, uint8_t *descriptor)
{
    for (uint32_t value = 0; value < 65536; value++) {
        store_le16(descriptor + descriptor_checksum, (uint16_t)value);
        if (ext_descriptor_checksum_valid(&mount, group, descriptor)) {
            return;
        }
    }
}

static void repair_inode(uint32_t number, uint8_t *raw)
{
    uint32_t inode_bytes = mount.geometry.inode_bytes;
    uint32_t seed = ext_inode_checksum_seed(&mount, number, raw);
    store_le16(raw + inode_checksum_low, 0);
    bool high = inode_bytes > original_inode_bytes && load_le16(raw + inode_extra_bytes) >= 4;
    if (high) {
        store_le16(raw + inode_checksum_high, 0);
    }
    uint32_t checksum = ext_checksum(seed, raw, inode_bytes);
    store_le16(raw + inode_checksum_low, (uint16_t)checksum);
    if (high) {
        store_le16(raw + inode_checksum_high, (uint16_t)(checksum >> 16));
    }
}

static void repair_inodes(uint8_t *bytes, size_t size_bytes, uint64_t table, uint32_t first_number)
{
    uint64_t at = table << mount.geometry.block_shift;
    for (uint32_t index = 0; index < mount.geometry.inodes_per_group; index++) {
        if (at + mount.geometry.inode_bytes > size_bytes) {
            return;
        }
        if (load_le16(bytes + at + inode_mode) != 0) {
            repair_inode(first_number + index, bytes + at);
        }
        at += mount.geometry.inode_bytes;
    }
}

/* Descriptors are looked for where they stand without meta_bg; the others stay unrepaired. */
static void repair_groups(uint8_t *bytes, size_t size_bytes)
{
    const struct ext_geometry *geometry = &mount.geometry;
    uint64_t at = ((superblock_offset_bytes >> geometry->block_shift) + 1) << geometry->block_shift;
    for (uint32_t group = 0; group < geometry->group_count && group < repaired_group_count_max;
        group++) {
        if (at + geometry->descriptor_bytes > size_bytes) {
            return;
        }
        if (!ext_descriptor_checksum_valid(&mount, group, bytes + at)) {
            repair_descriptor(group, bytes + at);
        }
        if (ext_has_checksums(&mount)) {
            repair_inodes(bytes, size_bytes, load_le32(bytes + at + descriptor_inode_table_low),
                group * geometry->inodes_per_group + 1);
        }
        at += geometry->descriptor_bytes;
    }
}

/*
 * Changes a few bytes near bytes that are not zero: an image is mostly zeros that nobody looks at,
 * which is where changes at any place would end up.
 */
static void poke(uint8_t *bytes, size_t size_bytes, uint64_t random)
{
    size_t at = (size_t)(random * 0x9e3779b97f4a7c15 >> 16) % size_bytes;
    while (at < size_bytes && bytes[at] == 0) {
        at++;
    }
    at &= ~(size_t)3;
    if (size_bytes - at >= 4) {
        (void)LLVMFuzzerMutate(bytes + at, 4, 4);
    }
}

size_t LLVMFuzzerCustomMutator(
    uint8_t *bytes, size_t size_bytes, size_t size_bytes_max, unsigned seed)
{
    if (seed % 4 == 0 || size_bytes < superblock_offset_bytes + superblock_bytes) {
        size_bytes = LLVMFuzzerMutate(bytes, size_bytes, size_bytes_max);
    } else {
        poke(bytes, size_bytes, seed);
    }
    if (size_bytes < superblock_offset_bytes + superblock_bytes || seed % 8 == 0) {
        return size_bytes;
    }
    struct block_memory memory;
    repair_superblock(bytes + superblock_offset_bytes);
    (void)mount_bytes(&memory, bytes, size_bytes); /* For the geometry, if it comes that far. */
    if (mount.geometry.inodes_per_group != 0 && mount.geometry.descriptor_bytes != 0) {
        repair_groups(bytes, size_bytes);
    }
    return size_bytes;
}
