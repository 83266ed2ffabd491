/* SPDX-License-Identifier: ISC */
/*
 * Inodes: from the bytes of the inode table to a struct that is worth trusting.
 */
#include <string.h>

#include "transaction.h"

constexpr uint16_t mode_type_shift = 12;
constexpr uint32_t nanoseconds_per_second = 1'000'000'000;
constexpr uint32_t epoch_bits = 2;

/*
 * Where a block of an inode table is and those around it, aligned, as far as they have inodes that
 * were ever in use: who lists a directory asks for most of them.
 */
static struct block_cache_run table_around(
    const struct ext_geometry *geometry, const struct ext_group *group, uint64_t table_block)
{
    uint64_t used_bytes =
        (uint64_t)(geometry->inodes_per_group - group->unused_inode_count) * geometry->inode_bytes;
    uint64_t end = (used_bytes + geometry->block_bytes - 1) >> geometry->block_shift;
    uint64_t first = table_block / block_cache_ahead_max * block_cache_ahead_max;
    return (struct block_cache_run){
        .first = group->inode_table + first, .count = table_block < end ? end - first : 0};
}

enum status ext_inode_pin(struct ext_mount *mount, uint32_t number,
    struct block_cache_entry **entry_out, const uint8_t **raw_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t index = (number - 1) % geometry->inodes_per_group;
    struct ext_group group;
    enum status status = ext_group_read(mount, (number - 1) / geometry->inodes_per_group, &group);
    if (status != STATUS_OK) {
        return status;
    }
    if ((group.flags & group_inodes_unused) != 0) {
        return STATUS_NOT_FOUND;
    }
    uint64_t offset_bytes = (uint64_t)index * geometry->inode_bytes;
    uint64_t table_block = offset_bytes >> geometry->block_shift;
    status = block_cache_get_ahead(&mount->cache, group.inode_table + table_block,
        table_around(geometry, &group, table_block), entry_out);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *bytes = (*entry_out)->buffer.bytes;
    *raw_out = bytes + (offset_bytes & (geometry->block_bytes - 1));
    return STATUS_OK;
}

enum ext_type ext_type_of_mode(uint16_t mode)
{
    static const enum ext_type types[16] = {
        [001] = EXT_TYPE_FIFO,
        [002] = EXT_TYPE_CHARACTER_DEVICE,
        [004] = EXT_TYPE_DIRECTORY,
        [006] = EXT_TYPE_BLOCK_DEVICE,
        [010] = EXT_TYPE_FILE,
        [012] = EXT_TYPE_LINK,
        [014] = EXT_TYPE_SOCKET,
    };
    return types[mode >> mode_type_shift];
}

/* Whether the field that ends `end` bytes into the inode is there. */
static bool has_field(const struct ext_mount *mount, const uint8_t *raw, size_t end)
{
    return mount->geometry.inode_bytes > original_inode_bytes &&
           end <= original_inode_bytes + (size_t)load_le16(raw + inode_extra_bytes);
}

/* [ext4 Inode Timestamps]: 2 more bits of seconds below 30 bits of nanoseconds. */
static struct ext_time parse_time(
    const struct ext_mount *mount, const uint8_t *raw, size_t seconds_at, size_t extra_at)
{
    struct ext_time time = {.seconds = (int32_t)load_le32(raw + seconds_at)};
    if (has_field(mount, raw, extra_at + 4)) {
        uint32_t extra = load_le32(raw + extra_at);
        time.seconds += (int64_t)(extra & ((1U << epoch_bits) - 1)) << 32;
        uint32_t nanoseconds = extra >> epoch_bits;
        time.nanoseconds = nanoseconds < nanoseconds_per_second ? nanoseconds : 0;
    }
    return time;
}

static void parse_times(const struct ext_mount *mount, const uint8_t *raw, struct ext_inode *inode)
{
    inode->accessed = parse_time(mount, raw, inode_accessed, inode_accessed_extra);
    inode->modified = parse_time(mount, raw, inode_modified, inode_modified_extra);
    inode->changed = parse_time(mount, raw, inode_changed, inode_changed_extra);
    if (has_field(mount, raw, inode_created + 4)) {
        inode->created = parse_time(mount, raw, inode_created, inode_created_extra);
    }
}

/* [ext4 Inode Table Entry], i_blocks: 48 bits, counted in blocks if the inode says so. */
static uint64_t parse_sector_count(
    const struct ext_mount *mount, const uint8_t *raw, uint32_t flags)
{
    uint64_t count = load_le32(raw + inode_sector_count_low);
    if (!ext_has(mount, EXT_RO_COMPAT, ro_compat_huge_file)) {
        return count;
    }
    count |= (uint64_t)load_le16(raw + inode_sector_count_high) << 32;
    return (flags & inode_flag_huge_file) != 0 ? count << (mount->geometry.block_shift - 9) : count;
}

