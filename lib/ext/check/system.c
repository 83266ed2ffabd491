/* SPDX-License-Identifier: ISC */
/*
 * Inodes of the volume itself: which numbers they have, and the one that keeps the blocks into
 * which the table of descriptors can grow.
 */
#include "check.h"

bool ext_check_is_quota(const struct ext_check *check, uint32_t number)
{
    for (uint32_t type = 0; type < ext_quota_type_count; type++) {
        if (number == check->mount.geometry.quota_inodes[type]) {
            return true;
        }
    }
    return false;
}

bool ext_check_is_orphan_file(const struct ext_check *check, uint32_t number)
{
    return number == check->mount.geometry.orphan_file_inode;
}

/* ---- The blocks kept for growing --------------------------------------------------------------
 *
 * [ext4 Reserved GDT Blocks]: a block of pointers to pointers; the entry for each kept block of the
 * first group leads to it, and that holds where its copies are.
 */

static bool copies_listed(struct ext_check *check, uint64_t block)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    struct block_cache_entry *entry;
    if (!ext_check_pin(check, block, &entry)) {
        return true;
    }
    uint32_t slot = 0;
    bool listed = true;
    uint32_t room = geometry->block_bytes / block_pointer_bytes;
    for (uint32_t group = 1; group < geometry->group_count && slot < room && listed; group++) {
        if (ext_group_has_superblock(&check->mount, group)) {
            const uint8_t *bytes = entry->buffer.bytes;
            uint64_t copy = block + (uint64_t)group * geometry->blocks_per_group;
            listed = load_le32(bytes + (size_t)slot * block_pointer_bytes) == (uint32_t)copy;
            slot++;
        }
    }
    ext_check_put(check, entry);
    return listed;
}

static bool blocks_listed(struct ext_check *check, uint64_t root)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    struct block_cache_entry *entry;
    if (!ext_check_pin(check, root, &entry)) {
        return true;
    }
    uint32_t room = geometry->block_bytes / block_pointer_bytes;
    uint64_t first =
        (superblock_offset_bytes >> geometry->block_shift) + 1 + geometry->plain_descriptor_blocks;
    bool listed = true;
    for (uint32_t index = 0; index < geometry->reserved_descriptor_blocks && listed; index++) {
        const uint8_t *bytes = entry->buffer.bytes;
        uint32_t slot = (geometry->plain_descriptor_blocks + index) % room;
        listed = load_le32(bytes + (size_t)slot * block_pointer_bytes) == first + index &&
                 copies_listed(check, first + index);
    }
    ext_check_put(check, entry);
    return listed;
}

/* Each kept block leads to its copies, one in each group with a copy of the super block. */
static uint64_t count_kept(struct ext_check *check)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    uint64_t copies = 0;
    for (uint32_t group = 0; group < geometry->group_count; group++) {
        copies += ext_group_has_superblock(&check->mount, group);
    }
    return copies * geometry->reserved_descriptor_blocks;
}

uint64_t ext_check_resize_inode(struct ext_check *check, const struct ext_inode *inode)
{
    constexpr uint32_t root_slot = 13;
    bool wanted = ext_has(&check->mount, EXT_COMPAT, compat_resize_inode);
    uint32_t root = 0;
    bool others = false;
    for (uint32_t slot = 0; slot < ext_block_area_bytes / block_pointer_bytes; slot++) {
        uint32_t block = load_le32(inode->block_area + (size_t)slot * block_pointer_bytes);
        root = slot == root_slot ? block : root;
        others = others || (slot != root_slot && block != 0);
    }
    if (!wanted) {
        if (root != 0 || others) {
            ext_check_find_inode(
                check, "blocks kept for growing without the feature", inode->number, 0);
        }
        return 0;
    }
    if (others || inode->type != EXT_TYPE_FILE || inode->link_count == 0 ||
        !ext_blocks_valid(&check->mount, root, 1) || !blocks_listed(check, root)) {
        ext_check_find_inode(check, "list of the blocks kept for growing", inode->number, root);
        return 0;
    }
    ext_check_claim(check, inode->number, root, 1);
    return (1 + count_kept(check)) << check->mount.geometry.cluster_shift;
}
