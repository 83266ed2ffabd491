/* SPDX-License-Identifier: ISC */
/*
 * The hash tree of one directory, whole: every name is in a block whose hashes it has, and every
 * block of the directory is in the tree once.
 */
#include "check.h"

/* The hashes that a block may hold: up to `last`, which is its own if it goes on in the next. */
struct range {
    uint32_t first;
    uint32_t last;
};

struct tree {
    struct ext_check *check;
    struct ext_file *directory;
    uint32_t hash_version;
    uint32_t level_count;
    uint32_t block_count; /* seen; their numbers are in check->sorted */
    bool bad;
};

static void find(struct tree *tree, const char *what, uint64_t block)
{
    tree->bad = true;
    ext_check_find_inode(tree->check, what, tree->directory->inode.number, block);
}

static void note(struct tree *tree, enum status status)
{
    tree->bad = tree->bad || status != STATUS_OK;
    ext_check_note(tree->check, status, tree->directory->inode.number);
}

static void check_leaf(struct tree *tree, uint64_t logical_block, struct range range)
{
    struct ext_mount *mount = &tree->check->mount;
    struct block_cache_entry *entry;
    enum status status = ext_index_pin_leaf(mount, tree->directory, logical_block, &entry);
    if (status != STATUS_OK) {
        note(tree, status);
        return;
    }
    struct ext_entry_area area = ext_block_area(mount, &tree->directory->inode, entry);
    struct ext_record record;
    bool outside = false;
    for (uint32_t at = 0; ext_record_parse(mount, &area, at, &record); at += record.record_bytes) {
        struct ext_hash hash = {};
        if (record.inode_number == 0 || status != STATUS_OK) {
            continue;
        }
        status =
            ext_record_hash(mount, &tree->directory->inode, tree->hash_version, &record, &hash);
        outside = outside ||
                  (status == STATUS_OK && (hash.major < range.first || hash.major > range.last));
    }
    if (outside) {
        find(tree, "name in a block for other hashes", entry->block);
    }
    ext_check_put(tree->check, entry);
}

static void check_children(
    struct tree *tree, const uint8_t *children, uint32_t level, struct range range);

static void check_child(struct tree *tree, uint32_t child, uint32_t level, struct range range)
{
    struct ext_mount *mount = &tree->check->mount;
    if (tree->block_count == tree->check->sorted_count_max || tree->bad) {
        tree->bad = true;
        return;
    }
    tree->check->sorted[tree->block_count++] = child;
    if (level == tree->level_count) {
        check_leaf(tree, child, range);
        return;
    }
    struct block_cache_entry *entry;
    enum status status = ext_index_pin_node(mount, tree->directory, child, &entry);
    if (status != STATUS_OK) {
        note(tree, status);
        return;
    }
    const uint8_t *bytes = entry->buffer.bytes;
    check_children(tree, bytes + index_node_entries, level + 1, range);
    ext_check_put(tree->check, entry);
}

/* As deep as ext_index_level_max. The array was verified. */
static void check_children(
    struct tree *tree, const uint8_t *children, uint32_t level, struct range range)
{
    uint32_t count = load_le16(children + 2);
    for (uint32_t at = 0; at < count; at++) {
        struct range own = range;
        if (at > 0) {
            own.first = ext_index_hash(children, at) & ~ext_hash_continued;
        }
        if (at + 1 < count) {
            uint32_t next = ext_index_hash(children, at + 1);
            bool continued = (next & ext_hash_continued) != 0;
            own.last = continued ? next - 1 : next - 2;
        }
        if (own.first < range.first || own.last > range.last) {
            find(tree, "hash tree order", 0);
            return;
        }
        check_child(tree, ext_index_child(children, at), level, own);
    }
}

/* The root is block 0, so n other blocks are those from 1 to n. */
static void check_blocks(struct tree *tree)
{
    uint64_t wanted =
        (tree->directory->inode.size_bytes >> tree->check->mount.geometry.block_shift) - 1;
    uint64_t *blocks = tree->check->sorted;
    ext_check_sort(blocks, tree->block_count);
    bool right = tree->block_count == wanted;
    for (uint32_t index = 0; index < tree->block_count && right; index++) {
        right = blocks[index] == index + 1;
    }
    if (!right) {
        find(tree, "block of a directory is not in its hash tree, or twice", 0);
    }
}

void ext_check_index(struct ext_check *check, struct ext_file *directory)
{
    struct tree tree = {.check = check, .directory = directory};
    struct block_cache_entry *entry;
    if (!ext_is_indexed(&check->mount, &directory->inode) ||
        ext_directory_pin(&check->mount, directory, 0, &entry) != STATUS_OK) {
        return;
    }
    const uint8_t *bytes = entry->buffer.bytes;
    tree.hash_version = bytes[index_root_hash_version];
    tree.level_count = bytes[index_root_level_count] + 1U;
    check_children(&tree, bytes + index_root_entries, 1, (struct range){.last = UINT32_MAX});
    ext_check_put(check, entry);
    if (!tree.bad) {
        check_blocks(&tree);
    }
}
