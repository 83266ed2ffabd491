/* SPDX-License-Identifier: ISC */
/*
 * Allocation of blocks, in clusters. A run is looked for at the goal, then for the whole wanted
 * length from the goal's group on, then for the longest there is; so files stay in one piece while
 * the volume has pieces.
 */
#include "transaction.h"

/* Groups whose bitmaps are looked at for a longer run, once there is any. */
constexpr uint32_t patience_group_count = 16;

/* A run of free clusters in one group. */
struct free_run {
    uint32_t group;
    uint32_t first;
    uint32_t count; /* 0: none */
};

static uint64_t cluster_place(const struct ext_geometry *geometry, uint32_t group, uint32_t cluster)
{
    return ext_group_first_block(geometry, group) + ((uint64_t)cluster << geometry->cluster_shift);
}

/* The first run of `wanted` clusters at or after `first`, or the longest up to `end`. */
static struct free_run find_run(
    const uint8_t *bitmap, uint32_t first, uint32_t end, uint32_t wanted)
{
    struct free_run best = {};
    while (first < end && best.count < wanted) {
        uint32_t from = bitmap_find_clear(bitmap, first, end);
        uint32_t limit = end - from < wanted ? end : from + wanted;
        uint32_t to = bitmap_find_set(bitmap, from, limit);
        if (to - from > best.count) {
            best = (struct free_run){.first = from, .count = to - from};
        }
        first = to + 1;
    }
    return best;
}

