/* SPDX-License-Identifier: ISC */
/*
 * Allocation of inodes. A file goes into the group of its directory; directories below the root are
 * spread over groups with room, so that what belongs together lies together.
 */
#include "transaction.h"

static uint32_t group_of(const struct ext_geometry *geometry, uint64_t number)
{
    return (uint32_t)((number - 1) / geometry->inodes_per_group);
}

uint64_t ext_inode_goal(const struct ext_mount *mount, uint64_t number)
{
    const struct ext_geometry *geometry = &mount->geometry;
    return ext_group_first_block(geometry, group_of(geometry, number));
}

/* What a group must have at least to be chosen. */
struct demand {
    uint32_t inode_count;
    uint32_t cluster_count;
};

/* The first group from `first` on that satisfies the demand; group_count if there is none. */
static enum status find_group(
    struct ext_mount *mount, uint32_t first, struct demand demand, uint32_t *group_out)
{
    uint32_t group_count = mount->geometry.group_count;
    uint32_t full_count = ext_full_count(&mount->without_inodes, first);
    *group_out = group_count;
    for (uint32_t step = 0; step < group_count; step++) {
        uint32_t group = (uint32_t)(((uint64_t)first + full_count + step) % group_count);
        struct ext_group values;
        enum status status = ext_group_read(mount, group, &values);
        if (status != STATUS_OK) {
            return status;
        }
        ext_full_note(&mount->without_inodes, first, group, values.free_inode_count);
        if (values.free_inode_count >= demand.inode_count &&
            values.free_cluster_count >= demand.cluster_count) {
            *group_out = group;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

static enum status choose_group(
    struct ext_mount *mount, uint32_t parent_number, bool directory, uint32_t *group_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t group_count = geometry->group_count;
    uint32_t first = group_of(geometry, parent_number);
    struct demand demand = {.inode_count = 1, .cluster_count = 1};
    if (directory) {
        uint64_t clusters = mount->counts.free_block_count >> geometry->cluster_shift;
        demand.inode_count = mount->counts.free_inode_count / group_count;
        demand.cluster_count = (uint32_t)(clusters / group_count);
        if (parent_number == root_inode_number) {
            first = (mount->directory_group + 1) % group_count;
        } else {
            demand.inode_count /= 4;
            demand.cluster_count /= 4;
        }
        demand.inode_count = demand.inode_count == 0 ? 1 : demand.inode_count;
    }
    enum status status = find_group(mount, first, demand, group_out);
    if (status == STATUS_OK && *group_out == group_count) {
        status = find_group(mount, first, (struct demand){.inode_count = 1}, group_out);
    }
    if (status == STATUS_OK && *group_out == group_count) {
        status = STATUS_NO_SPACE;
    }
    return status;
}

/*
 * The table's block of an inode that comes into use. Beyond what was ever in use the table may
 * hold anything, unless the group says that it is zero.
 */
static enum status prepare_slot(
    struct ext_mount *mount, const struct ext_group_pin *group, uint32_t index)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t per_block = geometry->block_bytes / geometry->inode_bytes;
    uint32_t used = geometry->inodes_per_group - group->values.unused_inode_count;
    uint32_t first_in_block = index / per_block * per_block;
    if (first_in_block < used || (group->values.flags & group_inodes_zeroed) != 0) {
        return STATUS_OK;
    }
    struct block_cache_entry *entry;
    enum status status = ext_change_fresh(mount, group->values.inode_table + index / per_block,
        ext_mark_of(EXT_MARK_INODES, 0), 0, &entry);
    if (status == STATUS_OK) {
        block_cache_put(&mount->cache, entry);
    }
    return status;
}

/* Takes inode `index` of the group, which is free. */
static enum status take_index(struct ext_mount *mount, struct ext_group_pin *group,
    struct block_cache_entry *bitmap, bool directory, uint32_t index)
{
    uint32_t inode_count = mount->geometry.inodes_per_group;
    enum status status = ext_change_block(mount, bitmap);
    if (status == STATUS_OK) {
        status = ext_change_block(mount, group->entry);
    }
    if (status == STATUS_OK) {
        status = prepare_slot(mount, group, index);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bitmap_set(bitmap->buffer.bytes, index, 1);
    struct ext_group *values = &group->values;
    values->free_inode_count--;
    values->directory_count += directory ? 1 : 0;
    values->flags &= (uint16_t)~group_inodes_unused;
    uint32_t unused = inode_count - index - 1;
    values->unused_inode_count =
        values->unused_inode_count < unused ? values->unused_inode_count : unused;
    ext_group_write(mount, group);
    mount->counts.free_inode_count -= mount->counts.free_inode_count > 0 ? 1 : 0;
    return STATUS_OK;
}

static enum status take_pinned(struct ext_mount *mount, struct ext_group_pin *group,
    struct block_cache_entry *bitmap, bool directory, uint32_t *index_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t inode_count = geometry->inodes_per_group;
    uint32_t first = group->group == 0 ? geometry->first_inode - 1 : 0;
    *index_out = bitmap_find_clear(bitmap->buffer.bytes, first, inode_count);
    if (*index_out == inode_count) {
        return ext_corrupt(mount, "inode bitmap has fewer free inodes than its group says",
            group->values.inode_bitmap);
    }
    return take_index(mount, group, bitmap, directory, *index_out);
}

enum status ext_claim_inode(struct ext_mount *mount, uint32_t number, bool directory)
{
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, group_of(&mount->geometry, number), &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_INODE_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        uint32_t index = (number - 1) % mount->geometry.inodes_per_group;
        status = take_index(mount, &group, bitmap, directory, index);
        block_cache_put(&mount->cache, bitmap);
    }
    block_cache_put(&mount->cache, group.entry);
    return status;
}

enum status ext_allocate_inode(
    struct ext_mount *mount, uint32_t parent_number, bool directory, uint32_t *number_out)
{
    uint32_t number;
    struct ext_group_pin group;
    enum status status = choose_group(mount, parent_number, directory, &number);
    if (status == STATUS_OK) {
        status = ext_group_pin(mount, number, &group);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t index = 0;
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_INODE_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        status = take_pinned(mount, &group, bitmap, directory, &index);
        block_cache_put(&mount->cache, bitmap);
    }
    block_cache_put(&mount->cache, group.entry);
    if (status != STATUS_OK) {
        return status;
    }
    if (directory && parent_number == root_inode_number) {
        mount->directory_group = number;
    }
    *number_out = number * mount->geometry.inodes_per_group + index + 1;
    return STATUS_OK;
}

enum status ext_inode_in_use(struct ext_mount *mount, uint32_t number, bool *used_out)
{
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, group_of(&mount->geometry, number), &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_INODE_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        *used_out =
            bitmap_test(bitmap->buffer.bytes, (number - 1) % mount->geometry.inodes_per_group);
        block_cache_put(&mount->cache, bitmap);
    }
    block_cache_put(&mount->cache, group.entry);
    return status;
}

enum status ext_free_inode(struct ext_mount *mount, uint32_t number, bool directory)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint32_t index = (number - 1) % geometry->inodes_per_group;
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, group_of(geometry, number), &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_INODE_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        if (!bitmap_test(bitmap->buffer.bytes, index)) {
            status =
                ext_corrupt(mount, "inode in use is free in its bitmap", group.values.inode_bitmap);
        }
        if (status == STATUS_OK) {
            status = ext_change_hold(mount, bitmap);
        }
        if (status == STATUS_OK) {
            status = ext_change_hold(mount, group.entry);
        }
        block_cache_put(&mount->cache, bitmap);
    }
    block_cache_put(&mount->cache, group.entry);
    if (status != STATUS_OK) {
        return status;
    }
    mount->counts.pending_inode_count++;
    return ext_pending_add(
        mount, (struct ext_pending){.first = number,
                   .count = 1,
                   .kind = directory ? EXT_PENDING_DIRECTORY_INODES : EXT_PENDING_INODES});
}

