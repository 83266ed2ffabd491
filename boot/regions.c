/* SPDX-License-Identifier: ISC */
/* Implements regions.h. */
#include "regions.h"

#include <lib/base/base.h>
#include <stdckdint.h>
#include <string.h>

#include "uefi.h"

static const enum boot_region_kind kinds[EFI_MEMORY_TYPE_COUNT] = {
    [EFI_MEMORY_RESERVED] = BOOT_REGION_FIRMWARE,
    [EFI_MEMORY_LOADER_CODE] = BOOT_REGION_FREE,
    [EFI_MEMORY_LOADER_DATA] = BOOT_REGION_FREE,
    [EFI_MEMORY_BOOT_SERVICES_CODE] = BOOT_REGION_FREE,
    [EFI_MEMORY_BOOT_SERVICES_DATA] = BOOT_REGION_FREE,
    [EFI_MEMORY_RUNTIME_CODE] = BOOT_REGION_FIRMWARE,
    [EFI_MEMORY_RUNTIME_DATA] = BOOT_REGION_FIRMWARE,
    [EFI_MEMORY_CONVENTIONAL] = BOOT_REGION_FREE,
    [EFI_MEMORY_UNUSABLE] = BOOT_REGION_FIRMWARE,
    [EFI_MEMORY_ACPI_RECLAIM] = BOOT_REGION_ACPI,
    [EFI_MEMORY_ACPI_NVS] = BOOT_REGION_ACPI,
    [EFI_MEMORY_DEVICE] = BOOT_REGION_DEVICE,
    [EFI_MEMORY_DEVICE_PORTS] = BOOT_REGION_DEVICE,
};

static enum status insert(struct region_list *list, uint32_t index, struct boot_region region);
static enum status split(struct region_list *list, uint32_t index, uint64_t address);
static uint64_t region_end(const struct boot_region *region);

enum boot_region_kind regions_kind(uint32_t memory_type)
{
    return memory_type < EFI_MEMORY_TYPE_COUNT ? kinds[memory_type] : BOOT_REGION_FIRMWARE;
}

enum status regions_add(
    struct region_list *list, uint64_t address, uint64_t size_bytes, enum boot_region_kind kind)
{
    uint64_t end;
    if (size_bytes == 0 || !is_aligned(address | size_bytes, efi_page_bytes) ||
        ckd_add(&end, address, size_bytes)) {
        return STATUS_CORRUPT;
    }
    uint32_t index = list->count;
    while (index > 0 && list->regions[index - 1].address > address) {
        index--;
    }
    if ((index > 0 && region_end(&list->regions[index - 1]) > address) ||
        (index < list->count && list->regions[index].address < end)) {
        return STATUS_CORRUPT;
    }
    if (index > 0 && list->regions[index - 1].kind == kind &&
        region_end(&list->regions[index - 1]) == address) {
        list->regions[index - 1].size_bytes += size_bytes;
        return STATUS_OK;
    }
    return insert(list, index,
        (struct boot_region){.address = address, .size_bytes = size_bytes, .kind = kind});
}

/* Makes the parts of a range that are of kind `from` be of kind `to`. */
static enum status convert(struct region_list *list, struct boot_region range,
    enum boot_region_kind from, uint64_t *changed_bytes_out)
{
    const uint64_t address = range.address;
    const enum boot_region_kind kind = range.kind;
    const uint64_t size_bytes = range.size_bytes;
    uint64_t end = address + size_bytes;
    uint64_t changed_bytes = 0;
    for (uint32_t index = 0; index < list->count; index++) {
        const struct boot_region *region = &list->regions[index];
        if (region->kind != from || region_end(region) <= address || region->address >= end) {
            continue;
        }
        if (region->address < address) {
            enum status status = split(list, index, address);
            if (status != STATUS_OK) {
                return status;
            }
            continue; /* the part behind the cut comes next */
        }
        if (region_end(region) > end) {
            enum status status = split(list, index, end);
            if (status != STATUS_OK) {
                return status;
            }
        }
        list->regions[index].kind = kind;
        changed_bytes += list->regions[index].size_bytes;
    }
    *changed_bytes_out = changed_bytes;
    return STATUS_OK;
}

enum status regions_convert(struct region_list *list, uint64_t address, uint64_t size_bytes,
    enum boot_region_kind kind, uint64_t *changed_bytes_out)
{
    const struct boot_region range = {.address = address, .size_bytes = size_bytes, .kind = kind};
    return convert(list, range, BOOT_REGION_FREE, changed_bytes_out);
}

enum status regions_give_device(struct region_list *list, uint64_t address, uint64_t size_bytes)
{
    const struct boot_region range = {
        .address = address, .size_bytes = size_bytes, .kind = BOOT_REGION_DEVICE};
    uint64_t changed_bytes = 0;
    return convert(list, range, BOOT_REGION_FIRMWARE, &changed_bytes);
}

void regions_reveal_device(struct region_list *list, uint64_t address, uint64_t size_bytes)
{
    for (uint32_t index = 0; index < list->count; index++) {
        struct boot_region *region = &list->regions[index];
        if (region->kind == BOOT_REGION_FIRMWARE && region->address >= address &&
            region_end(region) - address <= size_bytes) {
            region->kind = BOOT_REGION_DEVICE;
        }
    }
}

void regions_merge(struct region_list *list)
{
    uint32_t kept = 0;
    for (uint32_t index = 0; index < list->count; index++) {
        struct boot_region *region = &list->regions[index];
        struct boot_region *last = &list->regions[kept == 0 ? 0 : kept - 1];
        if (kept > 0 && last->kind == region->kind && region_end(last) == region->address) {
            last->size_bytes += region->size_bytes;
        } else {
            list->regions[kept++] = *region;
        }
    }
    list->count = kept;
}

uint64_t regions_ram_end(const struct region_list *list)
{
    uint64_t end = 0;
    for (uint32_t index = 0; index < list->count; index++) {
        enum boot_region_kind kind = list->regions[index].kind;
        if (kind != BOOT_REGION_FIRMWARE && kind != BOOT_REGION_DEVICE) {
            end = region_end(&list->regions[index]);
        }
    }
    return end;
}

static enum status insert(struct region_list *list, uint32_t index, struct boot_region region)
{
    if (list->count == list->capacity) {
        return STATUS_TOO_LARGE;
    }
    memmove(&list->regions[index + 1], &list->regions[index],
        (list->count - index) * sizeof(list->regions[0]));
    list->regions[index] = region;
    list->count++;
    return STATUS_OK;
}

/* Cuts a region at `address`, which lies inside it. */
static enum status split(struct region_list *list, uint32_t index, uint64_t address)
{
    struct boot_region behind = list->regions[index];
    behind.size_bytes = region_end(&behind) - address;
    behind.address = address;
    enum status status = insert(list, index + 1, behind);
    if (status != STATUS_OK) {
        return status;
    }
    list->regions[index].size_bytes -= behind.size_bytes;
    return STATUS_OK;
}

static uint64_t region_end(const struct boot_region *region)
{
    return region->address + region->size_bytes;
}
