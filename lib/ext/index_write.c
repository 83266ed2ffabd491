/* SPDX-License-Identifier: ISC */
/*
 * Growth of hash trees, [ext4 Hash Tree Directories]. A full block of entries is split by hash, and
 * the upper half moves to a new block at the end of the directory; blocks of the index above split
 * before that if they are full; a full root hands its children to a new block below it. Nothing
 * ever merges.
 */
#include "directory.h"

/* ---- Children of a block of the index -------------------------------------------------------- */

static uint32_t limit_of(const struct ext_index_level *level)
{
    return load_le16(level->children);
}

static void set_count(struct ext_index_level *level, uint32_t count)
{
    level->count = count;
    store_le16(level->children + 2, (uint16_t)count);
}

static void set_child(struct ext_index_level *level, uint32_t at, uint64_t logical_block)
{
    store_le32(level->children + (size_t)at * index_entry_bytes + 4, (uint32_t)logical_block);
}

/* Behind the chosen child; there is room. */
static void insert_child(struct ext_index_level *level, uint32_t hash, uint64_t logical_block)
{
    uint32_t at = level->at + 1;
    uint8_t *place = level->children + (size_t)at * index_entry_bytes;
    memmove(place + index_entry_bytes, place, (size_t)(level->count - at) * index_entry_bytes);
    store_le32(place, hash);
    set_child(level, at, logical_block);
    set_count(level, level->count + 1);
}

/* Moves children [from, count) to a new block, which is zero and stays pinned. */
static void move_children(struct ext_mount *mount, struct ext_index_level *level, uint32_t from,
    struct block_cache_entry *entry, struct ext_index_level *moved_out)
{
    uint8_t *bytes = entry->buffer.bytes;
    store_le16(bytes + entry_record_bytes, (uint16_t)mount->geometry.block_bytes);
    struct ext_index_level moved = {.entry = entry, .children = bytes + index_node_entries};
    memcpy(moved.children, level->children + (size_t)from * index_entry_bytes,
        (size_t)(level->count - from) * index_entry_bytes);
    store_le16(moved.children, (uint16_t)ext_index_room(mount, index_node_entries));
    set_count(&moved, level->count - from);
    *moved_out = moved;
}

/* ---- Room in the index ----------------------------------------------------------------------- */

