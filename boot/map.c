/* SPDX-License-Identifier: ISC */
/* Implements map.h. */
#include "map.h"

#include <lib/base/base.h>
#include <stdckdint.h>
#include <string.h>

#include "enter.h"

constexpr uint64_t low_memory_bytes = UINT64_C(1) << 20;

static enum status map_add(
    struct loader *loader, struct region_list *list, const struct efi_memory_descriptor *entry);

enum status map_read(struct loader *loader, struct region_list *list, size_t *map_key_out)
{
    uint8_t *map = loader->work->map;
    size_t map_bytes = sizeof(loader->work->map);
    size_t entry_bytes = 0;
    uint32_t entry_version = 0;
    efi_status result = loader->services->get_memory_map(&map_bytes,
        (struct efi_memory_descriptor *)(void *)map, map_key_out, &entry_bytes, &entry_version);
    if (result != efi_success || entry_bytes < sizeof(struct efi_memory_descriptor) ||
        map_bytes > sizeof(loader->work->map)) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_MEMORY_MAP,
            result == efi_buffer_too_small ? "too long" : "firmware");
    }
    list->count = 0;
    for (size_t at = 0; at + entry_bytes <= map_bytes; at += entry_bytes) {
        struct efi_memory_descriptor entry;
        memcpy(&entry, map + at, sizeof(entry));
        enum status status = map_add(loader, list, &entry);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status map_claim(struct loader *loader, struct region_list *list)
{
    uint64_t jump = align_down((uint64_t)(uintptr_t)enter_jump, loader_page_bytes);
    const struct {
        struct loader_block block;
        enum boot_region_kind kind;
    } claims[] = {
        {loader->kernel_block, BOOT_REGION_KERNEL},
        {loader->module_block, BOOT_REGION_MODULE},
        {loader->work_block, BOOT_REGION_LOADER},
        {loader->table_block, BOOT_REGION_LOADER},
        {{.address = jump, .size_bytes = loader_page_bytes}, BOOT_REGION_LOADER},
    };
    uint64_t changed_bytes = 0;
    for (size_t index = 0; index < sizeof(claims) / sizeof(claims[0]); index++) {
        struct loader_block block = claims[index].block;
        if (regions_convert(list, block.address, block.size_bytes, claims[index].kind,
                &changed_bytes) != STATUS_OK) {
            return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_MEMORY_MAP, "too many regions");
        }
        if (changed_bytes != block.size_bytes) {
            return loader_refuse(
                loader, MARKER_BOOTLOADER_REFUSED_MEMORY_MAP, "own memory is missing");
        }
    }
    for (uint32_t index = 0; index < loader->config_space_count; index++) {
        struct loader_block block = loader->config_spaces[index];
        if (regions_give_device(list, block.address, block.size_bytes) != STATUS_OK) {
            return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_MEMORY_MAP, "too many regions");
        }
    }
    if (regions_convert(list, 0, low_memory_bytes, BOOT_REGION_FIRMWARE, &changed_bytes) !=
        STATUS_OK) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_MEMORY_MAP, "too many regions");
    }
    regions_merge(list);
    return STATUS_OK;
}

static enum status map_add(
    struct loader *loader, struct region_list *list, const struct efi_memory_descriptor *entry)
{
    uint64_t size_bytes;
    if (ckd_mul(&size_bytes, entry->page_count, efi_page_bytes)) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_MEMORY_MAP, "size");
    }
    enum status status =
        regions_add(list, entry->physical_start, size_bytes, regions_kind(entry->type));
    if (status == STATUS_OK) {
        return STATUS_OK;
    }
    return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_MEMORY_MAP,
        status == STATUS_TOO_LARGE ? "too many regions" : "overlap");
}
