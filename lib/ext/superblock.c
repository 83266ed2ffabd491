/* SPDX-License-Identifier: ISC */
/*
 * From the bytes of a super block to a geometry that all other code may rely on.
 *
 * What holds afterwards:
 *   1. block_bytes is 1024, 2048 or 4096 and a multiple of the device's; inode_bytes divides it.
 *   2. The volume fits on the device; every group begins inside the volume.
 *   3. One bitmap block covers the blocks (clusters) and the inodes of a group.
 *   4. inode_count == inodes_per_group * group_count.
 *   5. A descriptor block holds a whole power of two of descriptors.
 */
#include <string.h>

#include "casefold.h"

constexpr uint32_t log_block_size_max = 2; /* 4 KiB */
constexpr uint32_t cluster_shift_max = 16; /* in blocks */
constexpr uint32_t bits_per_byte = 8;

struct block_transfer ext_superblock_place(
    const struct block_device *device, struct block_buffer buffer)
{
    uint64_t first_block = superblock_offset_bytes / device->block_bytes;
    uint64_t end_bytes = superblock_offset_bytes + superblock_bytes;
    uint64_t end_block = (end_bytes + device->block_bytes - 1) / device->block_bytes;
    return (struct block_transfer){
        .first_block = first_block,
        .block_count = (uint32_t)(end_block - first_block),
        .buffer = buffer,
    };
}

static enum status refuse(struct ext_mount *mount, const char *what, const char *reason)
{
    mount->refusal =
        (struct ext_refusal){.what = what, .reason = reason, .feature_bit = ext_no_feature_bit};
    return STATUS_UNSUPPORTED;
}

static enum status corrupt(struct ext_mount *mount, const char *what)
{
    return ext_corrupt(mount, what, 0);
}

static enum status parse_revision(struct ext_mount *mount, const uint8_t *superblock)
{
    struct ext_geometry *geometry = &mount->geometry;
    if (load_le16(superblock + superblock_magic_at) != superblock_magic) {
        return corrupt(mount, "super block magic");
    }
    geometry->revision = load_le32(superblock + superblock_revision);
    if (geometry->revision > revision_dynamic) {
        return refuse(mount, "revision", "newer than the revisions that are known");
    }
    if (load_le32(superblock + superblock_creator_system) != creator_linux) {
        return refuse(mount, "creator system", "inodes have another system's fields");
    }
    geometry->inode_bytes = original_inode_bytes;
    geometry->first_inode = original_first_inode;
    if (geometry->revision == revision_original) {
        return STATUS_OK; /* Features came with the next revision; the fields mean nothing. */
    }
    geometry->inode_bytes = load_le16(superblock + superblock_inode_bytes);
    geometry->first_inode = load_le32(superblock + superblock_first_inode);
    mount->features[EXT_COMPAT] = load_le32(superblock + superblock_feature_compat);
    mount->features[EXT_INCOMPAT] = load_le32(superblock + superblock_feature_incompat);
    mount->features[EXT_RO_COMPAT] = load_le32(superblock + superblock_feature_ro_compat);
    return STATUS_OK;
}

static enum status parse_checksum(struct ext_mount *mount, const uint8_t *superblock)
{
    bool has_seed = ext_has(mount, EXT_INCOMPAT, incompat_checksum_seed);
    if (!ext_has_checksums(mount)) {
        return has_seed ? corrupt(mount, "checksum seed without checksums") : STATUS_OK;
    }
    if (superblock[superblock_checksum_type] != checksum_type_crc32c) {
        return refuse(mount, "checksum type", "only CRC-32C is known");
    }
    bool journal = ext_has(mount, EXT_COMPAT, compat_has_journal);
    if (journal && ext_superblock_torn(superblock)) {
        mount->features[EXT_INCOMPAT] |= incompat_needs_recovery; /* Recovery mends it. */
    } else if (!ext_superblock_checksum_valid(superblock)) {
        if (!journal || !ext_has(mount, EXT_INCOMPAT, incompat_needs_recovery)) {
            return corrupt(mount, "super block checksum");
        }
        mount->superblock_doubtful = true; /* The log may hold it: recovery tells. */
    }
    mount->geometry.checksum_seed = has_seed ? load_le32(superblock + superblock_checksum_seed)
                                             : ext_checksum_seed_of_uuid(mount->uuid);
    return STATUS_OK;
}

