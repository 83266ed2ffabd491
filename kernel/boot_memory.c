/* SPDX-License-Identifier: ISC */
/* Boot memory: cut from the largest free region, so that small ones stay whole. */
#include <kernel/boot_memory.h>

#include <abi/object.h>
#include <kernel/arch/arch.h>
#include <kernel/memory.h>
#include <kernel/print.h>
#include <lib/base/base.h>

uint64_t boot_memory_take(struct boot_handoff *handoff, uint64_t size_bytes)
{
    uint64_t size = align_up(size_bytes, page_table_size_bytes);
    struct boot_region *largest = nullptr;
    for (uint32_t i = 0; i < handoff->region_count; i++) {
        struct boot_region *region = &handoff->regions[i];
        if (region->kind == BOOT_REGION_FREE &&
            (largest == nullptr || region->size_bytes > largest->size_bytes)) {
            largest = region;
        }
    }
    if (largest == nullptr || largest->size_bytes <= size) {
        print_marker(MARKER_KERNEL_REFUSED_NO_MEMORY);
        arch_exit(EXIT_KERNEL);
    }
    largest->size_bytes -= size;
    uint64_t address = largest->address + largest->size_bytes;
    memset(kernel_pointer(address), 0, size);
    return address;
}

uint64_t boot_memory_free_bytes(const struct boot_handoff *handoff)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < handoff->region_count; i++) {
        const struct boot_region *region = &handoff->regions[i];
        bytes += region->kind == BOOT_REGION_FREE ? region->size_bytes : 0;
    }
    return bytes;
}
