/* SPDX-License-Identifier: ISC */
/* Copies every section but the kernel to pages of its own and lists it in the handoff. */
#include <string.h>

#include "layout.h"
#include "loader.h"

static_assert(boot_modules_max >= bootimg_sections_max);
static_assert(boot_module_name_bytes == bootimg_name_bytes);
static_assert(layout_large_bytes == loader_large_page_bytes);

/* What a kind of section is to the kernel. */
static const enum boot_module_kind module_kinds[] = {
    [BOOTIMG_BOOT_CONFIG] = BOOT_MODULE_BOOT_CONFIG,
    [BOOTIMG_SERVICE] = BOOT_MODULE_SERVICE,
    [BOOTIMG_BLOB] = BOOT_MODULE_BLOB,
};

struct module_list {
    uint32_t count;
    struct bootimg_section sections[boot_modules_max];
    uint64_t sizes_bytes[boot_modules_max];
    uint64_t offsets[boot_modules_max];
};

static void modules_collect(const struct bootimg *image, struct module_list *list);
static void module_copy(
    const struct bootimg_section *section, uint64_t address, struct boot_module *module_out);

enum status modules_load(struct loader *loader)
{
    struct module_list list = {}; /* 4 KiB; firmware grants 128 KiB of stack (UEFI 2.3.4) */
    modules_collect(&loader->image, &list);
    uint64_t size_bytes = layout_place(list.sizes_bytes, list.count, list.offsets);
    enum status status =
        memory_take(loader, size_bytes, loader_large_page_bytes, &loader->module_block);
    if (status != STATUS_OK) {
        return status;
    }
    struct boot_handoff *handoff = &loader->work->handoff;
    for (uint32_t index = 0; index < list.count; index++) {
        module_copy(&list.sections[index], loader->module_block.address + list.offsets[index],
            &handoff->modules[index]);
    }
    handoff->module_count = list.count;
    return STATUS_OK;
}

static void modules_collect(const struct bootimg *image, struct module_list *list)
{
    for (uint32_t index = 0; index < image->section_count; index++) {
        struct bootimg_section section = bootimg_section_at(image, index);
        if (section.kind != BOOTIMG_KERNEL) {
            list->sections[list->count] = section;
            list->sizes_bytes[list->count] = section.size_bytes;
            list->count++;
        }
    }
}

static void module_copy(
    const struct bootimg_section *section, uint64_t address, struct boot_module *module_out)
{
    uint8_t *memory = (uint8_t *)(uintptr_t)address;
    memcpy(memory, section->bytes, section->size_bytes);
    memset(memory + section->size_bytes, 0,
        layout_padded_bytes(section->size_bytes) - section->size_bytes);
    *module_out = (struct boot_module){
        .kind = module_kinds[section->kind],
        .address = address,
        .size_bytes = section->size_bytes,
    };
    for (size_t at = 0; section->name[at] != '\0' && at + 1 < boot_module_name_bytes; at++) {
        module_out->name[at] = section->name[at];
    }
}
