/* SPDX-License-Identifier: ISC */
/*
 * Kernel objects that live and die together, in memory of memd: a pool grows by untyped blocks and
 * is given back at once. For services that keep memory for each process.
 *
 * The pools of a program share one table of slots, so an object costs no memory of the program.
 */
#pragma once

#include <protocol/memory.h>
#include <userlib/vspace_map.h>

constexpr uint32_t memory_pool_blocks_max = 64;
constexpr uint32_t memory_pool_growth_bits_max = 21;

/* Zero-initialised but for `memory`: empty. */
struct memory_pool {
    struct memory_cap memory; /* borrowed: right allocate */
    uint32_t first_bits;      /* of the first block, 12 to memory_pool_growth_bits_max */
    uint32_t block_count;
    cap_slot first_slot; /* of the list of all slots in use */
    uint64_t size_bytes; /* of all blocks */
    struct untyped_cap newest;
    uint32_t blocks[memory_pool_blocks_max]; /* memd's names */
};

/*
 * Makes one object of a memory kind (frame, page table) in a fresh slot. The slot belongs to the
 * pool until memory_pool_release(). Grows the pool if the newest block is full. Errors: NO_MEMORY,
 * NO_SLOT.
 */
enum status memory_pool_make(
    struct memory_pool *pool, enum object_kind kind, uint32_t bits, cap_slot *slot_out);

/* All objects and all memory of the pool are gone; it is empty again. */
void memory_pool_release(struct memory_pool *pool);

/* Page tables out of the pool. */
struct table_source memory_pool_tables(struct memory_pool *pool);
