/* SPDX-License-Identifier: ISC */
/* Puts the kernel's segments into one block of memory, laid out as it will be from kernel_base on.
 */
#include <lib/base/base.h>
#include <string.h>

#include "loader.h"

/* Zeroed whole first: what no file byte covers (bss, gaps between segments) is zero then. */
enum status kernel_load(struct loader *loader)
{
    const struct elf_plan *plan = &loader->plan;
    const struct elf_segment *last = &plan->segments[plan->segment_count - 1];
    uint64_t size_bytes = last->address + last->memory_bytes - kernel_base;
    struct loader_block block = {};
    enum status status = memory_take(loader, size_bytes, loader_large_page_bytes, &block);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *memory = (uint8_t *)(uintptr_t)block.address;
    memset(memory, 0, block.size_bytes);
    for (uint32_t index = 0; index < plan->segment_count; index++) {
        const struct elf_segment *segment = &plan->segments[index];
        memcpy(memory + (segment->address - kernel_base),
            loader->kernel.bytes + segment->file_offset, segment->file_bytes);
    }
    loader->kernel_block = block;
    loader->work->handoff.kernel_address = block.address;
    loader->work->handoff.kernel_size_bytes = block.size_bytes;
    return STATUS_OK;
}