static enum status parse_sizes(
    struct ext_mount *mount, const uint8_t *superblock, const struct block_device *device)
{
    struct ext_geometry *geometry = &mount->geometry;
    uint32_t log_block_size = load_le32(superblock + superblock_log_block_size);
    if (log_block_size > log_block_size_max) {
        return refuse(mount, "block size", "blocks are larger than 4096 bytes");
    }
    geometry->block_shift = 10 + log_block_size;
    geometry->block_bytes = 1U << geometry->block_shift;
    if (geometry->block_bytes < device->block_bytes) {
        return refuse(mount, "block size", "blocks are smaller than those of the device");
    }
    if (geometry->inode_bytes > 512 && is_power_of_two(geometry->inode_bytes) &&
        geometry->inode_bytes <= geometry->block_bytes) {
        return refuse(mount, "inode size", "inodes are larger than 512 bytes");
    }
    if (geometry->inode_bytes != 128 && geometry->inode_bytes != 256 &&
        geometry->inode_bytes != 512) {
        return corrupt(mount, "inode size");
    }
    uint32_t log_cluster_size = load_le32(superblock + superblock_log_cluster_size);
    if (!ext_has(mount, EXT_RO_COMPAT, ro_compat_bigalloc)) {
        return log_cluster_size == log_block_size ? STATUS_OK
                                                  : corrupt(mount, "cluster size without bigalloc");
    }
    if (log_cluster_size < log_block_size ||
        log_cluster_size - log_block_size > cluster_shift_max) {
        return corrupt(mount, "cluster size");
    }
    geometry->cluster_shift = log_cluster_size - log_block_size;
    return STATUS_OK;
}

static uint64_t load_count(
    const struct ext_mount *mount, const uint8_t *superblock, size_t low, size_t high)
{
    uint64_t count = load_le32(superblock + low);
    if (ext_has(mount, EXT_INCOMPAT, incompat_64bit)) {
        count |= (uint64_t)load_le32(superblock + high) << 32;
    }
    return count;
}

static enum status parse_counts(
    struct ext_mount *mount, const uint8_t *superblock, const struct block_device *device)
{
    struct ext_geometry *geometry = &mount->geometry;
    geometry->block_count =
        load_count(mount, superblock, superblock_block_count_low, superblock_block_count_high);
    geometry->reserved_block_count = load_count(
        mount, superblock, superblock_reserved_count_low, superblock_reserved_count_high);
    mount->counts.free_block_count = load_count(
        mount, superblock, superblock_free_block_count_low, superblock_free_block_count_high);
    uint32_t device_blocks = geometry->block_bytes / device->block_bytes;
    if (geometry->block_count > device->block_count / device_blocks) {
        return corrupt(mount, "volume is larger than its device");
    }
    if (mount->counts.free_block_count > geometry->block_count) {
        return corrupt(mount, "free block count");
    }
    if (geometry->reserved_block_count > geometry->block_count) {
        return corrupt(mount, "reserved block count");
    }
    geometry->first_data_block = load_le32(superblock + superblock_first_data_block);
    bool small_blocks = geometry->block_bytes == 1024 && geometry->cluster_shift == 0;
    if (geometry->first_data_block != (small_blocks ? 1 : 0) ||
        geometry->first_data_block >= geometry->block_count) {
        return corrupt(mount, "first data block");
    }
    return STATUS_OK;
}

