/* SPDX-License-Identifier: ISC */
/*
 * Places of mappings in address spaces: which addresses are taken, and by which frame. Pure.
 *
 * Invariants:
 *   1. Every place of the pool is in exactly one list: the unused ones, the taken ones of one
 * layout, or the given-back ones of one layout and size.
 *   2. Places of a layout that were handed out by layout_take() never overlap.
 */
#pragma once

#include <abi/object.h>
#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t layout_places_max = 6144;
constexpr uint32_t layout_size_count = frame_bits_max - frame_bits_min + 1;
constexpr uint32_t layout_no_place = UINT32_MAX;

struct layout_place {
    uint64_t address;
    cap_slot frame; /* owned by whoever took the place */
    uint32_t block; /* memd's name of the memory behind it, if has_block */
    uint32_t next;
    uint8_t bits;
    bool fixed; /* at an address that the launcher chose */
    bool has_block;
};

/* Places of all layouts. */
struct layout_pool {
    struct layout_place places[layout_places_max];
    uint32_t unused_first;
};

/* Of one address space. */
struct layout {
    struct layout_pool *pool; /* shared */
    uint64_t next_address;    /* nothing was ever placed from here on */
    uint32_t taken_first;
    uint32_t given_first[layout_size_count]; /* by size */
};

void layout_pool_init(struct layout_pool *pool);

/* An address space without mappings. */
void layout_init(struct layout *layout, struct layout_pool *pool);

/* A place for a frame of 2^bits bytes, aligned to it. NO_SLOT, NO_SPACE. */
enum status layout_take(struct layout *layout, uint32_t bits, uint32_t *place_out);

/* A note of a mapping at an address of the launcher. NO_SLOT. */
enum status layout_take_fixed(struct layout *layout, uint64_t address, uint32_t *place_out);

/* The place that layout_take() gave for this address, or layout_no_place. */
uint32_t layout_find(const struct layout *layout, uint64_t address);

/* The place is free again. */
void layout_give(struct layout *layout, uint32_t place);

/* Any taken place, for taking a layout apart; layout_no_place if there is none. */
static inline uint32_t layout_any(const struct layout *layout)
{
    return layout->taken_first;
}

/* All places of the layout are unused again; none may be taken. */
void layout_destroy(struct layout *layout);