/* Device numbers are in the block area: 16 bits in the first word, or 32 in the second. */
static void parse_device(struct ext_inode *inode)
{
    uint32_t old = load_le32(inode->block_area);
    uint32_t new = load_le32(inode->block_area + 4);
    if (old != 0) {
        inode->device_major = old >> 8 & 0xff;
        inode->device_minor = old & 0xff;
        return;
    }
    inode->device_major = new >> 8 & 0xfff;
    inode->device_minor = (new & 0xff) | (new >> 12 & 0xfff00);
}

struct ext_inode ext_inode_parse(const struct ext_mount *mount, uint32_t number, const uint8_t *raw)
{
    struct ext_inode inode = {
        .number = number,
        .mode = load_le16(raw + inode_mode),
        .user_id = load_le16(raw + inode_user_low) | (uint32_t)load_le16(raw + inode_user_high)
                                                         << 16,
        .group_id = load_le16(raw + inode_group_low) | (uint32_t)load_le16(raw + inode_group_high)
                                                           << 16,
        .size_bytes = load_le32(raw + inode_size_low),
        .link_count = load_le16(raw + inode_link_count),
        .flags = load_le32(raw + inode_flags),
        .generation = load_le32(raw + inode_generation),
        .deleted = load_le32(raw + inode_deleted),
        .attribute_block = load_le32(raw + inode_attribute_block_low),
    };
    inode.type = ext_type_of_mode(inode.mode);
    bool large_directory =
        inode.type == EXT_TYPE_DIRECTORY && ext_has(mount, EXT_INCOMPAT, incompat_large_directory);
    if (inode.type == EXT_TYPE_FILE || large_directory) {
        inode.size_bytes |= (uint64_t)load_le32(raw + inode_size_high) << 32;
    }
    if (ext_has(mount, EXT_INCOMPAT, incompat_64bit)) {
        inode.attribute_block |= (uint64_t)load_le16(raw + inode_attribute_block_high) << 32;
    }
    if (has_field(mount, raw, inode_project + 4)) {
        inode.project_id = load_le32(raw + inode_project);
    }
    inode.sector_count = parse_sector_count(mount, raw, inode.flags);
    memcpy(inode.block_area, raw + inode_block_area, sizeof inode.block_area);
    parse_times(mount, raw, &inode);
    if (inode.type == EXT_TYPE_CHARACTER_DEVICE || inode.type == EXT_TYPE_BLOCK_DEVICE) {
        parse_device(&inode);
    }
    return inode;
}

/* Flags that are only possible on a volume with a feature. */
static const char *flags_fault(const struct ext_mount *mount, uint32_t flags)
{
    if ((flags & inode_flag_extents) != 0 && !ext_has(mount, EXT_INCOMPAT, incompat_extents)) {
        return "inode has extents on a volume without";
    }
    if ((flags & inode_flag_inline_data) != 0 &&
        !ext_has(mount, EXT_INCOMPAT, incompat_inline_data)) {
        return "inode has inline data on a volume without";
    }
    if (((flags & inode_flag_encrypted) != 0 && !ext_has(mount, EXT_INCOMPAT, incompat_encrypt)) ||
        ((flags & inode_flag_casefold) != 0 && !ext_has(mount, EXT_INCOMPAT, incompat_casefold)) ||
        ((flags & inode_flag_verity) != 0 && !ext_has(mount, EXT_RO_COMPAT, ro_compat_verity))) {
        return "inode uses a feature that the volume has not";
    }
    return nullptr;
}

/* Flags that are only possible on some types of inodes. */
static const char *protection_fault(const struct ext_inode *inode)
{
    uint32_t flags = inode->flags;
    if ((flags & inode_flag_casefold) != 0 && inode->type != EXT_TYPE_DIRECTORY) {
        return "an inode without names ignores case";
    }
    if ((flags & inode_flag_verity) != 0 &&
        (inode->type != EXT_TYPE_FILE || (flags & inode_flag_extents) == 0)) {
        return "sealed inode that cannot be sealed";
    }
    if ((flags & inode_flag_encrypted) != 0 && (flags & inode_flag_inline_data) != 0) {
        return "inline data of an encrypted inode";
    }
    return nullptr;
}

static uint64_t size_limit(const struct ext_mount *mount, const struct ext_inode *inode)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t blocks = (inode->flags & inode_flag_extents) != 0 ? extent_logical_limit
                                                               : ext_block_map_limit(geometry);
    return blocks << geometry->block_shift;
}

static const char *inode_fault(const struct ext_mount *mount, const struct ext_inode *inode)
{
    const char *fault = flags_fault(mount, inode->flags);
    if (fault != nullptr) {
        return fault;
    }
    if (inode->type == EXT_TYPE_UNKNOWN) {
        return "inode type";
    }
    fault = protection_fault(inode);
    if (fault != nullptr) {
        return fault;
    }
    if (inode->size_bytes > size_limit(mount, inode)) {
        return "inode size beyond its map";
    }
    bool inline_data = (inode->flags & inode_flag_inline_data) != 0;
    if (inode->type == EXT_TYPE_DIRECTORY && !inline_data &&
        (inode->size_bytes == 0 || !is_aligned(inode->size_bytes, mount->geometry.block_bytes) ||
            inode->size_bytes >> mount->geometry.block_shift > mount->geometry.block_count)) {
        return "directory size";
    }
    if (inode->attribute_block != 0 && !ext_blocks_valid(mount, inode->attribute_block, 1)) {
        return "place of an attribute block";
    }
    return nullptr;
}