/* The root's children move to a new block, the only child of the root. */
static enum status add_level(
    struct ext_mount *mount, struct ext_file *directory, struct ext_index_path *path)
{
    uint32_t level_max = ext_has(mount, EXT_INCOMPAT, incompat_large_directory)
                             ? ext_index_level_max
                             : ext_index_level_max - 1;
    if (path->level_count >= level_max) {
        return STATUS_NO_SPACE;
    }
    struct ext_index_level *root = &path->levels[0];
    uint64_t logical_block;
    struct block_cache_entry *entry;
    enum status status = ext_change_block(mount, root->entry);
    if (status == STATUS_OK) {
        status = ext_directory_append(
            mount, directory, EXT_MARK_DIRECTORY_INDEX, &logical_block, &entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    memmove(&path->levels[2], &path->levels[1],
        (size_t)(path->level_count - 1) * sizeof path->levels[0]);
    move_children(mount, root, 0, entry, &path->levels[1]);
    path->levels[1].at = root->at;
    path->level_count++;
    set_count(root, 1);
    set_child(root, 0, logical_block);
    root->at = 0;
    ((uint8_t *)root->entry->buffer.bytes)[index_root_level_count]++;
    return STATUS_OK;
}

/* The upper half of a block moves to a new one; the block above has room for that. */
static enum status split_level(struct ext_mount *mount, struct ext_file *directory,
    struct ext_index_path *path, uint32_t number)
{
    struct ext_index_level *level = &path->levels[number];
    struct ext_index_level *above = level - 1;
    uint64_t logical_block;
    struct block_cache_entry *entry;
    enum status status = ext_change_block(mount, level->entry);
    if (status == STATUS_OK) {
        status = ext_change_block(mount, above->entry);
    }
    if (status == STATUS_OK) {
        status = ext_directory_append(
            mount, directory, EXT_MARK_DIRECTORY_INDEX, &logical_block, &entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct ext_index_level moved;
    uint32_t half = level->count / 2;
    uint32_t hash = ext_index_hash(level->children, half);
    move_children(mount, level, half, entry, &moved);
    set_count(level, half);
    insert_child(above, hash, logical_block);
    if (level->at >= half) {
        moved.at = level->at - half;
        above->at++;
        block_cache_put(&mount->cache, level->entry);
        *level = moved;
    } else {
        block_cache_put(&mount->cache, entry);
    }
    return STATUS_OK;
}

/* The lowest block of the path has room for one more child afterwards. */
static enum status make_room(
    struct ext_mount *mount, struct ext_file *directory, struct ext_index_path *path)
{
    uint32_t first = path->level_count;
    while (first > 0 && path->levels[first - 1].count >= limit_of(&path->levels[first - 1])) {
        first--;
    }
    if (first == 0) {
        /* The new block has room at once, since a root holds less than other blocks. */
        enum status status = add_level(mount, directory, path);
        if (status != STATUS_OK) {
            return status;
        }
        first = 2;
    }
    enum status status = STATUS_OK;
    while (first < path->level_count && status == STATUS_OK) {
        status = split_level(mount, directory, path, first);
        first++;
    }
    if (status != STATUS_OK) {
        return status;
    }
    return ext_change_block(mount, path->levels[path->level_count - 1].entry);
}

/* ---- Splitting a block of entries ------------------------------------------------------------ */

/*
 * The entries of a block by hash: 8 bytes each in memory of the block that half of them move to,
 * from above: hash, place, size. So they are in order when they are in order as numbers.
 */
constexpr uint32_t order_place_shift = 16;
constexpr uint32_t order_hash_shift = 32;

struct leaf_split {
    struct ext_index_path *path;
    struct ext_entry_area area;
    uint8_t *order;
    uint32_t count;
    uint32_t total_bytes;
    uint32_t first_moved;                       /* in the order */
    uint8_t moved[ext_block_bytes_max / 4 / 8]; /* a bit for each place where a record can be */
};

static uint64_t order_at(const struct leaf_split *split, uint32_t index)
{
    return load_le64(split->order + (size_t)index * sizeof(uint64_t));
}

static void order_insert(struct leaf_split *split, uint64_t value)
{
    uint32_t low = 0;
    uint32_t high = split->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (order_at(split, middle) < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint8_t *place = split->order + (size_t)low * sizeof value;
    memmove(place + sizeof value, place, (size_t)(split->count - low) * sizeof value);
    store_le64(place, value);
    split->count++;
}

static enum status order_entries(
    struct ext_mount *mount, const struct ext_inode *directory, struct leaf_split *split)
{
    struct ext_record record;
    for (uint32_t at = 0; at < split->area.size_bytes; at += record.record_bytes) {
        if (!ext_record_parse(mount, &split->area, at, &record)) {
            return ext_corrupt(mount, "directory entry size", 0);
        }
        if (record.inode_number == 0) {
            continue;
        }
        struct ext_hash hash;
        enum status status =
            ext_record_hash(mount, directory, split->path->hash_version, &record, &hash);
        if (status != STATUS_OK) {
            return status;
        }
        uint32_t used = ext_record_bytes(&split->area, record.name_bytes);
        split->total_bytes += used;
        order_insert(split,
            (uint64_t)hash.major << order_hash_shift | (uint64_t)at << order_place_shift | used);
    }
    return STATUS_OK;
}

/* Entries with the greatest hashes move, up to half of the bytes, and at least one stays. */
static void choose_moved(struct leaf_split *split)
{
    uint32_t moved_bytes = 0;
    uint32_t index = split->count;
    while (index > 1) {
        uint32_t used = (uint16_t)order_at(split, index - 1);
        if (index < split->count && moved_bytes + used / 2 > split->total_bytes / 2) {
            break;
        }
        index--;
        moved_bytes += used;
        uint32_t place = (uint16_t)(order_at(split, index) >> order_place_shift) / 4;
        split->moved[place / 8] |= (uint8_t)(1U << place % 8);
    }
    split->first_moved = index;
}

/* The hash from which on names are in the new block. */
static uint32_t hash_of_moved(const struct leaf_split *split)
{
    uint32_t hash = (uint32_t)(order_at(split, split->first_moved) >> order_hash_shift);
    uint32_t before = (uint32_t)(order_at(split, split->first_moved - 1) >> order_hash_shift);
    return hash == before ? hash | ext_hash_continued : hash;
}

/* Records that were or were not moved, closely packed; `target` may be the same bytes. */
static void pack(const struct ext_mount *mount, const struct leaf_split *split, bool moved,
    const struct ext_entry_area *target)
{
    uint32_t last = 0;
    uint32_t end = 0;
    struct ext_record record;
    for (uint32_t at = 0; at < split->area.size_bytes; at += record.record_bytes) {
        if (!ext_record_parse(mount, &split->area, at, &record)) {
            return; /* Impossible: it was possible when they were brought in order. */
        }
        bool chosen = (split->moved[at / 4 / 8] >> at / 4 % 8 & 1) != 0;
        if (record.inode_number == 0 || chosen != moved) {
            continue;
        }
        uint32_t used = ext_record_bytes(&split->area, record.name_bytes);
        memmove(target->bytes + end, split->area.bytes + at, used);
        store_le16(target->bytes + end + entry_record_bytes, (uint16_t)used);
        last = end;
        end += used;
    }
    store_le16(target->bytes + last + entry_record_bytes, (uint16_t)(target->size_bytes - last));
}

/* Records that stay do so in their places, for the sake of cursors that are inside of the block. */
static void take_moved_out(const struct ext_mount *mount, const struct leaf_split *split)
{
    uint8_t *bytes = split->area.bytes;
    uint32_t last = 0;
    uint32_t last_bytes = 0;
    struct ext_record record;
    for (uint32_t at = 0; at < split->area.size_bytes; at += record.record_bytes) {
        if (!ext_record_parse(mount, &split->area, at, &record)) {
            return; /* Impossible: it was possible when they were brought in order. */
        }
        bool moved = (split->moved[at / 4 / 8] >> at / 4 % 8 & 1) != 0;
        if (moved) {
            store_le32(bytes + at + entry_inode, 0);
        }
        if (at == 0 || (record.inode_number != 0 && !moved)) {
            last = at;
            last_bytes = 0;
        }
        last_bytes += record.record_bytes;
        store_le16(bytes + last + entry_record_bytes, (uint16_t)last_bytes);
    }
}

/* `entry` is added to the half where its hash belongs. */
static void spread(struct ext_mount *mount, struct leaf_split *split,
    struct block_cache_entry *new_block, const struct ext_new_entry *entry)
{
    uint32_t hash = hash_of_moved(split) & ~ext_hash_continued;
    ext_block_clear(mount, new_block);
    struct ext_entry_area upper = split->area;
    upper.bytes = new_block->buffer.bytes;
    pack(mount, split, true, &upper);
    take_moved_out(mount, split);
    if (split->path->hash >= hash) {
        ext_area_add(mount, &upper, entry);
        return;
    }
    if (!ext_area_has_room(mount, &split->area, entry->stored.size_bytes)) {
        pack(mount, split, false, &split->area);
    }
    ext_area_add(mount, &split->area, entry);
}

/* Splits the leaf that the path leads to, which is pinned and full. */
static enum status split_leaf(struct ext_mount *mount, struct ext_file *directory,
    struct ext_index_path *path, struct block_cache_entry *leaf, const struct ext_new_entry *entry)
{
    uint64_t logical_block;
    struct block_cache_entry *new_block;
    enum status status = make_room(mount, directory, path);
    if (status == STATUS_OK) {
        status = ext_change_block(mount, leaf);
    }
    if (status == STATUS_OK) {
        status = ext_directory_append(
            mount, directory, EXT_MARK_DIRECTORY_LATER, &logical_block, &new_block);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct leaf_split split = {
        .path = path,
        .area = ext_block_area(mount, &directory->inode, leaf),
        .order = new_block->buffer.bytes,
    };
    status = order_entries(mount, &directory->inode, &split);
    if (status == STATUS_OK && split.count < 2) {
        status = ext_corrupt(mount, "directory entry size", leaf->block);
    }
    if (status == STATUS_OK) {
        choose_moved(&split);
        insert_child(&path->levels[path->level_count - 1], hash_of_moved(&split), logical_block);
        spread(mount, &split, new_block, entry);
    }
    block_cache_put(&mount->cache, new_block);
    return status;
}

/* ---- Adding ---------------------------------------------------------------------------------- */

enum status ext_index_add(
    struct ext_mount *mount, struct ext_file *directory, const struct ext_new_entry *entry)
{
    struct ext_index_path path;
    enum status status = ext_index_descend(mount, directory, entry->name, &path);
    if (status != STATUS_OK) {
        return status;
    }
    struct block_cache_entry *leaf;
    status = ext_index_pin_leaf(mount, directory, ext_index_leaf(&path), &leaf);
    if (status == STATUS_OK) {
        bool added;
        status = ext_block_add(mount, &directory->inode, leaf, entry, &added);
        if (status == STATUS_OK && !added) {
            status = split_leaf(mount, directory, &path, leaf, entry);
        }
        block_cache_put(&mount->cache, leaf);
    }
    ext_index_release(mount, &path);
    return status;
}

/* ---- Creation -------------------------------------------------------------------------------- */

/* All records but "." and ".." move to the leaf, one after the other. */
static void move_entries(struct ext_mount *mount, const struct ext_inode *directory,
    struct block_cache_entry *root, struct block_cache_entry *leaf)
{
    ext_block_clear(mount, leaf);
    struct ext_entry_area source = ext_block_area(mount, directory, root);
    struct ext_entry_area target = ext_block_area(mount, directory, leaf);
    struct ext_record record;
    uint32_t place = 0;
    for (uint32_t at = 0; at < source.size_bytes; at += record.record_bytes) {
        if (!ext_record_parse(mount, &source, at, &record)) {
            return; /* Impossible: the block is verified. */
        }
        if (record.inode_number != 0 && place >= 2) {
            ext_area_add_record(mount, &target, &record);
        }
        place++;
    }
}

static void write_root(struct ext_mount *mount, const struct ext_inode *inode,
    struct block_cache_entry *root, uint64_t leaf_block)
{
    struct ext_entry_area area = {
        .bytes = root->buffer.bytes,
        .size_bytes = mount->geometry.block_bytes,
    };
    uint8_t *bytes = area.bytes;
    uint32_t parent = load_le32(bytes + load_le16(bytes + entry_record_bytes) + entry_inode);
    memset(bytes, 0, area.size_bytes);
    ext_dots_write(mount, &area, inode, parent);
    bytes[index_root_hash_version] =
        ext_record_hash_bytes(inode) != 0 ? EXT_HASH_SIPHASH : mount->geometry.hash_version;
    bytes[index_root_info_bytes] = (uint8_t)index_root_info_bytes_wanted;
    struct ext_index_level level = {.entry = root, .children = bytes + index_root_entries};
    store_le16(level.children, (uint16_t)ext_index_room(mount, index_root_entries));
    set_count(&level, 1);
    set_child(&level, 0, leaf_block);
}

enum status ext_index_create(struct ext_mount *mount, struct ext_file *directory)
{
    if (mount->geometry.hash_version >= EXT_HASH_LEGACY_UNSIGNED) {
        return ext_corrupt(mount, "default hash version", 0);
    }
    struct block_cache_entry *root;
    enum status status = ext_directory_pin(mount, directory, 0, &root);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t logical_block;
    struct block_cache_entry *leaf;
    status = ext_change_block(mount, root);
    if (status == STATUS_OK) {
        status =
            ext_directory_append(mount, directory, EXT_MARK_DIRECTORY_LATER, &logical_block, &leaf);
    }
    if (status == STATUS_OK) {
        move_entries(mount, &directory->inode, root, leaf);
        write_root(mount, &directory->inode, root, logical_block);
        directory->inode.flags |= inode_flag_indexed;
        block_cache_put(&mount->cache, leaf);
    }
    block_cache_put(&mount->cache, root);
    return status;
}
