/* SPDX-License-Identifier: ISC */
/* The RAM of the machine: the buddy tree, and the untyped capability of each of its nodes. */
#pragma once

#include <lib/buddy/buddy.h>
#include <userlib/capability.h>

/* Blocks that are free, allocated or split at the same time. */
constexpr uint32_t ram_nodes_max = 3072;

struct ram {
    struct buddy buddy;
    struct buddy_node nodes[ram_nodes_max];
    struct untyped_cap caps[ram_nodes_max]; /* owned: the memory of each node in use */
    uint32_t owners[ram_nodes_max];         /* of allocated nodes: the client */
};

/* No memory yet. */
enum status ram_init(struct ram *ram);

/* Takes charge of a block of RAM; the capability must have no children. */
enum status ram_add(struct ram *ram, struct untyped_cap memory);

/*
 * A block of 2^bits bytes for `client`: *memory_out is a child of the node's capability in a fresh
 * slot, the caller's. NO_MEMORY, NO_SLOT; then nothing has changed.
 */
enum status ram_allocate(struct ram *ram, uint32_t client, uint32_t bits, uint32_t *block_out,
    struct untyped_cap *memory_out);

/* Takes a block back from its client. NOT_FOUND if it is not one of this client's. */
enum status ram_free(struct ram *ram, uint32_t client, uint32_t block);

struct ram_usage {
    uint64_t used_bytes;
    uint64_t blocks;
};

/* What one client holds; walks all nodes. */
struct ram_usage ram_usage(const struct ram *ram, uint32_t client);
