/* SPDX-License-Identifier: ISC */
/*
 * Allocation of blocks, in clusters. A run is looked for at the goal, then for the whole wanted
 * length from the goal's group on, then for the longest there is; so files stay in one piece while
 * the volume has pieces.
 */
#include "transaction.h"

/* Groups whose bitmaps are looked at for a longer run, once there is any. */
constexpr uint32_t patience_group_count = 16;

/* Pieces that are this long are good, whatever was wanted. */
constexpr uint32_t scarce_cluster_count = 256;

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

static uint32_t cluster_at(const struct ext_geometry *geometry, uint32_t group, uint64_t block)
{
    const uint64_t offset = block - ext_group_first_block(geometry, group);
    return (uint32_t)((offset + ((uint64_t)1 << geometry->cluster_shift) - 1) >>
                      geometry->cluster_shift);
}

/* What is looked for: where, how long, and how much more free behind it would be good. */
struct search {
    uint64_t goal;
    uint32_t wanted; /* clusters */
    uint32_t room;   /* clusters */
};

/* A group that is searched, with its bitmap in memory. */
struct searched {
    const struct ext_mount *mount;
    const uint8_t *bitmap;
    uint32_t group;
    uint64_t goal;
};

/* The first cluster from `first` on that is no other file's window; `end` at most. */
static uint32_t skip_windows(const struct searched *searched, uint32_t first, uint32_t end)
{
    const struct ext_geometry *geometry = &searched->mount->geometry;
    const uint64_t block = cluster_place(geometry, searched->group, first);
    const uint64_t skipped = ext_window_skip(searched->mount, searched->goal, block);
    const uint64_t limit = cluster_place(geometry, searched->group, end);
    return skipped == block
               ? first
               : (skipped < limit ? cluster_at(geometry, searched->group, skipped) : end);
}

/* The free clusters from `from` on, up to `limit` or another file's window. */
static uint32_t free_end(const struct searched *searched, uint32_t from, uint32_t limit)
{
    const struct ext_geometry *geometry = &searched->mount->geometry;
    const uint64_t block = cluster_place(geometry, searched->group, from);
    const uint64_t window = ext_window_next(searched->mount, searched->goal, block);
    if (window < cluster_place(geometry, searched->group, limit)) {
        limit = cluster_at(geometry, searched->group, window);
    }
    return bitmap_find_set(searched->bitmap, from, limit);
}

/* The first run of `wanted` clusters at or after `first`, or the longest up to `end`. */
static struct free_run find_run(
    const struct searched *searched, uint32_t first, uint32_t end, uint32_t wanted)
{
    struct free_run best = {.group = searched->group};
    while (first < end && best.count < wanted) {
        const uint32_t from = bitmap_find_clear(searched->bitmap, first, end);
        first = skip_windows(searched, from, end);
        if (first != from || from == end) {
            continue;
        }
        const uint32_t to = free_end(searched, from, end - from < wanted ? end : from + wanted);
        if (to - from > best.count) {
            best.first = from;
            best.count = to - from;
        }
        first = to + 1;
    }
    return best;
}

/* The best run of one group, from cluster `first` on and then from its beginning. */
static enum status search_group(struct ext_mount *mount, const struct ext_group_pin *group,
    uint32_t first, const struct search *search, struct free_run *run_out)
{
    struct block_cache_entry *bitmap;
    enum status status = ext_bitmap_pin(mount, group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status != STATUS_OK) {
        return status;
    }
    const struct searched searched = {mount, bitmap->buffer.bytes, group->group, search->goal};
    const uint32_t length = search->wanted + search->room;
    const uint32_t end = ext_group_cluster_count(&mount->geometry, group->group);
    struct free_run run = find_run(&searched, first, end, length);
    if (run.count < length && first > 0) {
        const struct free_run before = find_run(&searched, 0, first, length);
        run = before.count > run.count ? before : run;
    }
    block_cache_put(&mount->cache, bitmap);
    *run_out = run;
    return STATUS_OK;
}

/* The run at the goal itself, empty if that is in use or another file's. */
static enum status search_goal(struct ext_mount *mount, const struct ext_group_pin *group,
    uint32_t first, const struct search *search, struct free_run *run_out)
{
    struct block_cache_entry *bitmap;
    enum status status = ext_bitmap_pin(mount, group, EXT_MARK_BLOCK_BITMAP, &bitmap);
    if (status != STATUS_OK) {
        return status;
    }
    const struct searched searched = {mount, bitmap->buffer.bytes, group->group, search->goal};
    const uint32_t end = ext_group_cluster_count(&mount->geometry, group->group);
    *run_out = (struct free_run){.group = group->group, .first = first};
    if (skip_windows(&searched, first, end) == first) {
        const uint32_t limit = end - first < search->wanted ? end : first + search->wanted;
        run_out->count = free_end(&searched, first, limit) - first;
    }
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
    const struct search *search, struct free_run *best_out)
{
    const uint32_t length = search->wanted + search->room;
    uint32_t group_count = mount->geometry.group_count;
    uint32_t full_count = ext_full_count(&mount->without_blocks, goal_group);
    struct free_run best = {};
    uint32_t patience = patience_group_count;
    for (uint32_t step = 0; step < group_count && best.count < length && patience > 0; step++) {
        uint32_t number = (uint32_t)(((uint64_t)goal_group + full_count + step) % group_count);
        struct ext_group_pin group;
        struct free_run run = {};
        enum status status = ext_group_pin(mount, number, &group);
        if (status != STATUS_OK) {
            return status;
        }
        ext_full_note(&mount->without_blocks, goal_group, number, group.values.free_cluster_count);
        if (group.values.free_cluster_count > best.count) {
            status = search_group(mount, &group, number == goal_group ? first : 0, search, &run);
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

/* What other files could go on in is used before anything is cut into small pieces. */
static enum status search_around(struct ext_mount *mount, uint32_t goal_group, uint32_t first,
    const struct search *search, struct free_run *run_out)
{
    const uint32_t enough =
        search->wanted < scarce_cluster_count ? search->wanted : scarce_cluster_count;
    enum status status = search_all(mount, goal_group, first, search, run_out);
    const bool scarce =
        status == STATUS_NO_SPACE || (status == STATUS_OK && run_out->count < enough);
    return scarce && ext_windows_drop(mount) ? search_all(mount, goal_group, first, search, run_out)
                                             : status;
}

static enum status search_free(
    struct ext_mount *mount, const struct search *search, struct free_run *run_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint64_t goal = search->goal;
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
        status = search_goal(mount, &group, first, search, &run);
    }
    block_cache_put(&mount->cache, group.entry);
    if (status == STATUS_OK && run.count == 0) {
        status = search_around(mount, number, first, search, &run);
    }
    run.count = run.count < search->wanted ? run.count : search->wanted;
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
    const struct search wish = {
        .goal = allocation.goal.block,
        .wanted = (uint32_t)(wanted >> geometry->cluster_shift),
        .room = allocation.goal.goes_on
                    ? ext_window_reach(mount, allocation.goal.block) >> geometry->cluster_shift
                    : 0,
    };
    struct free_run run;
    enum status status = mount->journal.fast != nullptr ? search_unreserved(mount, wish.goal, &run)
                                                        : search_free(mount, &wish, &run);
    if (status == STATUS_OK) {
        status = take(mount, &run);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *first_out = cluster_place(geometry, run.group, run.first);
    *count_out = run.count << geometry->cluster_shift;
    if (allocation.goal.goes_on) {
        ext_window_move(mount, allocation.goal.block, *first_out + *count_out);
    }
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
