/* SPDX-License-Identifier: ISC */
/* The way out of firmware: tables for the kernel's address space, then the end of boot services. */
#include <lib/base/base.h>

#include "enter.h"
#include "loader.h"
#include "map.h"

/* The first 4 GiB are always mapped: local APIC and friends are there. The end is a limit of ours:
 * 64 TiB of direct map are half of the kernel's half. */
constexpr uint64_t direct_map_bytes_min = UINT64_C(4) << 30;
constexpr uint64_t direct_map_bytes_max = UINT64_C(64) << 40;

constexpr uint32_t mappings_max = elf_segments_max + 2;
constexpr uint32_t leave_attempts_max = 8;

struct mapping_list {
    uint32_t count;
    struct page_mapping mappings[mappings_max];
};

static void mappings_collect(const struct loader *loader, struct mapping_list *list);
static void config_space_reveal(const struct loader *loader, struct region_list *regions);

/* Which addresses are RAM does not change any more, even if the map's details do. */
enum status tables_build(struct loader *loader)
{
    struct boot_handoff *handoff = &loader->work->handoff;
    struct region_list regions = {.regions = handoff->regions, .capacity = boot_regions_max};
    size_t map_key;
    enum status status = map_read(loader, &regions, &map_key);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t ram_end = regions_ram_end(&regions);
    if (ram_end > direct_map_bytes_max) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_MEMORY_MAP, "too much memory");
    }
    handoff->direct_map_bytes = align_up(
        ram_end > direct_map_bytes_min ? ram_end : direct_map_bytes_min, loader_large_page_bytes);
    struct mapping_list list = {};
    mappings_collect(loader, &list);
    uint64_t table_count = 1;
    for (uint32_t index = 0; index < list.count; index++) {
        table_count += page_tables_needed(list.mappings[index]);
    }
    status = memory_take(
        loader, table_count * loader_page_bytes, loader_page_bytes, &loader->table_block);
    if (status != STATUS_OK) {
        return status;
    }
    page_tables_init(
        &loader->tables, (void *)(uintptr_t)loader->table_block.address, (uint32_t)table_count);
    for (uint32_t index = 0; index < list.count; index++) {
        if (page_tables_map(&loader->tables, list.mappings[index]) != STATUS_OK) {
            return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_MEMORY, "page tables");
        }
    }
    return STATUS_OK;
}

/* Whoever handles an event while boot services end may change the map, which makes the key stale:
 * then firmware wants another try with a new one, and no other call between (UEFI 7.4.6). */
enum status services_leave(struct loader *loader)
{
    struct boot_handoff *handoff = &loader->work->handoff;
    for (uint32_t attempt = 0; attempt < leave_attempts_max; attempt++) {
        struct region_list regions = {.regions = handoff->regions, .capacity = boot_regions_max};
        size_t map_key;
        enum status status = map_read(loader, &regions, &map_key);
        if (status == STATUS_OK) {
            config_space_reveal(loader, &regions);
            status = map_claim(loader, &regions);
        }
        if (status != STATUS_OK) {
            return status;
        }
        handoff->region_count = regions.count;
        loader->system = nullptr;
        efi_status result = loader->services->exit_boot_services(loader->image_handle, map_key);
        if (result == efi_success) {
            return STATUS_OK;
        }
        if (result != efi_invalid_parameter) {
            break;
        }
    }
    return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_FIRMWARE, "exit boot services");
}

/* Firmware reserves the configuration space of PCI in its map (PCI Firmware 3.3, 4.1.2), where it
 * looks like memory that firmware keeps for itself. */
static void config_space_reveal(const struct loader *loader, struct region_list *regions)
{
    constexpr uint64_t bus_bytes = UINT64_C(1) << 20;
    for (uint32_t index = 0; index < loader->config_space.segment_count; index++) {
        const struct acpi_segment *segment = &loader->config_space.segments[index];
        uint64_t bus_count = (uint64_t)segment->last_bus - segment->first_bus + 1;
        regions_reveal_device(
            regions, segment->address + segment->first_bus * bus_bytes, bus_count * bus_bytes);
    }
}

/* The address space that boot_handoff.h promises. */
static void mappings_collect(const struct loader *loader, struct mapping_list *list)
{
    uint64_t jump = align_down((uint64_t)(uintptr_t)enter_jump, loader_page_bytes);
    list->mappings[list->count++] = (struct page_mapping){
        .virtual_address = direct_map_base,
        .physical_address = 0,
        .size_bytes = loader->work->handoff.direct_map_bytes,
        .page_bytes = loader_large_page_bytes,
        .rights = PAGE_WRITE,
    };
    list->mappings[list->count++] = (struct page_mapping){
        .virtual_address = jump,
        .physical_address = jump,
        .size_bytes = loader_page_bytes,
        .page_bytes = loader_page_bytes,
        .rights = PAGE_EXECUTE,
    };
    for (uint32_t index = 0; index < loader->plan.segment_count; index++) {
        const struct elf_segment *segment = &loader->plan.segments[index];
        uint64_t start = align_down(segment->address, loader_page_bytes);
        uint64_t end = align_up(segment->address + segment->memory_bytes, loader_page_bytes);
        list->mappings[list->count++] = (struct page_mapping){
            .virtual_address = start,
            .physical_address = loader->kernel_block.address + (start - kernel_base),
            .size_bytes = end - start,
            .page_bytes = loader_page_bytes,
            .rights = (segment->writable ? PAGE_WRITE : PAGE_READ) |
                      (segment->executable ? PAGE_EXECUTE : PAGE_READ),
        };
    }
}