/* The inodes of one group; `pending` may go on into the next one. */
static enum status release_in_group(
    struct ext_mount *mount, uint32_t number, uint32_t count, bool directory)
{
    const struct ext_geometry *geometry = &mount->geometry;
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, group_of(geometry, number), &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_INODE_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        bitmap_clear(bitmap->buffer.bytes, (number - 1) % geometry->inodes_per_group, count);
        block_cache_put(&mount->cache, bitmap);
        group.values.free_inode_count += count;
        group.values.directory_count -=
            directory && group.values.directory_count >= count ? count : 0;
        ext_group_write(mount, &group);
        mount->counts.free_inode_count += count;
        mount->without_inodes.count = 0;
    }
    block_cache_put(&mount->cache, group.entry);
    return status;
}

enum status ext_release_inodes(struct ext_mount *mount, const struct ext_pending *pending)
{
    uint32_t per_group = mount->geometry.inodes_per_group;
    uint32_t number = (uint32_t)pending->first;
    uint32_t left = pending->count;
    while (left > 0) {
        uint32_t room = per_group - (number - 1) % per_group;
        uint32_t count = left < room ? left : room;
        enum status status =
            release_in_group(mount, number, count, pending->kind == EXT_PENDING_DIRECTORY_INODES);
        if (status != STATUS_OK) {
            return status;
        }
        number += count;
        left -= count;
    }
    return STATUS_OK;
}
