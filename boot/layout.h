/* SPDX-License-Identifier: ISC */
/*
 * Where modules go: each into naturally aligned whole pages, all in one block without gaps.
 *
 * The kernel hands a module on as one frame of 2^k bytes, or several of 2 MiB, so its pages must be
 * as many and as aligned as that. Pure: no firmware, no loader state.
 */
#pragma once

#include <stdint.h>

constexpr uint64_t layout_small_bytes = UINT64_C(1) << 12;
constexpr uint64_t layout_large_bytes = UINT64_C(1) << 21;

/* The room of a module: the next power of two of at least 4 KiB; above 2 MiB the next multiple of
 * 2 MiB. `size_bytes` is not zero and far from wrapping. */
uint64_t layout_padded_bytes(uint64_t size_bytes);

/* Offsets of all modules in a block that is aligned to layout_large_bytes: the larger ones come
 * first, so each falls on a multiple of its room. Returns the size of the block. */
uint64_t layout_place(const uint64_t *sizes_bytes, uint32_t count, uint64_t *offsets_out);
