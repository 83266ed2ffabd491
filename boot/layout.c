/* SPDX-License-Identifier: ISC */
/* Implements layout.h. */
#include "layout.h"

#include <lib/base/base.h>

uint64_t layout_padded_bytes(uint64_t size_bytes)
{
    if (size_bytes > layout_large_bytes) {
        return align_up(size_bytes, layout_large_bytes);
    }
    return size_bytes <= layout_small_bytes ? layout_small_bytes
                                            : UINT64_C(1) << log2_ceiling(size_bytes);
}

uint64_t layout_place(const uint64_t *sizes_bytes, uint32_t count, uint64_t *offsets_out)
{
    uint64_t next = 0;
    for (uint64_t room = layout_large_bytes; room >= layout_small_bytes; room /= 2) {
        for (uint32_t index = 0; index < count; index++) {
            uint64_t padded_bytes = layout_padded_bytes(sizes_bytes[index]);
            bool belongs = room == layout_large_bytes ? padded_bytes >= room : padded_bytes == room;
            if (belongs) {
                offsets_out[index] = next;
                next += padded_bytes;
            }
        }
    }
    return next;
}