/* The best run of one group; with `at_goal` only a run that begins exactly at `first`. */
static enum status search_group(struct ext_mount *mount, const struct ext_group_pin *group,
    uint32_t first, uint32_t wanted, struct free_run *run_out)
{
    struct block_cache_entry *bitmap;
    enum status status = ext_bitmap_pin(mount, group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t end = ext_group_cluster_count(&mount->geometry, group->group);
    struct free_run run = find_run(bitmap->buffer.bytes, first, end, wanted);
    if (run.count < wanted && first > 0) {
        struct free_run before = find_run(bitmap->buffer.bytes, 0, first, wanted);
        run = before.count > run.count ? before : run;
    }
    block_cache_put(&mount->cache, bitmap);
    run.group = group->group;
    *run_out = run;
    return STATUS_OK;
}

/* The run at the goal itself, empty if that is in use. */
static enum status search_goal(struct ext_mount *mount, const struct ext_group_pin *group,
    uint32_t first, uint32_t wanted, struct free_run *run_out)
{
    struct block_cache_entry *bitmap;
    enum status status = ext_bitmap_pin(mount, group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t end = ext_group_cluster_count(&mount->geometry, group->group);
    uint32_t limit = end - first < wanted ? end : first + wanted;
    *run_out = (struct free_run){
        .group = group->group,
        .first = first,
        .count = bitmap_find_set(bitmap->buffer.bytes, first, limit) - first,
    };
    block_cache_put(&mount->cache, bitmap);
    return STATUS_OK;
}

uint32_t ext_full_count(const struct ext_full_groups *full, uint32_t first)
{
    return full->first == first ? full->count : 0;
}

void ext_full_note(
    struct ext_full_groups *full, uint32_t first, uint32_t group, uint32_t free_count)
{
    if (full->first != first) {
        *full = (struct ext_full_groups){.first = first};
    }
    if (free_count == 0 && group == first + full->count) {
        full->count++;
    }
}

/*
 * Groups from `goal_group` on; stops at the first run of the wanted length, or when it has looked
 * for it long enough.
 */
static enum status search_all(struct ext_mount *mount, uint32_t goal_group, uint32_t first,
    uint32_t wanted, struct free_run *best_out)
{
    uint32_t group_count = mount->geometry.group_count;
    uint32_t full_count = ext_full_count(&mount->without_blocks, goal_group);
    struct free_run best = {};
    uint32_t patience = patience_group_count;
    for (uint32_t step = 0; step < group_count && best.count < wanted && patience > 0; step++) {
        uint32_t number = (uint32_t)(((uint64_t)goal_group + full_count + step) % group_count);
        struct ext_group_pin group;
        struct free_run run = {};
        enum status status = ext_group_pin(mount, number, &group);
        if (status != STATUS_OK) {
            return status;
        }
        ext_full_note(&mount->without_blocks, goal_group, number, group.values.free_cluster_count);
        if (group.values.free_cluster_count > best.count) {
            status = search_group(mount, &group, number == goal_group ? first : 0, wanted, &run);
        }
        block_cache_put(&mount->cache, group.entry);
        if (status != STATUS_OK) {
            return status;
        }
        best = run.count > best.count ? run : best;
        patience -= best.count > 0 ? 1 : 0;
    }
    *best_out = best;
    return best.count == 0 ? STATUS_NO_SPACE : STATUS_OK;
}

static enum status search(
    struct ext_mount *mount, uint64_t goal, uint32_t wanted, struct free_run *run_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    if (goal <= geometry->first_data_block || goal >= geometry->block_count) {
        goal = geometry->first_data_block;
    }
    uint64_t offset = goal - geometry->first_data_block;
    uint32_t number = (uint32_t)(offset / geometry->blocks_per_group);
    uint32_t first = (uint32_t)(offset % geometry->blocks_per_group) >> geometry->cluster_shift;
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, number, &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct free_run run = {};
    if (group.values.free_cluster_count > 0) {
        status = search_goal(mount, &group, first, wanted, &run);
    }
    block_cache_put(&mount->cache, group.entry);
    if (status == STATUS_OK && run.count == 0) {
        status = search_all(mount, number, first, wanted, &run);
    }
    *run_out = run;
    return status;
}

static void note_allocation(struct ext_mount *mount, const struct free_run *run)
{
    uint64_t block_count = (uint64_t)run->count << mount->geometry.cluster_shift;
    mount->counts.free_block_count = mount->counts.free_block_count > block_count
                                         ? mount->counts.free_block_count - block_count
                                         : 0;
}

static enum status take_pinned(struct ext_mount *mount, struct ext_group_pin *group,
    struct block_cache_entry *bitmap, const struct free_run *run)
{
    enum status status = ext_change_block(mount, bitmap);
    if (status == STATUS_OK) {
        status = ext_change_block(mount, group->entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bitmap_set(bitmap->buffer.bytes, run->first, run->count);
    group->values.free_cluster_count -= run->count;
    group->values.flags &= (uint16_t)~group_blocks_unused;
    ext_group_write(mount, group);
    note_allocation(mount, run);
    return STATUS_OK;
}

static enum status take(struct ext_mount *mount, const struct free_run *run)
{
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, run->group, &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        status = take_pinned(mount, &group, bitmap, run);
        block_cache_put(&mount->cache, bitmap);
    }
    block_cache_put(&mount->cache, group.entry);
    return status;
}

/* ---- While fast commits are replayed --------------------------------------------------------- */

/* The first free cluster of a group that no fast commit is going to give to a file. */
static enum status search_unreserved_in(
    struct ext_mount *mount, const struct ext_group_pin *group, struct free_run *run_out)
{
    struct block_cache_entry *bitmap;
    enum status status = ext_bitmap_pin(mount, group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status != STATUS_OK) {
        return status;
    }
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t cluster_blocks = (uint64_t)1 << geometry->cluster_shift;
    uint32_t end = ext_group_cluster_count(geometry, group->group);
    uint64_t reserved_end = 0;
    uint32_t at = bitmap_find_clear(bitmap->buffer.bytes, 0, end);
    while (at < end) {
        status = ext_fast_reserved(
            mount, cluster_place(geometry, group->group, at), cluster_blocks, &reserved_end);
        if (status != STATUS_OK || reserved_end == 0) {
            break;
        }
        uint64_t offset = reserved_end - ext_group_first_block(geometry, group->group);
        uint64_t next = (offset + cluster_blocks - 1) >> geometry->cluster_shift;
        at = next < end ? bitmap_find_clear(bitmap->buffer.bytes, (uint32_t)next, end) : end;
    }
    block_cache_put(&mount->cache, bitmap);
    if (status == STATUS_OK && at < end) {
        *run_out = (struct free_run){.group = group->group, .first = at, .count = 1};
    }
    return status;
}

static enum status search_unreserved(
    struct ext_mount *mount, uint64_t goal, struct free_run *run_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t inside = goal > geometry->first_data_block && goal < geometry->block_count
                          ? goal - geometry->first_data_block
                          : 0;
    uint64_t first_group = inside / geometry->blocks_per_group;
    struct free_run run = {};
    for (uint32_t step = 0; step < geometry->group_count && run.count == 0; step++) {
        struct ext_group_pin group;
        enum status status =
            ext_group_pin(mount, (uint32_t)((first_group + step) % geometry->group_count), &group);
        if (status != STATUS_OK) {
            return status;
        }
        if (group.values.free_cluster_count > 0) {
            status = search_unreserved_in(mount, &group, &run);
        }
        block_cache_put(&mount->cache, group.entry);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *run_out = run;
    return run.count == 0 ? STATUS_NO_SPACE : STATUS_OK;
}

/* ---- Taking ---------------------------------------------------------------------------------- */

enum status ext_allocate_blocks(struct ext_mount *mount, struct ext_allocation allocation,
    uint64_t *first_out, uint32_t *count_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t kept = allocation.metadata ? 0 : geometry->reserved_block_count;
    uint64_t cluster_blocks = (uint64_t)1 << geometry->cluster_shift;
    if (mount->counts.free_block_count < kept + cluster_blocks) {
        return STATUS_NO_SPACE;
    }
    uint64_t usable = mount->counts.free_block_count - kept;
    uint64_t wanted = align_up(allocation.block_count, cluster_blocks);
    wanted = wanted < usable ? wanted : align_down(usable, cluster_blocks);
    struct free_run run;
    enum status status =
        mount->journal.fast != nullptr
            ? search_unreserved(mount, allocation.goal, &run)
            : search(mount, allocation.goal, (uint32_t)(wanted >> geometry->cluster_shift), &run);
    if (status == STATUS_OK) {
        status = take(mount, &run);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *first_out = cluster_place(geometry, run.group, run.first);
    *count_out = run.count << geometry->cluster_shift;
    return STATUS_OK;
}

/* ---- Freeing --------------------------------------------------------------------------------- */

/* The part of a range that is in one group, in clusters. */
static struct free_run part_in_group(
    const struct ext_geometry *geometry, uint64_t first, uint64_t block_count)
{
    uint64_t offset = first - geometry->first_data_block;
    uint32_t group = (uint32_t)(offset / geometry->blocks_per_group);
    uint32_t within = (uint32_t)(offset % geometry->blocks_per_group);
    uint32_t room = ext_group_block_count(geometry, group) - within;
    uint32_t count = block_count < room ? (uint32_t)block_count : room;
    uint32_t from = within >> geometry->cluster_shift;
    uint32_t to = (within + count - 1) >> geometry->cluster_shift;
    return (struct free_run){.group = group, .first = from, .count = to - from + 1};
}

/* Whether no cluster of a run is in use, nor waits for a commit to be free. */
static enum status check_free(struct ext_mount *mount, const struct free_run *run)
{
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, run->group, &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        uint32_t end = run->first + run->count;
        bool free = bitmap_find_set(bitmap->buffer.bytes, run->first, end) == end;
        status = free ? STATUS_OK : STATUS_NO_SPACE;
        block_cache_put(&mount->cache, bitmap);
    }
    block_cache_put(&mount->cache, group.entry);
    return status;
}

enum status ext_claim_blocks(struct ext_mount *mount, uint64_t first, uint64_t block_count)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t end = first + block_count;
    enum status status = STATUS_OK;
    while (first < end && status == STATUS_OK) {
        struct free_run run = part_in_group(geometry, first, end - first);
        status = check_free(mount, &run);
        if (status == STATUS_OK) {
            status = take(mount, &run);
        }
        first = cluster_place(geometry, run.group, run.first) +
                ((uint64_t)run.count << geometry->cluster_shift);
    }
    return status;
}

static enum status free_pinned(struct ext_mount *mount, const struct ext_group_pin *group,
    struct block_cache_entry *bitmap, const struct free_run *run)
{
    uint32_t end = run->first + run->count;
    if (bitmap_find_clear(bitmap->buffer.bytes, run->first, end) != end) {
        return ext_corrupt(mount, "blocks in use are free in their bitmap",
            cluster_place(&mount->geometry, run->group, run->first));
    }
    enum status status = ext_change_hold(mount, bitmap);
    return status == STATUS_OK ? ext_change_hold(mount, group->entry) : status;
}

/* The bitmap and the descriptor must stay in memory, so that the commit cannot fail to free. */
static enum status prepare_free(struct ext_mount *mount, const struct free_run *run)
{
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, run->group, &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        status = free_pinned(mount, &group, bitmap, run);
        block_cache_put(&mount->cache, bitmap);
    }
    block_cache_put(&mount->cache, group.entry);
    return status;
}

enum status ext_free_blocks(
    struct ext_mount *mount, uint64_t first, uint64_t block_count, bool metadata)
{
    const struct ext_geometry *geometry = &mount->geometry;
    if (!ext_blocks_valid(mount, first, block_count)) {
        return ext_corrupt(mount, "blocks in use are outside the volume", first);
    }
    while (block_count > 0) {
        struct free_run run = part_in_group(geometry, first, block_count);
        enum status status = prepare_free(mount, &run);
        if (status != STATUS_OK) {
            return status;
        }
        uint64_t place = cluster_place(geometry, run.group, run.first);
        uint32_t count = run.count << geometry->cluster_shift;
        status = ext_pending_add(
            mount, (struct ext_pending){.first = place,
                       .count = count,
                       .kind = metadata ? EXT_PENDING_METADATA_BLOCKS : EXT_PENDING_BLOCKS});
        if (status != STATUS_OK) {
            return status;
        }
        mount->counts.pending_block_count += count;
        mount->counts.pending_metadata_count += metadata ? count : 0;
        uint64_t done = place + count - first;
        first += done;
        block_count -= done < block_count ? done : block_count;
    }
    return STATUS_OK;
}

static enum status release_in_group(struct ext_mount *mount, const struct free_run *run)
{
    struct ext_group_pin group;
    enum status status = ext_group_pin(mount, run->group, &group);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *bitmap;
    status = ext_bitmap_pin(mount, &group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status == STATUS_OK) {
        bitmap_clear(bitmap->buffer.bytes, run->first, run->count);
        block_cache_put(&mount->cache, bitmap);
        group.values.free_cluster_count += run->count;
        ext_group_write(mount, &group);
        mount->counts.free_block_count += (uint64_t)run->count << mount->geometry.cluster_shift;
        mount->without_blocks.count = 0;
    }
    block_cache_put(&mount->cache, group.entry);
    return status;
}

enum status ext_release_blocks(struct ext_mount *mount, const struct ext_pending *pending)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t first = pending->first;
    uint64_t end = first + pending->count;
    enum status status = STATUS_OK;
    while (first < end && status == STATUS_OK) {
        struct free_run run = part_in_group(geometry, first, end - first);
        status = release_in_group(mount, &run);
        first += (uint64_t)run.count << geometry->cluster_shift;
    }
    return status;
}
