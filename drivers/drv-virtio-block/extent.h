/* SPDX-License-Identifier: ISC */
/* Arithmetic of transfers: what fits where. Pure. */
#pragma once

#include <stdint.h>

constexpr uint32_t sector_bytes = 512; /* the device counts in these whatever its block size */

/* What the device says about itself, in its configuration. */
struct geometry {
    uint64_t block_count;
    uint32_t block_bytes; /* 512 or 4096 */
};

/* A run of blocks, and where its bytes are in memory. */
struct extent {
    uint64_t first_block;
    uint32_t block_count;
    uint32_t offset_bytes;
};

/* Whether the extent has at least one block, lies on the disk, and in memory of that size at an
 * offset that is a multiple of a sector. */
bool extent_fits(
    const struct extent *extent, const struct geometry *geometry, uint64_t memory_bytes);

/* Of a disk of `sector_count` sectors; false if the block size is not served, or there is no whole
 * block. */
bool geometry_decode(uint64_t sector_count, uint32_t block_bytes, struct geometry *geometry_out);
