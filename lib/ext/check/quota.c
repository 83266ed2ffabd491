/* SPDX-License-Identifier: ISC */
/*
 * Quota files against the usage that the inodes add up to. Owners are sorted, since there may be as
 * many as inodes; each one's usage is added up from a row of them.
 */
#include "../quota.h"

#include "check.h"

constexpr uint32_t sector_bytes = 512;

struct usage {
    uint64_t bytes;
    uint64_t inodes;
};

/* Files of the file system itself belong to nobody. */
static bool counts(const struct ext_check *check, uint32_t number)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    uint8_t state = check->nodes[number - 1].state;
    return (state & check_in_use) != 0 &&
           (number >= geometry->first_inode || number == ext_root_number) &&
           number != geometry->quota_inodes[EXT_QUOTA_PROJECT] &&
           number != geometry->orphan_file_inode;
}

static bool read_inode(struct ext_check *check, uint32_t number, struct ext_inode *inode_out)
{
    struct block_cache_entry *entry;
    const uint8_t *raw;
    enum status status = ext_inode_pin(&check->mount, number, &entry, &raw);
    ext_check_note(check, status, number);
    if (status != STATUS_OK) {
        return false;
    }
    *inode_out = ext_inode_parse(&check->mount, number, raw);
    ext_check_put(check, entry);
    return true;
}

static uint32_t owner_of(const struct ext_inode *inode, uint32_t type)
{
    const uint32_t owners[ext_quota_type_count] = {
        [EXT_QUOTA_USER] = inode->user_id,
        [EXT_QUOTA_GROUP] = inode->group_id,
        [EXT_QUOTA_PROJECT] = inode->project_id,
    };
    return owners[type];
}

/* Fills `sorted` with owner and inode of all that counts. */
static uint32_t collect(struct ext_check *check, uint32_t type)
{
    uint32_t count = 0;
    for (uint32_t number = 1; number <= check->mount.geometry.inode_count; number++) {
        struct ext_inode inode;
        if (counts(check, number) && read_inode(check, number, &inode)) {
            check->sorted[count++] = (uint64_t)owner_of(&inode, type) << 32 | number;
        }
    }
    ext_check_sort(check->sorted, count);
    return count;
}

/* The leaf for an owner, pinned; NOT_FOUND if the tree has none. */
static enum status find_leaf(struct ext_quota *quota, uint32_t id, struct ext_quota_block *leaf)
{
    uint32_t number = quota_root_block;
    for (uint32_t depth = 0; depth < quota_depth; depth++) {
        struct ext_quota_block block;
        enum status status = ext_quota_pin(quota, number, &block);
        if (status != STATUS_OK) {
            return status;
        }
        number = load_le32(block.bytes + quota_reference_at(id, depth));
        block_cache_put(&quota->mount->cache, block.entry);
        if (number == 0) {
            return STATUS_NOT_FOUND;
        }
    }
    return ext_quota_pin(quota, number, leaf);
}

static void compare(
    struct ext_check *check, struct ext_quota *quota, uint32_t id, struct usage expected)
{
    struct ext_quota_block leaf;
    struct usage found = {};
    enum status status = find_leaf(quota, id, &leaf);
    if (status == STATUS_OK) {
        const uint8_t *entry = ext_quota_find_in_leaf(&leaf, id);
        if (entry != nullptr) {
            found.inodes = load_le64(entry + quota_entry_inodes);
            found.bytes = load_le64(entry + quota_entry_space);
        }
        ext_check_put(check, leaf.entry);
    } else if (status != STATUS_NOT_FOUND) {
        ext_check_note(check, status, quota->file.inode.number);
        return;
    }
    struct ext_finding finding = {
        .inode = quota->file.inode.number,
        .group = ext_check_no_group,
        .valued = true,
    };
    if (found.bytes != expected.bytes) {
        finding.what = "bytes of an owner";
        finding.expected = expected.bytes;
        finding.found = found.bytes;
        ext_check_find(check, finding);
    }
    if (found.inodes != expected.inodes) {
        finding.what = "inodes of an owner";
        finding.expected = expected.inodes;
        finding.found = found.inodes;
        ext_check_find(check, finding);
    }
}

static void check_type(struct ext_check *check, struct ext_quota *quota)
{
    uint32_t count = collect(check, quota->type);
    uint32_t first = 0;
    while (first < count && check->failure == STATUS_OK) {
        uint32_t id = (uint32_t)(check->sorted[first] >> 32);
        struct usage usage = {};
        for (; first < count && check->sorted[first] >> 32 == id; first++) {
            struct ext_inode inode;
            if (read_inode(check, (uint32_t)check->sorted[first], &inode)) {
                usage.bytes += inode.sector_count * sector_bytes;
                usage.inodes++;
            }
        }
        compare(check, quota, id, usage);
    }
}

void ext_check_quota(struct ext_check *check)
{
    enum status status = ext_quota_check(&check->mount);
    ext_check_note(check, status, 0);
    if (status != STATUS_OK) {
        return;
    }
    for (uint32_t type = 0; type < ext_quota_type_count; type++) {
        struct ext_quota quota;
        if (ext_quota_open(&check->mount, type, &quota) == STATUS_OK) {
            check_type(check, &quota);
        }
    }
}