static enum status parse_groups(struct ext_mount *mount, const uint8_t *superblock)
{
    struct ext_geometry *geometry = &mount->geometry;
    uint32_t bitmap_bits = geometry->block_bytes * bits_per_byte;
    uint32_t clusters_per_group = load_le32(superblock + superblock_clusters_per_group);
    geometry->blocks_per_group = load_le32(superblock + superblock_blocks_per_group);
    geometry->inodes_per_group = load_le32(superblock + superblock_inodes_per_group);
    if (geometry->cluster_shift == 0) {
        clusters_per_group = geometry->blocks_per_group;
    }
    if (clusters_per_group == 0 || clusters_per_group > bitmap_bits ||
        clusters_per_group % bits_per_byte != 0 ||
        geometry->blocks_per_group != (uint64_t)clusters_per_group << geometry->cluster_shift) {
        return corrupt(mount, "blocks per group");
    }
    uint32_t inodes_per_block = geometry->block_bytes / geometry->inode_bytes;
    if (geometry->inodes_per_group < inodes_per_block || geometry->inodes_per_group > bitmap_bits ||
        geometry->inodes_per_group % inodes_per_block != 0) {
        return corrupt(mount, "inodes per group");
    }
    geometry->inode_table_blocks = geometry->inodes_per_group / inodes_per_block;
    uint64_t data_blocks = geometry->block_count - geometry->first_data_block;
    uint64_t group_count =
        (data_blocks + geometry->blocks_per_group - 1) / geometry->blocks_per_group;
    geometry->inode_count = load_le32(superblock + superblock_inode_count);
    mount->counts.free_inode_count = load_le32(superblock + superblock_free_inode_count);
    if (group_count > UINT32_MAX / geometry->inodes_per_group ||
        geometry->inode_count != group_count * geometry->inodes_per_group) {
        return corrupt(mount, "inode count");
    }
    geometry->group_count = (uint32_t)group_count;
    if (geometry->first_inode < original_first_inode ||
        geometry->first_inode > geometry->inode_count ||
        mount->counts.free_inode_count > geometry->inode_count) {
        return corrupt(mount, "first or free inodes");
    }
    return STATUS_OK;
}

static void parse_hash(struct ext_geometry *geometry, const uint8_t *superblock)
{
    for (uint32_t word = 0; word < ext_hash_seed_words; word++) {
        geometry->hash_seed[word] = load_le32(superblock + superblock_hash_seed + 4 * word);
    }
    geometry->hash_version = superblock[superblock_hash_version];
    geometry->hash_unsigned = (load_le32(superblock + superblock_flags) & flag_unsigned_hash) != 0;
}

static enum status parse_descriptors(struct ext_mount *mount, const uint8_t *superblock)
{
    struct ext_geometry *geometry = &mount->geometry;
    geometry->descriptor_bytes = descriptor_bytes_short;
    if (ext_has(mount, EXT_INCOMPAT, incompat_64bit)) {
        geometry->descriptor_bytes = load_le16(superblock + superblock_descriptor_bytes);
        if (geometry->descriptor_bytes < descriptor_bytes_long ||
            geometry->descriptor_bytes > geometry->block_bytes ||
            !is_power_of_two(geometry->descriptor_bytes)) {
            return corrupt(mount, "group descriptor size");
        }
    }
    uint32_t per_block = geometry->block_bytes / geometry->descriptor_bytes;
    uint32_t descriptor_blocks = (geometry->group_count + per_block - 1) / per_block;
    geometry->first_meta_group = UINT32_MAX;
    if (ext_has(mount, EXT_INCOMPAT, incompat_meta_bg)) {
        geometry->first_meta_group = load_le32(superblock + superblock_first_meta_group);
        if (geometry->first_meta_group > descriptor_blocks) {
            return corrupt(mount, "first meta block group");
        }
    }
    geometry->plain_descriptor_blocks = descriptor_blocks < geometry->first_meta_group
                                            ? descriptor_blocks
                                            : geometry->first_meta_group;
    if (ext_has(mount, EXT_COMPAT, compat_resize_inode)) {
        geometry->reserved_descriptor_blocks =
            load_le16(superblock + superblock_reserved_descriptor_blocks);
    }
    if (ext_has(mount, EXT_INCOMPAT, incompat_flex_bg)) {
        geometry->log_groups_per_flex = superblock[superblock_log_groups_per_flex];
        if (geometry->log_groups_per_flex > 31) {
            return corrupt(mount, "groups per flexible group");
        }
    }
    for (uint32_t index = 0; index < 2; index++) {
        geometry->backup_groups[index] =
            load_le32(superblock + superblock_backup_groups + 4 * index);
    }
    geometry->wanted_extra_bytes = default_extra_bytes;
    uint16_t wanted = load_le16(superblock + superblock_wanted_extra_bytes);
    if (wanted >= 4 && is_aligned(wanted, 4) &&
        wanted + original_inode_bytes <= geometry->inode_bytes) {
        geometry->wanted_extra_bytes = wanted;
    }
    parse_hash(geometry, superblock);
    if (ext_has(mount, EXT_INCOMPAT, incompat_mmp)) {
        geometry->mmp_block = load_le64(superblock + superblock_mmp_block);
        geometry->mmp_update_seconds = load_le16(superblock + superblock_mmp_update_seconds);
        if (!ext_blocks_valid(mount, geometry->mmp_block, 1)) {
            return corrupt(mount, "place of the multiple mount protection block");
        }
    }
    return STATUS_OK;
}

