/* SPDX-License-Identifier: ISC */
/*
 * Bookkeeping of memory in naturally aligned power-of-two blocks: which block to split, which
 * halves to merge. It touches no memory that it manages: whoever owns the blocks (a service that
 * holds a capability for each) carries out the splits and merges that it is told of.
 *
 * Blocks are nodes of binary trees, one tree a region, in an array of the caller. The index of a
 * node stays the same from the call that made it until the merge that removes it, so it can name
 * the capability of the block.
 *
 * Invariants:
 *   1. A node is exactly one of: unused, free, allocated, split into two nodes of the next lower
 *      order that cover it.
 *   2. The two halves of a split node are never both free (they would have been merged).
 *   3. free_bytes is the sum over the free nodes; regions never change total_bytes but by adding.
 *   4. Nodes that are free or allocated cover each region exactly once.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

/* A block of order n has 2^n bytes. */
constexpr uint32_t buddy_order_max = 47;
constexpr uint32_t buddy_order_count = buddy_order_max + 1;

/* The most splits or merges that one call can ask for. */
constexpr uint32_t buddy_step_count_max = buddy_order_max;

constexpr uint32_t buddy_no_node = UINT32_MAX;

enum buddy_state : uint8_t {
    BUDDY_UNUSED,
    BUDDY_FREE,
    BUDDY_ALLOCATED,
    BUDDY_SPLIT,
};

/* Read it freely; only this library writes. */
struct buddy_node {
    uint64_t base;      /* address of the first byte */
    uint64_t region_id; /* as given to buddy_add_region */
    uint32_t parent;    /* buddy_no_node for the root of a region */
    uint32_t lower;     /* the halves, if split */
    uint32_t upper;
    uint32_t next; /* in the list of free nodes of one order, or of unused nodes */
    uint32_t previous;
    uint8_t order;
    enum buddy_state state;
};

struct buddy {
    struct buddy_node *nodes; /* borrowed from the caller of buddy_init */
    uint32_t node_count;
    uint32_t unused_first;
    uint32_t unused_count;
    uint32_t order_min;
    uint32_t free_first[buddy_order_count];
    uint64_t total_bytes;
    uint64_t free_bytes;
};

/* One split of `parent` into its halves, or one merge of the halves back into `parent`. */
struct buddy_step {
    uint32_t parent;
    uint32_t lower;
    uint32_t upper;
};

/* What the owner of the blocks has to carry out, in this order. */
struct buddy_plan {
    uint32_t node; /* the block that the call was about */
    uint32_t step_count;
    struct buddy_step steps[buddy_step_count_max];
};

struct buddy_region {
    uint64_t base; /* a multiple of 2^order */
    uint32_t order;
    uint64_t id; /* opaque: the caller's name for the region */
};

/*
 * Starts with no regions. `nodes` has room for `node_count` nodes; blocks below `order_min` are not
 * made. INVALID_ARGUMENT if there are no nodes or order_min is above buddy_order_max.
 */
enum status buddy_init(
    struct buddy *buddy, struct buddy_node *nodes, uint32_t node_count, uint32_t order_min);

/*
 * Adds a free region. INVALID_ARGUMENT if its order is out of range, its base not aligned to its
 * size, or its bytes overlap another region; NO_SLOT if no node is left.
 */
enum status buddy_add_region(struct buddy *buddy, struct buddy_region region, uint32_t *node_out);

/*
 * Allocates a block of `order` (raised to order_min) from the smallest free block that holds it.
 * The plan's steps are the splits that make `plan_out->node`; the caller performs them in order,
 * and if one cannot be performed calls buddy_abandon. NO_MEMORY if no free block is large enough;
 * NO_SLOT if the nodes for the splits are missing; INVALID_ARGUMENT above buddy_order_max.
 */
enum status buddy_allocate(struct buddy *buddy, uint32_t order, struct buddy_plan *plan_out);

/*
 * Takes back an allocation of which only the first `performed_count` splits could be performed.
 * `merges_out` are the merges that undo exactly those, in order.
 */
void buddy_abandon(struct buddy *buddy, const struct buddy_plan *allocation,
    uint32_t performed_count, struct buddy_plan *merges_out);

/*
 * Frees an allocated block, of which nothing is in use any more, and merges upwards as far as
 * possible. The plan's steps are the merges to be performed in order; its node is the free block
 * that results. INVALID_ARGUMENT if `node` is not an allocated block.
 */
enum status buddy_free(struct buddy *buddy, uint32_t node, struct buddy_plan *plan_out);

/* The order of the largest free block, or buddy_order_count if nothing is free. */
uint32_t buddy_largest_free_order(const struct buddy *buddy);

/* Whether the invariants above hold; walks every node. For tests and self-checks. */
bool buddy_is_consistent(const struct buddy *buddy);

static inline uint64_t buddy_order_bytes(uint32_t order)
{
    return (uint64_t)1 << order;
}
