/* SPDX-License-Identifier: ISC */
/*
 * Changing extent trees, [ext4 Extent Tree].
 *
 * A path is pinned from the root to one leaf. An entry that finds its leaf full makes room one step
 * at a time and looks for its leaf anew: the lowest full node below one with room is split; if all
 * are full, the tree grows at the root. Nodes that become empty go, so a tree is as deep as it
 * must be.
 */
#include <string.h>

#include "extent.h"
#include "transaction.h"

constexpr uint32_t level_max = extent_depth_max + 1;
constexpr uint32_t unwritten_length_max = extent_length_written_max - 1;

struct level {
    struct block_cache_entry *entry; /* nullptr: the root, in the inode */
    uint8_t *bytes;
    uint32_t index; /* the entry that the path goes through, or the place of the leaf's entry */
};

struct path {
    struct ext_mount *mount;
    struct ext_inode *inode;
    uint32_t depth; /* levels[depth] is the leaf */
    struct level levels[level_max];
};

/* ---- Entries --------------------------------------------------------------------------------- */

static uint8_t *entry_in(const struct level *level, uint32_t index)
{
    return level->bytes + extent_header_bytes + (size_t)index * extent_entry_bytes;
}

static uint32_t count_in(const struct level *level)
{
    return load_le16(level->bytes + extent_entry_count);
}

static bool is_full(const struct level *level)
{
    return count_in(level) >= load_le16(level->bytes + extent_entry_count_max);
}

static void store_run(uint8_t *entry, const struct ext_run *run)
{
    uint32_t length = (uint32_t)run->block_count;
    length += run->kind == EXT_RUN_UNWRITTEN ? extent_length_written_max : 0;
    store_le32(entry + extent_logical, (uint32_t)run->logical_block);
    store_le16(entry + extent_length, (uint16_t)length);
    store_le16(entry + extent_start_high, (uint16_t)(run->physical_block >> 32));
    store_le32(entry + extent_start_low, (uint32_t)run->physical_block);
}

static void store_child(uint8_t *entry, uint32_t logical, uint64_t block)
{
    store_le32(entry + extent_logical, logical);
    store_le32(entry + extent_child_low, (uint32_t)block);
    store_le16(entry + extent_child_high, (uint16_t)(block >> 32));
    store_le16(entry + extent_child_high + 2, 0);
}

/* Opens a gap at `index`; the node has room. */
static uint8_t *open_gap(const struct level *level, uint32_t index)
{
    uint32_t count = count_in(level);
    uint8_t *entry = entry_in(level, index);
    memmove(entry + extent_entry_bytes, entry, (size_t)(count - index) * extent_entry_bytes);
    store_le16(level->bytes + extent_entry_count, (uint16_t)(count + 1));
    return entry;
}

static void close_gap(const struct level *level, uint32_t index)
{
    uint32_t count = count_in(level);
    uint8_t *entry = entry_in(level, index);
    memmove(entry, entry + extent_entry_bytes, (size_t)(count - index - 1) * extent_entry_bytes);
    memset(entry_in(level, count - 1), 0, extent_entry_bytes);
    store_le16(level->bytes + extent_entry_count, (uint16_t)(count - 1));
}

static void store_header(uint8_t *bytes, uint32_t room, uint32_t depth, uint32_t count)
{
    store_le16(bytes + extent_magic_at, extent_magic);
    store_le16(bytes + extent_entry_count, (uint16_t)count);
    store_le16(bytes + extent_entry_count_max, (uint16_t)room);
    store_le16(bytes + extent_depth, (uint16_t)depth);
}

