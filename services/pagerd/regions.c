/* SPDX-License-Identifier: ISC */
/* The size of a frame depends on its address alone: the largest of a row that lies in the region.
 */
#include "regions.h"

#include <abi/startup.h>
#include <lib/base/base.h>

constexpr uint64_t page_bytes = 4096;
constexpr uint64_t stack_bytes_max = UINT64_C(16) << 20; /* clear of what lies below stack_top */

static_assert(stack_top - stack_bytes_max > ipc_buffer_address + (UINT64_C(2) << 20));
static_assert(heap_base + region_bytes_max <= mapping_base);

static const uint32_t heap_sizes_bits[] = {16, 14, 12};
static const uint32_t stack_sizes_bits[] = {14, 12};

bool regions_are_valid(const struct regions *regions)
{
    return is_aligned(regions->heap_bytes, page_bytes) &&
           is_aligned(regions->stack_bytes, page_bytes) &&
           regions->heap_bytes <= region_bytes_max && regions->stack_bytes <= stack_bytes_max;
}

/* Sizes descend to one page, which always fits: first and end are page-aligned. */
static struct region_frame largest_frame(
    uint64_t first, uint64_t end, uint64_t address, const uint32_t *sizes_bits)
{
    for (;; sizes_bits++) {
        const uint64_t size_bytes = UINT64_C(1) << *sizes_bits;
        const uint64_t start = align_down(address, size_bytes);
        if (size_bytes == page_bytes || (start >= first && end - start >= size_bytes)) {
            return (struct region_frame){.address = start, .bits = *sizes_bits};
        }
    }
}

enum status regions_find_frame(
    const struct regions *regions, uint64_t address, struct region_frame *frame_out)
{
    const uint64_t heap_end = heap_base + regions->heap_bytes;
    const uint64_t stack_first = stack_top - regions->stack_bytes;
    if (address >= heap_base && address < heap_end) {
        *frame_out = largest_frame(heap_base, heap_end, address, heap_sizes_bits);
        return STATUS_OK;
    }
    if (address >= stack_first && address < stack_top) {
        *frame_out = largest_frame(stack_first, stack_top, address, stack_sizes_bits);
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}
