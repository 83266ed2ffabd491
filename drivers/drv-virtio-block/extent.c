/* SPDX-License-Identifier: ISC */
/* Arithmetic of transfers. */
#include "extent.h"

bool extent_fits(
    const struct extent *extent, const struct geometry *geometry, uint64_t memory_bytes)
{
    if (extent->block_count == 0 || extent->first_block >= geometry->block_count ||
        extent->block_count > geometry->block_count - extent->first_block) {
        return false;
    }
    const uint64_t size_bytes = (uint64_t)extent->block_count * geometry->block_bytes;
    return extent->offset_bytes % sector_bytes == 0 && size_bytes <= memory_bytes &&
           extent->offset_bytes <= memory_bytes - size_bytes;
}

bool geometry_decode(uint64_t sector_count, uint32_t block_bytes, struct geometry *geometry_out)
{
    constexpr uint64_t bytes_max = UINT64_C(1) << 62; /* no product overflows */
    if ((block_bytes != 512 && block_bytes != 4096) || sector_count > bytes_max / sector_bytes) {
        return false;
    }
    const uint64_t block_count = sector_count / (block_bytes / sector_bytes);
    if (block_count == 0) {
        return false;
    }
    *geometry_out = (struct geometry){.block_count = block_count, .block_bytes = block_bytes};
    return true;
}
