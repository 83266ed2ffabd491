/* SPDX-License-Identifier: ISC */
/* Facts about the machine that the kernel needs before any driver runs: ACPI and the framebuffer.
 */
#include <lib/acpi/acpi.h>
#include <string.h>

#include "loader.h"

static enum status interrupts_read(
    struct loader *loader, struct acpi_memory memory, const struct acpi_tables *tables);
static void config_spaces_read(
    struct loader *loader, struct acpi_memory memory, const struct acpi_tables *tables);
static void framebuffer_read(struct loader *loader);
static const void *identity_map(void *context, uint64_t address, uint64_t size_bytes);
static uint64_t rsdp_find(const struct efi_system_table *system);

enum status platform_read(struct loader *loader)
{
    struct boot_platform *platform = &loader->work->handoff.platform;
    platform->acpi_rsdp = rsdp_find(loader->system);
    if (platform->acpi_rsdp == 0) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_ACPI, "RSDP");
    }
    struct acpi_memory memory = {.context = nullptr, .map = identity_map};
    struct acpi_tables tables;
    if (acpi_tables_read(memory, platform->acpi_rsdp, &tables) != STATUS_OK) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_ACPI, "XSDT");
    }
    struct acpi_hpet hpet;
    if (acpi_hpet_read(memory, &tables, &hpet) != STATUS_OK) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_ACPI, "HPET");
    }
    platform->hpet_address = hpet.address;
    const enum status found = acpi_mcfg_read(memory, &tables, &loader->config_space);
    if (found != STATUS_OK && found != STATUS_NOT_FOUND) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_ACPI, "MCFG");
    }
    enum status status = interrupts_read(loader, memory, &tables);
    if (status != STATUS_OK) {
        return status;
    }
    config_spaces_read(loader, memory, &tables);
    framebuffer_read(loader);
    return STATUS_OK;
}

/* Where PCI configuration space is; a machine without it has no devices that we could drive. */
static void config_spaces_read(
    struct loader *loader, struct acpi_memory memory, const struct acpi_tables *tables)
{
    constexpr uint64_t bus_bytes = UINT64_C(1) << 20;
    struct acpi_mcfg mcfg;
    if (acpi_mcfg_read(memory, tables, &mcfg) != STATUS_OK) {
        return;
    }
    for (uint32_t index = 0; index < mcfg.segment_count; index++) {
        const struct acpi_segment *segment = &mcfg.segments[index];
        loader->config_spaces[loader->config_space_count++] =
            (struct loader_block){.address = segment->address,
                .size_bytes = (segment->last_bus - segment->first_bus + UINT64_C(1)) * bus_bytes};
    }
}

/* ISA lines are active high and edge-triggered unless an override says otherwise (ACPI 5.2.12.5).
 */
static enum status interrupts_read(
    struct loader *loader, struct acpi_memory memory, const struct acpi_tables *tables)
{
    struct acpi_madt madt;
    if (acpi_madt_read(memory, tables, &madt) != STATUS_OK) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_ACPI, "MADT");
    }
    if (madt.io_apic_count == 0 || madt.io_apic_count > boot_io_apics_max ||
        madt.override_count > boot_interrupt_overrides_max) {
        return loader_refuse(loader, MARKER_BOOTLOADER_REFUSED_NO_ACPI, "MADT counts");
    }
    struct boot_platform *platform = &loader->work->handoff.platform;
    platform->local_apic_address = madt.local_apic_address;
    platform->io_apic_count = madt.io_apic_count;
    platform->override_count = madt.override_count;
    for (uint32_t index = 0; index < madt.io_apic_count; index++) {
        platform->io_apics[index] = (struct boot_io_apic){
            .address = madt.io_apics[index].address,
            .id = madt.io_apics[index].id,
            .first_interrupt = madt.io_apics[index].first_interrupt,
        };
    }
    for (uint32_t index = 0; index < madt.override_count; index++) {
        const struct acpi_override *override = &madt.overrides[index];
        platform->overrides[index] = (struct boot_interrupt_override){
            .isa_line = override->isa_line,
            .active_low = override->polarity == ACPI_POLARITY_LOW,
            .level_triggered = override->trigger == ACPI_TRIGGER_LEVEL,
            .interrupt = override->interrupt,
        };
    }
    return STATUS_OK;
}

/* The first screen whose pixels the kernel could write; none is fine. */
static void framebuffer_read(struct loader *loader)
{
    static const uint32_t formats[] = {[EFI_PIXEL_RED_FIRST] = 2, [EFI_PIXEL_BLUE_FIRST] = 1};
    void *interface = nullptr;
    efi_handle *handles = nullptr;
    size_t count = 0;
    if (loader->services->locate_handle_buffer(
            EFI_LOCATE_BY_PROTOCOL, &efi_graphics_guid, nullptr, &count, &handles) != efi_success) {
        return;
    }
    for (size_t index = 0; index < count; index++) {
        if (loader->services->handle_protocol(handles[index], &efi_graphics_guid, &interface) !=
            efi_success) {
            continue;
        }
        const struct efi_graphics_mode *mode = ((struct efi_graphics *)interface)->mode;
        if (mode != nullptr && mode->info != nullptr && mode->framebuffer_address != 0 &&
            mode->info->format < sizeof(formats) / sizeof(formats[0])) {
            loader->work->handoff.framebuffer = (struct boot_framebuffer){
                .address = mode->framebuffer_address,
                .size_bytes = mode->framebuffer_bytes,
                .width = mode->info->width,
                .height = mode->info->height,
                .stride_pixels = mode->info->stride_pixels,
                .format = formats[mode->info->format],
            };
            break;
        }
    }
    (void)loader->services->free_pool(handles);
}

/* Firmware maps all of its memory one to one (UEFI 2.3.4); address zero holds no table. */
static const void *identity_map(void *context, uint64_t address, uint64_t size_bytes)
{
    (void)context;
    return size_bytes > UINT64_MAX - address ? nullptr : (const void *)(uintptr_t)address;
}

static uint64_t rsdp_find(const struct efi_system_table *system)
{
    for (size_t index = 0; index < system->configuration_count; index++) {
        const struct efi_configuration_entry *entry = &system->configuration[index];
        if (memcmp(&entry->vendor, &efi_acpi_20_guid, sizeof(entry->vendor)) == 0) {
            return (uint64_t)(uintptr_t)entry->table;
        }
    }
    return 0;
}