void ext_extent_init(struct ext_inode *inode)
{
    memset(inode->block_area, 0, sizeof inode->block_area);
    store_header(
        inode->block_area, (ext_block_area_bytes - extent_header_bytes) / extent_entry_bytes, 0, 0);
    inode->flags |= inode_flag_extents;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static void path_release(struct path *path)
{
    for (uint32_t index = 0; index <= path->depth; index++) {
        if (path->levels[index].entry != nullptr) {
            block_cache_put(&path->mount->cache, path->levels[index].entry);
        }
    }
    path->depth = 0;
}

/* Makes the bytes of a level part of the change; the root's are the caller's inode. */
static enum status level_change(const struct path *path, uint32_t index)
{
    struct block_cache_entry *entry = path->levels[index].entry;
    return entry == nullptr ? STATUS_OK : ext_change_block(path->mount, entry);
}

/* Pins the child that levels[path->depth] goes through, as the next level. */
static enum status descend(struct path *path, struct extent_node *node)
{
    struct ext_mount *mount = path->mount;
    const struct level *parent = &path->levels[path->depth];
    const uint8_t *entry = entry_in(parent, parent->index);
    node->upper = extent_next_logical(node, parent->index);
    node->lower = extent_logical_of(entry);
    node->block = extent_child_of(entry);
    node->depth--;
    node->room = (mount->geometry.block_bytes - extent_header_bytes) / extent_entry_bytes;
    struct block_cache_entry *child;
    enum status status = block_cache_get(&mount->cache, node->block, &child);
    if (status != STATUS_OK) {
        return status;
    }
    node->bytes = child->buffer.bytes;
    status = extent_node_check(mount, path->inode, node, child);
    if (status != STATUS_OK) {
        block_cache_put(&mount->cache, child);
        return status;
    }
    path->levels[++path->depth] = (struct level){.entry = child, .bytes = child->buffer.bytes};
    return STATUS_OK;
}

/*
 * The path to where `logical` is or would be. In the leaf `index` is the last entry at or before
 * it, or the count of entries if there is none.
 */
static enum status path_find(
    struct path *path, struct ext_mount *mount, struct ext_inode *inode, uint64_t logical)
{
    struct extent_node node = {
        .bytes = inode->block_area,
        .room = (ext_block_area_bytes - extent_header_bytes) / extent_entry_bytes,
        .depth = load_le16(inode->block_area + extent_depth),
        .upper = extent_logical_limit,
    };
    *path = (struct path){.mount = mount, .inode = inode};
    path->levels[0].bytes = inode->block_area;
    if (node.depth > extent_depth_max) {
        return ext_corrupt(mount, "extent tree depth", 0);
    }
    enum status status = extent_node_check(mount, inode, &node, nullptr);
    while (status == STATUS_OK) {
        struct level *level = &path->levels[path->depth];
        level->index = extent_search(level->bytes, logical);
        if (node.depth == 0) {
            return STATUS_OK;
        }
        level->index = level->index == count_in(level) ? 0 : level->index;
        status = descend(path, &node);
    }
    path_release(path);
    return status;
}

/* A node's key in its parent is where its first entry begins; levels[from] may have a new one. */
static enum status fix_keys(const struct path *path, uint32_t from)
{
    for (uint32_t index = from; index > 0; index--) {
        const struct level *parent = &path->levels[index - 1];
        uint8_t *entry = entry_in(parent, parent->index);
        uint32_t logical = extent_logical_of(entry_in(&path->levels[index], 0));
        if (extent_logical_of(entry) == logical) {
            return STATUS_OK;
        }
        enum status status = level_change(path, index - 1);
        if (status != STATUS_OK) {
            return status;
        }
        store_le32(entry + extent_logical, logical);
    }
    return STATUS_OK;
}

/* ---- Growing --------------------------------------------------------------------------------- */

/* A block for a node, near to where the file's data go. */
static enum status new_node(
    const struct path *path, uint64_t goal, uint32_t depth, struct block_cache_entry **entry_out)
{
    struct ext_mount *mount = path->mount;
    uint64_t block;
    uint32_t count;
    enum status status = ext_allocate_blocks(mount,
        (struct ext_allocation){.goal = {.block = goal}, .block_count = 1, .metadata = true},
        &block, &count);
    if (status == STATUS_OK) {
        status = ext_change_fresh(mount, block, ext_mark(EXT_MARK_EXTENT_NODE, path->inode),
            path->inode->checksum_seed, entry_out);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t block_bytes = mount->geometry.block_bytes;
    store_header((*entry_out)->buffer.bytes,
        (block_bytes - extent_header_bytes) / extent_entry_bytes, depth, 0);
    path->inode->sector_count += (uint64_t)count << (mount->geometry.block_shift - 9);
    return STATUS_OK;
}

/* All of the root moves into a node of its own, the only child of the root. */
static enum status grow_root(const struct path *path, uint64_t goal)
{
    uint8_t *root = path->levels[0].bytes;
    uint32_t depth = path->depth;
    if (depth == extent_depth_max) {
        return STATUS_TOO_LARGE;
    }
    struct block_cache_entry *entry;
    enum status status = new_node(path, goal, depth, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    struct level child = {.entry = entry, .bytes = entry->buffer.bytes};
    uint32_t count = count_in(&path->levels[0]);
    memcpy(entry_in(&child, 0), entry_in(&path->levels[0], 0), (size_t)count * extent_entry_bytes);
    store_le16(child.bytes + extent_entry_count, (uint16_t)count);
    uint32_t logical = extent_logical_of(entry_in(&child, 0));
    memset(entry_in(&path->levels[0], 0), 0, (size_t)count * extent_entry_bytes);
    store_header(root, load_le16(root + extent_entry_count_max), depth + 1, 1);
    store_child(entry_in(&path->levels[0], 0), logical, entry->block);
    block_cache_put(&path->mount->cache, entry);
    return STATUS_OK;
}

/* The upper part of a full node moves into a new one; only the last entry if it is an append. */
static enum status split(const struct path *path, uint32_t index, uint64_t goal)
{
    const struct level *node = &path->levels[index];
    const struct level *parent = &path->levels[index - 1];
    uint32_t count = count_in(node);
    if (count < 2) {
        return ext_corrupt(path->mount, "extent node capacity", node->entry->block);
    }
    bool append = node->index + 1 == count;
    uint32_t kept = append ? count - 1 : count / 2;
    struct block_cache_entry *entry;
    enum status status = level_change(path, index);
    if (status == STATUS_OK) {
        status = level_change(path, index - 1);
    }
    if (status == STATUS_OK) {
        status = new_node(path, goal, load_le16(node->bytes + extent_depth), &entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct level sibling = {.entry = entry, .bytes = entry->buffer.bytes};
    size_t moved_bytes = (size_t)(count - kept) * extent_entry_bytes;
    memcpy(entry_in(&sibling, 0), entry_in(node, kept), moved_bytes);
    memset(entry_in(node, kept), 0, moved_bytes);
    store_le16(sibling.bytes + extent_entry_count, (uint16_t)(count - kept));
    store_le16(node->bytes + extent_entry_count, (uint16_t)kept);
    uint32_t logical = extent_logical_of(entry_in(&sibling, 0));
    store_child(open_gap(parent, parent->index + 1), logical, entry->block);
    block_cache_put(&path->mount->cache, entry);
    return STATUS_OK;
}

/* One step towards room in the leaf of the path. */
static enum status make_room(const struct path *path, uint64_t goal)
{
    for (uint32_t index = path->depth; index > 0; index--) {
        if (!is_full(&path->levels[index - 1])) {
            return split(path, index, goal);
        }
    }
    return grow_root(path, goal);
}

/* ---- Inserting ------------------------------------------------------------------------------- */

/* Whether `second` goes on where `first` ends, in the file and on the medium, as one entry. */
static bool mergeable(const struct ext_run *first, const struct ext_run *second)
{
    uint64_t limit =
        first->kind == EXT_RUN_UNWRITTEN ? unwritten_length_max : extent_length_written_max;
    return first->kind == second->kind &&
           first->logical_block + first->block_count == second->logical_block &&
           first->physical_block + first->block_count == second->physical_block &&
           first->block_count + second->block_count <= limit;
}

/* Joins the leaf's entries `index` and the next, if they are one run. */
static void merge_with_next(const struct level *leaf, uint32_t index)
{
    if (index + 1 >= count_in(leaf)) {
        return;
    }
    struct ext_run first = extent_run_of(entry_in(leaf, index));
    struct ext_run second = extent_run_of(entry_in(leaf, index + 1));
    if (mergeable(&first, &second)) {
        first.block_count += second.block_count;
        store_run(entry_in(leaf, index), &first);
        close_gap(leaf, index + 1);
    }
}

/* Adds `run` to the neighbour that it continues; false if there is none. */
static bool merge_into_leaf(const struct level *leaf, const struct ext_run *run)
{
    uint32_t count = count_in(leaf);
    if (leaf->index < count) {
        struct ext_run before = extent_run_of(entry_in(leaf, leaf->index));
        if (mergeable(&before, run)) {
            before.block_count += run->block_count;
            store_run(entry_in(leaf, leaf->index), &before);
            merge_with_next(leaf, leaf->index);
            return true;
        }
    }
    uint32_t next = leaf->index == count ? 0 : leaf->index + 1;
    if (next < count) {
        struct ext_run after = extent_run_of(entry_in(leaf, next));
        if (mergeable(run, &after)) {
            struct ext_run merged = *run;
            merged.block_count += after.block_count;
            store_run(entry_in(leaf, next), &merged);
            return true;
        }
    }
    return false;
}

/* Puts `run` into the leaf of the path if that is possible without a new node. */
static enum status insert_at_leaf(
    const struct path *path, const struct ext_run *run, bool *done_out)
{
    const struct level *leaf = &path->levels[path->depth];
    enum status status = level_change(path, path->depth);
    *done_out = false;
    if (status != STATUS_OK) {
        return status;
    }
    if (merge_into_leaf(leaf, run)) {
        *done_out = true;
    } else if (!is_full(leaf)) {
        uint32_t index = leaf->index == count_in(leaf) ? 0 : leaf->index + 1;
        store_run(open_gap(leaf, index), run);
        *done_out = true;
    }
    return *done_out ? fix_keys(path, path->depth) : STATUS_OK;
}

enum status ext_extent_insert(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_run *run)
{
    bool done = false;
    enum status status = STATUS_OK;
    while (!done && status == STATUS_OK) {
        struct path path;
        status = path_find(&path, mount, inode, run->logical_block);
        if (status != STATUS_OK) {
            return status;
        }
        status = insert_at_leaf(&path, run, &done);
        if (status == STATUS_OK && !done) {
            status = make_room(&path, run->physical_block);
        }
        path_release(&path);
    }
    return status;
}

/* ---- Removing -------------------------------------------------------------------------------- */

/* What a node adds to the count of an inode: its whole cluster. */
static uint64_t node_sectors(const struct ext_mount *mount)
{
    return (uint64_t)1 << (mount->geometry.block_shift + mount->geometry.cluster_shift - 9);
}

/* Removes the entry at the end of the path; nodes that are empty then are freed. */
static enum status remove_entry(struct path *path)
{
    struct ext_mount *mount = path->mount;
    for (uint32_t index = path->depth;; index--) {
        const struct level *level = &path->levels[index];
        enum status status = level_change(path, index);
        if (status != STATUS_OK) {
            return status;
        }
        close_gap(level, level->index);
        if (count_in(level) > 0) {
            return fix_keys(path, index);
        }
        if (index == 0) {
            store_le16(level->bytes + extent_depth, 0);
            return STATUS_OK;
        }
        status = ext_free_blocks(mount, level->entry->block, 1, true);
        if (status != STATUS_OK) {
            return status;
        }
        path->inode->sector_count -= node_sectors(mount);
    }
}

/* The only child of the root, if it fits, moves into the root. */
static enum status lift_child(struct path *path, bool *lifted_out)
{
    const struct level *root = &path->levels[0];
    const struct level *child = &path->levels[1];
    uint32_t count = count_in(child);
    uint8_t *bytes = root->bytes;
    uint32_t room = load_le16(bytes + extent_entry_count_max);
    *lifted_out = count_in(root) == 1 && count <= room;
    if (!*lifted_out) {
        return STATUS_OK;
    }
    memcpy(entry_in(root, 0), entry_in(child, 0), (size_t)count * extent_entry_bytes);
    store_header(bytes, room, load_le16(bytes + extent_depth) - 1U, count);
    path->inode->sector_count -= node_sectors(path->mount);
    return ext_free_blocks(path->mount, child->entry->block, 1, true);
}

/* Makes the tree as low as it can be by what its root says. */
static enum status lower_tree(struct ext_mount *mount, struct ext_inode *inode)
{
    bool lifted = true;
    enum status status = STATUS_OK;
    while (lifted && status == STATUS_OK && load_le16(inode->block_area + extent_depth) > 0) {
        struct path path;
        status = path_find(&path, mount, inode, 0);
        if (status != STATUS_OK) {
            return status;
        }
        status = lift_child(&path, &lifted);
        path_release(&path);
    }
    return status;
}

/* The entry at the end of the path becomes `run`, which is a part of it. */
static enum status replace_entry(const struct path *path, const struct ext_run *run)
{
    enum status status = level_change(path, path->depth);
    if (status == STATUS_OK) {
        const struct level *leaf = &path->levels[path->depth];
        store_run(entry_in(leaf, leaf->index), run);
        status = fix_keys(path, path->depth);
    }
    return status;
}

/* The part of `run` from `skipped` blocks on. */
static struct ext_run part_from(struct ext_run run, uint64_t skipped)
{
    run.logical_block += skipped;
    run.physical_block += skipped;
    run.block_count -= skipped;
    return run;
}

enum status ext_extent_last_before(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t end, struct ext_run *run_out)
{
    *run_out = (struct ext_run){};
    if (end == 0) {
        return STATUS_OK;
    }
    struct path path;
    enum status status = path_find(&path, mount, inode, end - 1);
    if (status != STATUS_OK) {
        return status;
    }
    const struct level *leaf = &path.levels[path.depth];
    if (leaf->index < count_in(leaf)) {
        *run_out = extent_run_of(entry_in(leaf, leaf->index));
    }
    path_release(&path);
    return STATUS_OK;
}

enum status ext_extent_cut(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t block_count)
{
    struct path path;
    enum status status = path_find(&path, mount, inode, first);
    if (status != STATUS_OK) {
        return status;
    }
    const struct level *leaf = &path.levels[path.depth];
    struct ext_run whole = extent_run_of(entry_in(leaf, leaf->index));
    uint64_t before = first - whole.logical_block;
    uint64_t after = whole.block_count - before - block_count;
    struct ext_run head = whole;
    head.block_count = before;
    struct ext_run tail = part_from(whole, before + block_count);
    if (before > 0) {
        status = replace_entry(&path, &head);
    } else if (after > 0) {
        status = replace_entry(&path, &tail);
    } else {
        status = remove_entry(&path);
    }
    path_release(&path);
    if (status == STATUS_OK && before > 0 && after > 0) {
        return ext_extent_insert(mount, inode, &tail);
    }
    return status == STATUS_OK ? lower_tree(mount, inode) : status;
}

/* All of one entry is written now: no entry goes, so no node can become empty. */
static enum status mark_whole_written(struct path *path, struct ext_run run)
{
    run.kind = EXT_RUN_DATA;
    enum status status = replace_entry(path, &run);
    if (status != STATUS_OK) {
        return status;
    }
    const struct level *leaf = &path->levels[path->depth];
    merge_with_next(leaf, leaf->index);
    if (leaf->index > 0) {
        merge_with_next(leaf, leaf->index - 1);
    }
    return STATUS_OK;
}

enum status ext_extent_mark_written(
    struct ext_mount *mount, struct ext_inode *inode, uint64_t first, uint64_t block_count)
{
    struct path path;
    enum status status = path_find(&path, mount, inode, first);
    if (status != STATUS_OK) {
        return status;
    }
    const struct level *leaf = &path.levels[path.depth];
    struct ext_run whole = extent_run_of(entry_in(leaf, leaf->index));
    if (first == whole.logical_block && block_count == whole.block_count) {
        status = mark_whole_written(&path, whole);
        path_release(&path);
        return status;
    }
    path_release(&path);
    struct ext_run written = part_from(whole, first - whole.logical_block);
    written.block_count = block_count;
    written.kind = EXT_RUN_DATA;
    status = ext_extent_cut(mount, inode, first, block_count);
    return status == STATUS_OK ? ext_extent_insert(mount, inode, &written) : status;
}
