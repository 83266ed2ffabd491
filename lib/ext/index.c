/* SPDX-License-Identifier: ISC */
/*
 * Hash trees, [ext4 Hash Tree Directories]: the way from a hash to the block of entries where a
 * name with it belongs. A child holds the hashes from its own up to the next child's; a hash that
 * fills more than one block goes on in the next one, whose lowest bit says so.
 */
#include "directory.h"

/* A pinned block of the index; its array is checked again, since bounds always are. */
static enum status open_level(struct ext_mount *mount, struct block_cache_entry *entry, bool root,
    struct ext_index_level *level_out)
{
    size_t at = root ? index_root_entries : index_node_entries;
    uint8_t *children = (uint8_t *)entry->buffer.bytes + at;
    uint32_t count = load_le16(children + 2);
    if (count == 0 || count > ext_index_room(mount, at)) {
        enum status status = ext_corrupt(mount, "hash tree entry count", entry->block);
        block_cache_put(&mount->cache, entry);
        return status;
    }
    *level_out = (struct ext_index_level){.entry = entry, .children = children, .count = count};
    return STATUS_OK;
}

/* The last child whose hash is not greater. */
static uint32_t choose_child(const struct ext_index_level *level, uint32_t hash)
{
    uint32_t low = 0;
    uint32_t high = level->count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (ext_index_hash(level->children, middle) <= hash) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum status open_node(struct ext_mount *mount, struct ext_file *directory,
    const struct ext_index_level *above, struct ext_index_level *level_out)
{
    struct block_cache_entry *entry;
    uint32_t child = ext_index_child(above->children, above->at);
    enum status status = ext_index_pin_node(mount, directory, child, &entry);
    return status == STATUS_OK ? open_level(mount, entry, false, level_out) : status;
}

static enum status open_root(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, struct ext_index_path *path)
{
    struct block_cache_entry *entry;
    enum status status = ext_directory_pin(mount, directory, 0, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *bytes = entry->buffer.bytes;
    path->hash_version = bytes[index_root_hash_version];
    uint32_t level_count = bytes[index_root_level_count] + 1U;
    struct ext_hash hash;
    status = ext_name_hash(mount, &directory->inode, path->hash_version, name, &hash);
    if (status == STATUS_OK && level_count > ext_index_level_max) {
        status = ext_corrupt(mount, "hash tree depth", entry->block);
    }
    if (status != STATUS_OK) {
        block_cache_put(&mount->cache, entry);
        return status;
    }
    path->hash = hash.major;
    path->level_count = level_count;
    return open_level(mount, entry, true, &path->levels[0]);
}

static void release_levels(
    struct ext_mount *mount, const struct ext_index_path *path, uint32_t level_count)
{
    for (uint32_t level = 0; level < level_count; level++) {
        block_cache_put(&mount->cache, path->levels[level].entry);
    }
}

enum status ext_index_descend(struct ext_mount *mount, struct ext_file *directory,
    struct ext_name name, struct ext_index_path *path_out)
{
    enum status status = open_root(mount, directory, name, path_out);
    if (status != STATUS_OK) {
        return status;
    }
    path_out->levels[0].at = choose_child(&path_out->levels[0], path_out->hash);
    for (uint32_t level = 1; level < path_out->level_count; level++) {
        struct ext_index_level *current = &path_out->levels[level];
        status = open_node(mount, directory, current - 1, current);
        if (status != STATUS_OK) {
            release_levels(mount, path_out, level);
            return status;
        }
        current->at = choose_child(current, path_out->hash);
    }
    return STATUS_OK;
}

void ext_index_release(struct ext_mount *mount, const struct ext_index_path *path)
{
    release_levels(mount, path, path->level_count);
}

uint64_t ext_index_leaf(const struct ext_index_path *path)
{
    const struct ext_index_level *last = &path->levels[path->level_count - 1];
    return ext_index_child(last->children, last->at);
}

/* Goes down to the first leaf below the child that `level` has chosen. */
static enum status descend_first(struct ext_mount *mount, struct ext_file *directory,
    struct ext_index_path *path, uint32_t level)
{
    while (level + 1 < path->level_count) {
        struct ext_index_level next;
        enum status status = open_node(mount, directory, &path->levels[level], &next);
        if (status != STATUS_OK) {
            return status;
        }
        level++;
        block_cache_put(&mount->cache, path->levels[level].entry);
        path->levels[level] = next;
    }
    return STATUS_OK;
}

enum status ext_index_next(
    struct ext_mount *mount, struct ext_file *directory, struct ext_index_path *path)
{
    uint32_t level = path->level_count;
    while (level > 0 && path->levels[level - 1].at + 1 >= path->levels[level - 1].count) {
        level--;
    }
    if (level == 0) {
        return STATUS_END;
    }
    struct ext_index_level *current = &path->levels[level - 1];
    if (ext_index_hash(current->children, current->at + 1) != (path->hash | ext_hash_continued)) {
        return STATUS_END;
    }
    current->at++;
    return descend_first(mount, directory, path, level - 1);
}