/* What an inode is asked for as. */
enum want : uint32_t {
    WANT_FILE,
    WANT_ORPHAN, /* a file without links too */
    WANT_VALUE,  /* the value of an attribute */
};

static const char *want_fault(const struct ext_inode *inode, enum want want)
{
    bool value = (inode->flags & inode_flag_attribute_value) != 0;
    if (want != WANT_VALUE) {
        return value ? "inode of an attribute value as a file" : nullptr;
    }
    return value && inode->type == EXT_TYPE_FILE ? nullptr : "file as an attribute value";
}

/* An inode without links is deleted, or an orphan that waits to be: free, unless asked for. */
static bool is_free(const uint8_t *raw, enum want want)
{
    uint16_t link_count = load_le16(raw + inode_link_count);
    return link_count == 0 && (want != WANT_ORPHAN || load_le16(raw + inode_mode) == 0);
}

/* What an inode without links is: one that was in use once proves it. */
static enum status judge_free(struct ext_mount *mount, uint32_t number, const uint8_t *raw,
    const struct block_cache_entry *entry)
{
    if (load_le16(raw + inode_mode) == 0 || !ext_has_checksums(mount) ||
        ext_inode_checksum_valid(mount, ext_inode_checksum_seed(mount, number, raw), raw)) {
        return STATUS_NOT_FOUND;
    }
    return ext_corrupt(mount, "inode checksum", entry->block);
}

static enum status parse_inode(struct ext_mount *mount, uint32_t number, const uint8_t *raw,
    struct ext_inode *inode_out, const char **fault_out)
{
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    uint32_t extra_bytes = 0;
    if (inode_bytes > original_inode_bytes) {
        extra_bytes = load_le16(raw + inode_extra_bytes);
    }
    if (extra_bytes > inode_bytes - original_inode_bytes || !is_aligned(extra_bytes, 4)) {
        *fault_out = "extra bytes of an inode";
        return STATUS_CORRUPT;
    }
    uint32_t seed = 0;
    if (ext_has_checksums(mount)) {
        seed = ext_inode_checksum_seed(mount, number, raw);
        if (!ext_inode_checksum_valid(mount, seed, raw)) {
            *fault_out = "inode checksum";
            return STATUS_CORRUPT;
        }
    }
    struct ext_inode inode = ext_inode_parse(mount, number, raw);
    inode.checksum_seed = seed;
    *fault_out = inode_fault(mount, &inode);
    if (*fault_out != nullptr) {
        return STATUS_CORRUPT;
    }
    *inode_out = inode;
    return STATUS_OK;
}

static enum status load_inode(
    struct ext_mount *mount, uint64_t number, enum want want, struct ext_inode *inode_out)
{
    if (number == 0 || number > mount->geometry.inode_count) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct block_cache_entry *entry;
    const uint8_t *raw;
    enum status status = ext_inode_pin(mount, (uint32_t)number, &entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    if (is_free(raw, want)) {
        status = judge_free(mount, (uint32_t)number, raw, entry);
        block_cache_put(&mount->cache, entry);
        return status;
    }
    const char *fault = nullptr;
    struct ext_inode inode;
    status = parse_inode(mount, (uint32_t)number, raw, &inode, &fault);
    if (status == STATUS_OK) {
        fault = want_fault(&inode, want);
    }
    if (fault != nullptr) {
        status = ext_corrupt(mount, fault, entry->block);
    }
    block_cache_put(&mount->cache, entry);
    if (status == STATUS_OK) {
        *inode_out = inode;
    }
    return status;
}

enum status ext_load_inode(struct ext_mount *mount, uint64_t number, struct ext_inode *inode_out)
{
    return load_inode(mount, number, WANT_ORPHAN, inode_out);
}

enum status ext_read_inode(struct ext_mount *mount, uint64_t number, struct ext_inode *inode_out)
{
    if (number != 0 && number < mount->geometry.first_inode && number != ext_root_number) {
        return STATUS_INVALID_ARGUMENT;
    }
    return load_inode(mount, number, WANT_FILE, inode_out);
}

enum status ext_load_value_inode(
    struct ext_mount *mount, uint64_t number, struct ext_inode *inode_out)
{
    return load_inode(mount, number, WANT_VALUE, inode_out);
}

enum status ext_open(struct ext_mount *mount, uint64_t number, struct ext_file *file_out)
{
    struct ext_inode inode;
    enum status status = ext_read_inode(mount, number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    *file_out = (struct ext_file){.inode = inode, .change_count = mount->change_count};
    return STATUS_OK;
}

enum status ext_refresh(struct ext_mount *mount, struct ext_file *file)
{
    if (file->change_count == mount->change_count) {
        return STATUS_OK;
    }
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, file->inode.number, &inode);
    if (status == STATUS_OK) {
        *file = (struct ext_file){.inode = inode, .change_count = mount->change_count};
    }
    return status;
}
