/* SPDX-License-Identifier: ISC */
/*
 * What the files of lib/ramfs share. Nodes and pages are named by index; page indices begin with 1,
 * so that a zeroed index page maps nothing.
 */
#pragma once

#include <lib/base/base.h>
#include <lib/ramfs/ramfs.h>

constexpr uint32_t page_shift = 12;
constexpr uint32_t fan_out_shift = 10; /* of an index page: 1024 page indices of 4 bytes */
constexpr uint32_t fan_out = 1U << fan_out_shift;

static_assert(ramfs_page_bytes == 1U << page_shift);
static_assert(ramfs_page_bytes == fan_out * sizeof(uint32_t));
static_assert(
    ramfs_file_bytes_max == (uint64_t)1 << (page_shift + ramfs_level_max * fan_out_shift));

static inline struct ramfs_node *ramfs_node_at(const struct ramfs *ramfs, uint32_t index)
{
    return &ramfs->memory.nodes[index];
}

/* ---- node.c ---------------------------------------------------------------------------------- */

/* The node of a number, or nullptr. */
struct ramfs_node *ramfs_node_find(const struct ramfs *ramfs, uint64_t number);
uint32_t ramfs_node_index(const struct ramfs *ramfs, const struct ramfs_node *node);
bool ramfs_node_available(const struct ramfs *ramfs);

/* A nameless node without contents; the caller has seen that one is available. */
struct ramfs_node *ramfs_node_take(
    struct ramfs *ramfs, enum ramfs_kind kind, const struct ramfs_creation *creation);

/* Frees a node that has neither name nor holds; else does nothing. */
void ramfs_node_drop(struct ramfs *ramfs, struct ramfs_node *node);

void ramfs_touch(struct ramfs *ramfs, struct ramfs_node *node);

/* ---- page.c ---------------------------------------------------------------------------------- */

uint8_t *ramfs_page_at(const struct ramfs *ramfs, uint32_t page);

/* The page of a file that holds its bytes from index * ramfs_page_bytes on; 0 for a hole. */
uint32_t ramfs_page_find(const struct ramfs *ramfs, const struct ramfs_node *node, uint64_t index);

/* The same, made of zeros if it was a hole. NO_SPACE, with nothing changed. */
enum status ramfs_page_make(
    struct ramfs *ramfs, struct ramfs_node *node, uint64_t index, uint32_t *page_out);

/* Frees all pages that hold nothing before `first_index`. */
void ramfs_page_cut(struct ramfs *ramfs, struct ramfs_node *node, uint64_t first_index);

/* ---- name.c ---------------------------------------------------------------------------------- */

enum status ramfs_name_check(struct ramfs_name name);
bool ramfs_name_is_dots(struct ramfs_name name);

/* The child of a directory, or nullptr. */
struct ramfs_node *ramfs_child_find(
    const struct ramfs *ramfs, const struct ramfs_node *directory, struct ramfs_name name);

/* Gives a nameless node a name in a directory, as its newest child. The name is free. */
void ramfs_child_add(struct ramfs *ramfs, struct ramfs_node *directory, struct ramfs_node *node,
    struct ramfs_name name);

/* Takes the name of a child away; the node stays. */
void ramfs_child_remove(struct ramfs *ramfs, struct ramfs_node *node);

/* Another name in the same directory, at the same place of its list. */
void ramfs_child_rename(struct ramfs *ramfs, struct ramfs_node *node, struct ramfs_name name);
