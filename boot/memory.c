/* SPDX-License-Identifier: ISC */
/* Pages from firmware, aligned, and back again when the loader refuses. */
#include <lib/base/base.h>
#include <stdckdint.h>

#include "loader.h"

static_assert(loader_page_bytes == efi_page_bytes);

/* Firmware aligns to 4 KiB only: take what surely holds an aligned block. The rest is not given
 * back, for firmware may clear what it gets: it becomes free memory with the end of boot services.
 */
enum status memory_take(
    struct loader *loader, uint64_t size_bytes, uint64_t alignment, struct loader_block *block_out)
{
    uint64_t wanted_bytes = align_up(size_bytes, loader_page_bytes);
    uint64_t taken_bytes;
    uint64_t address = 0;
    if (loader->block_count == loader_blocks_max || size_bytes == 0 || wanted_bytes < size_bytes ||
        ckd_add(&taken_bytes, wanted_bytes, alignment - loader_page_bytes)) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_MEMORY, "request");
    }
    if (loader->services->allocate_pages(EFI_ALLOCATE_ANY_PAGES, EFI_MEMORY_LOADER_DATA,
            taken_bytes / efi_page_bytes, &address) != efi_success) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_MEMORY, "pages");
    }
    loader->blocks[loader->block_count++] =
        (struct loader_block){.address = address, .size_bytes = taken_bytes};
    *block_out =
        (struct loader_block){.address = align_up(address, alignment), .size_bytes = wanted_bytes};
    return STATUS_OK;
}

void memory_release(struct loader *loader)
{
    for (uint32_t index = 0; index < loader->block_count; index++) {
        const struct loader_block *block = &loader->blocks[index];
        /* A page that firmware does not take back is lost, which is no reason to stop. */
        (void)loader->services->free_pages(block->address, block->size_bytes / efi_page_bytes);
    }
    loader->block_count = 0;
}
