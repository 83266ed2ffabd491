/* SPDX-License-Identifier: ISC */
/*
 * The pool of pages and the tree of pages under a file: `level_count` levels of index pages, then
 * data. With no level the root is the only page of data. A missing page is a hole.
 *
 * An index page is never empty: what would empty it frees it, up to the root.
 */
#include <string.h>

#include "internal.h"

uint8_t *ramfs_page_at(const struct ramfs *ramfs, uint32_t page)
{
    return ramfs->memory.pages + (size_t)(page - 1) * ramfs_page_bytes;
}

/* Entry `slot` of an index page. */
static uint32_t child_get(const struct ramfs *ramfs, uint32_t page, uint32_t slot)
{
    return load_le32(ramfs_page_at(ramfs, page) + 4 * (size_t)slot);
}

static void child_set(struct ramfs *ramfs, uint32_t page, uint32_t slot, uint32_t child)
{
    store_le32(ramfs_page_at(ramfs, page) + 4 * (size_t)slot, child);
}

/* A page of zeros for the node; the caller has counted that enough are free. */
static uint32_t page_take(struct ramfs *ramfs, struct ramfs_node *node)
{
    uint32_t page = ramfs->free_page;
    if (page == 0) {
        page = ++ramfs->fresh_page;
    } else {
        ramfs->free_page = child_get(ramfs, page, 0);
    }
    memset(ramfs_page_at(ramfs, page), 0, ramfs_page_bytes);
    ramfs->used_page_count++;
    node->page_count++;
    return page;
}

static void page_give(struct ramfs *ramfs, struct ramfs_node *node, uint32_t page)
{
    child_set(ramfs, page, 0, ramfs->free_page);
    ramfs->free_page = page;
    ramfs->used_page_count--;
    node->page_count--;
}

/* Levels of index pages that a tree needs to reach `index`. */
static uint32_t levels_for(uint64_t index)
{
    uint32_t level_count = 0;
    while (index >> (level_count * fan_out_shift) != 0) {
        level_count++;
    }
    return level_count;
}

/* The slot that leads to `index` in an index page at `level`; level 1 leads to data. */
static uint32_t slot_at(uint64_t index, uint32_t level)
{
    return (uint32_t)(index >> ((level - 1) * fan_out_shift)) & (fan_out - 1);
}

uint32_t ramfs_page_find(const struct ramfs *ramfs, const struct ramfs_node *node, uint64_t index)
{
    if (levels_for(index) > node->level_count) {
        return 0;
    }
    uint32_t page = node->root_page;
    for (uint32_t level = node->level_count; level > 0 && page != 0; level--) {
        page = child_get(ramfs, page, slot_at(index, level));
    }
    return page;
}

/* How many pages must be taken so that `index` has one: new roots, then the way down. */
static uint32_t count_missing(
    const struct ramfs *ramfs, const struct ramfs_node *node, uint64_t index)
{
    uint32_t level_count = levels_for(index);
    if (node->root_page == 0) {
        return (level_count > node->level_count ? level_count : node->level_count) + 1;
    }
    if (level_count > node->level_count) {
        /* The old tree hangs below slot 0 of the new roots, the page at another slot. */
        return level_count - node->level_count + level_count;
    }
    uint32_t page = node->root_page;
    uint32_t level = node->level_count;
    while (level > 0) {
        page = child_get(ramfs, page, slot_at(index, level));
        if (page == 0) {
            return level;
        }
        level--;
    }
    return 0;
}

/* Puts roots above the old one until the tree reaches `index`. */
static void grow(struct ramfs *ramfs, struct ramfs_node *node, uint64_t index)
{
    uint32_t level_count = levels_for(index);
    while (node->level_count < level_count) {
        if (node->root_page != 0) {
            uint32_t root = page_take(ramfs, node);
            child_set(ramfs, root, 0, node->root_page);
            node->root_page = root;
        }
        node->level_count++;
    }
}

enum status ramfs_page_make(
    struct ramfs *ramfs, struct ramfs_node *node, uint64_t index, uint32_t *page_out)
{
    uint32_t missing_count = count_missing(ramfs, node, index);
    if (missing_count > ramfs->memory.page_count - ramfs->used_page_count) {
        return STATUS_NO_SPACE;
    }
    if (missing_count > 0) {
        grow(ramfs, node, index);
    }
    if (node->root_page == 0) {
        node->root_page = page_take(ramfs, node);
    }
    uint32_t page = node->root_page;
    for (uint32_t level = node->level_count; level > 0; level--) {
        uint32_t slot = slot_at(index, level);
        uint32_t child = child_get(ramfs, page, slot);
        if (child == 0) {
            child = page_take(ramfs, node);
            child_set(ramfs, page, slot, child);
        }
        page = child;
    }
    *page_out = page;
    return STATUS_OK;
}

/*
 * Frees what a page at `level` maps from `first` on, counted from the page's own first, and the
 * page itself if nothing remains; true if it was freed. Recursion ends with level 0, at most
 * ramfs_level_max below.
 */
static bool cut_below(
    struct ramfs *ramfs, struct ramfs_node *node, uint32_t page, uint32_t level, uint64_t first)
{
    if (level == 0) {
        if (first > 0) {
            return false;
        }
        page_give(ramfs, node, page);
        return true;
    }
    uint64_t covered = (uint64_t)1 << ((level - 1) * fan_out_shift); /* by one slot */
    bool empty = true;
    for (uint32_t slot = 0; slot < fan_out; slot++) {
        uint32_t child = child_get(ramfs, page, slot);
        uint64_t slot_first = slot * covered;
        if (child == 0) {
            continue;
        }
        bool whole = first >= slot_first + covered;
        uint64_t child_first = first > slot_first ? first - slot_first : 0;
        if (!whole && cut_below(ramfs, node, child, level - 1, child_first)) {
            child_set(ramfs, page, slot, 0);
        } else {
            empty = false;
        }
    }
    if (empty) {
        page_give(ramfs, node, page);
    }
    return empty;
}

void ramfs_page_cut(struct ramfs *ramfs, struct ramfs_node *node, uint64_t first_index)
{
    if (node->root_page != 0 &&
        cut_below(ramfs, node, node->root_page, node->level_count, first_index)) {
        node->root_page = 0;
    }
    if (node->root_page == 0) {
        node->level_count = 0;
    }
}