/* Which journal the volume has: an inode of its own, or a device. */
static enum status parse_journal(struct ext_mount *mount, const uint8_t *superblock)
{
    struct ext_journal *journal = &mount->journal;
    if (!ext_has(mount, EXT_COMPAT, compat_has_journal)) {
        return STATUS_OK;
    }
    journal->inode_number = load_le32(superblock + superblock_journal_inode);
    journal->external = load_le32(superblock + superblock_journal_device) != 0;
    memcpy(journal->device_uuid, superblock + superblock_journal_uuid, sizeof journal->device_uuid);
    if (journal->external == (journal->inode_number != 0)) {
        return corrupt(mount, "place of the journal");
    }
    return STATUS_OK;
}

/* Inodes of the file system's own; whether they are what they should be is seen later. */
static void parse_inodes(struct ext_mount *mount, const uint8_t *superblock)
{
    struct ext_geometry *geometry = &mount->geometry;
    if (ext_has(mount, EXT_RO_COMPAT, ro_compat_quota)) {
        geometry->quota_inodes[EXT_QUOTA_USER] =
            load_le32(superblock + superblock_user_quota_inode);
        geometry->quota_inodes[EXT_QUOTA_GROUP] =
            load_le32(superblock + superblock_group_quota_inode);
    }
    if (ext_has(mount, EXT_RO_COMPAT, ro_compat_quota) &&
        ext_has(mount, EXT_RO_COMPAT, ro_compat_project)) {
        geometry->quota_inodes[EXT_QUOTA_PROJECT] =
            load_le32(superblock + superblock_project_quota_inode);
    }
    if (ext_has(mount, EXT_COMPAT, compat_orphan_file)) {
        geometry->orphan_file_inode = load_le32(superblock + superblock_orphan_file_inode);
    }
}

enum status ext_superblock_parse(
    struct ext_mount *mount, const uint8_t *superblock, const struct block_device *device)
{
    memcpy(mount->uuid, superblock + superblock_uuid, sizeof mount->uuid);
    memcpy(mount->label, superblock + superblock_label, sizeof mount->label - 1);
    uint16_t state = load_le16(superblock + superblock_state);
    mount->clean = (state & state_clean) != 0 && (state & state_errors) == 0;
    mount->read_only = device->read_only;
    enum status status = parse_revision(mount, superblock);
    if (status == STATUS_OK) {
        status = parse_checksum(mount, superblock);
    }
    if (status == STATUS_OK) {
        status = ext_features_judge(mount);
    }
    if (status == STATUS_OK) {
        status = parse_sizes(mount, superblock, device);
    }
    if (status == STATUS_OK) {
        status = parse_counts(mount, superblock, device);
    }
    if (status == STATUS_OK) {
        status = parse_groups(mount, superblock);
    }
    if (status == STATUS_OK) {
        status = parse_descriptors(mount, superblock);
    }
    if (status == STATUS_OK) {
        status = parse_journal(mount, superblock);
    }
    if (status == STATUS_OK) {
        status = ext_encoding_judge(mount, superblock);
    }
    parse_inodes(mount, superblock);
    return status;
}
