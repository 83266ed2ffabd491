/* SPDX-License-Identifier: ISC */
/*
 * A kernel that only judges how it was entered: tests of the loader boot it instead of the real
 * one.
 *
 * It checks the handoff against boot_handoff.h by itself, that memory is mapped as promised, and
 * ends the virtual machine: with success after ERIX_KERNEL_STUB:OK, else with the kernel's exit
 * class after a line that names the check. Each module must be filled the way boot_test.py fills
 * it.
 */
#include <abi/boot_handoff.h>
#include <abi/exit.h>
#include <lib/base/base.h>

#include <stddef.h>
#include <stdint.h>

#include "../cpu.h"

constexpr uint16_t com1_data = 0x3f8;
constexpr uint16_t com1_status = 0x3fd;
constexpr uint8_t status_can_send = 0x20;
constexpr uint64_t page_bytes = 4096;
constexpr uint64_t large_page_bytes = UINT64_C(2) << 20;
constexpr uint64_t low_memory_bytes = UINT64_C(1) << 20;
constexpr uint64_t flag_interrupts = UINT64_C(1) << 9;
constexpr uint64_t cr0_write_protect = UINT64_C(1) << 16;
constexpr uint32_t efer_register = 0xc0000080;
constexpr uint64_t efer_no_execute = UINT64_C(1) << 11;
constexpr uint64_t entry_present = 1;
constexpr uint64_t entry_writable = 2;
constexpr uint64_t entry_large = 0x80;
constexpr uint64_t entry_no_execute = UINT64_C(1) << 63;
constexpr uint64_t entry_address_mask = UINT64_C(0x000ffffffffff000);

constexpr size_t zeros_bytes = 3 * 4096;

struct check {
    const char *name;
    bool (*holds)(const struct boot_handoff *handoff);
};

[[noreturn]] void stub_main(const struct boot_handoff *handoff);

static bool header_is_right(const struct boot_handoff *handoff);
static bool processor_is_right(const struct boot_handoff *handoff);
static bool image_is_whole(const struct boot_handoff *handoff);
static bool stack_is_mapped(const struct boot_handoff *handoff);
static bool regions_are_sorted(const struct boot_handoff *handoff);
static bool regions_hold_free_memory(const struct boot_handoff *handoff);
static bool kernel_is_region(const struct boot_handoff *handoff);
static bool modules_are_regions(const struct boot_handoff *handoff);
static bool modules_are_filled(const struct boot_handoff *handoff);
static bool direct_map_is_right(const struct boot_handoff *handoff);
static bool image_rights_are_right(const struct boot_handoff *handoff);
static bool platform_is_there(const struct boot_handoff *handoff);

static const struct check checks[] = {
    {"header", header_is_right},
    {"processor", processor_is_right},
    {"image", image_is_whole},
    {"stack", stack_is_mapped},
    {"regions sorted", regions_are_sorted},
    {"regions free", regions_hold_free_memory},
    {"kernel region", kernel_is_region},
    {"module regions", modules_are_regions},
    {"module bytes", modules_are_filled},
    {"direct map", direct_map_is_right},
    {"image rights", image_rights_are_right},
    {"platform", platform_is_there},
};

static uint64_t data_word = UINT64_C(0x1122334455667788);
static uint8_t zeros[zeros_bytes];

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((cpu_in8(com1_status) & status_can_send) == 0) {
        }
        cpu_out8(com1_data, (uint8_t)*text);
    }
}

[[noreturn]] void stub_main(const struct boot_handoff *handoff)
{
    say("ERIX_KERNEL_STUB:ENTERED\r\n");
    for (size_t index = 0; index < sizeof(checks) / sizeof(checks[0]); index++) {
        if (!checks[index].holds(handoff)) {
            say("ERIX_KERNEL_STUB:FAILED ");
            say(checks[index].name);
            say("\r\n");
            cpu_out32(debug_exit_port, EXIT_KERNEL);
            cpu_stop();
        }
    }
    say("ERIX_KERNEL_STUB:OK\r\n");
    cpu_out32(debug_exit_port, EXIT_SUCCESS_CLASS);
    cpu_stop();
}

static const uint8_t *direct(uint64_t physical)
{
    return (const uint8_t *)(direct_map_base + physical);
}

/* The last page-table entry for an address, or 0; *page_bytes_out: how much it maps. */
static uint64_t entry_of(uint64_t address, uint64_t *page_bytes_out)
{
    uint64_t table;
    __asm__ volatile("movq %%cr3, %0" : "=r"(table));
    for (uint32_t shift = 39;; shift -= 9) {
        uint64_t entry =
            load_le64(direct((table & entry_address_mask) + (address >> shift) % 512 * 8));
        *page_bytes_out = UINT64_C(1) << shift;
        if ((entry & entry_present) == 0) {
            return 0;
        }
        if (shift == 12 || (shift < 39 && (entry & entry_large) != 0)) {
            return entry;
        }
        table = entry;
    }
}

static bool header_is_right(const struct boot_handoff *handoff)
{
    uint8_t any = 0;
    for (size_t at = 0; at < sizeof(handoff->image_digest); at++) {
        any |= handoff->image_digest[at];
    }
    return (uint64_t)handoff >= direct_map_base && is_aligned((uint64_t)handoff, page_bytes) &&
           handoff->magic == boot_handoff_magic && handoff->version == boot_handoff_version &&
           handoff->size_bytes == sizeof(*handoff) && handoff->profile >= BOOT_PROFILE_DEV &&
           handoff->profile <= BOOT_PROFILE_TEST && handoff->loader_start_ticks != 0 && any != 0;
}

static bool processor_is_right(const struct boot_handoff *handoff)
{
    (void)handoff;
    uint64_t flags;
    uint64_t cr0;
    uint32_t low;
    uint32_t high;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    __asm__ volatile("movq %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(efer_register));
    return (flags & flag_interrupts) == 0 && (cr0 & cr0_write_protect) != 0 &&
           (low & efer_no_execute) != 0;
}

static bool image_is_whole(const struct boot_handoff *handoff)
{
    if (*(volatile uint64_t *)&data_word != UINT64_C(0x1122334455667788) ||
        handoff->kernel_size_bytes < sizeof(zeros) ||
        !is_aligned(handoff->kernel_address, large_page_bytes)) {
        return false;
    }
    for (size_t at = 0; at < sizeof(zeros); at++) {
        if (*(volatile uint8_t *)&zeros[at] != 0) {
            return false;
        }
    }
    data_word = 1; /* seen through the direct map: this is the image that the handoff names */
    uint64_t physical = (uint64_t)&data_word - kernel_base + handoff->kernel_address;
    return *(const volatile uint64_t *)direct(physical) == 1;
}

static enum boot_region_kind kind_of(
    const struct boot_handoff *handoff, uint64_t address, uint64_t size_bytes)
{
    for (uint32_t index = 0; index < handoff->region_count; index++) {
        const struct boot_region *region = &handoff->regions[index];
        if (address >= region->address && address - region->address < region->size_bytes &&
            size_bytes <= region->size_bytes - (address - region->address)) {
            return region->kind;
        }
    }
    return 0;
}

/* Stack, tables and handoff are the loader's until the kernel leaves them. */
static bool stack_is_mapped(const struct boot_handoff *handoff)
{
    uint64_t stack = (uint64_t)__builtin_frame_address(0);
    uint64_t table;
    __asm__ volatile("movq %%cr3, %0" : "=r"(table));
    return stack > direct_map_base &&
           kind_of(handoff, stack - direct_map_base, 8) == BOOT_REGION_LOADER &&
           kind_of(handoff, (uint64_t)handoff - direct_map_base, sizeof(*handoff)) ==
               BOOT_REGION_LOADER &&
           kind_of(handoff, table & entry_address_mask, page_bytes) == BOOT_REGION_LOADER;
}

static bool regions_are_sorted(const struct boot_handoff *handoff)
{
    uint64_t end = 0;
    for (uint32_t index = 0; index < handoff->region_count; index++) {
        const struct boot_region *region = &handoff->regions[index];
        bool known = region->kind >= BOOT_REGION_FREE && region->kind <= BOOT_REGION_DEVICE;
        if (!known || region->address < end || region->size_bytes == 0 ||
            !is_aligned(region->address | region->size_bytes, page_bytes)) {
            return false;
        }
        end = region->address + region->size_bytes;
    }
    return handoff->region_count > 0 && handoff->region_count <= boot_regions_max;
}

static bool regions_hold_free_memory(const struct boot_handoff *handoff)
{
    uint64_t free_bytes = 0;
    for (uint32_t index = 0; index < handoff->region_count; index++) {
        const struct boot_region *region = &handoff->regions[index];
        if (region->kind == BOOT_REGION_FREE) {
            if (region->address < low_memory_bytes) {
                return false;
            }
            free_bytes += region->size_bytes;
        }
    }
    return free_bytes > UINT64_C(64) << 20;
}

static bool kernel_is_region(const struct boot_handoff *handoff)
{
    return kind_of(handoff, handoff->kernel_address, handoff->kernel_size_bytes) ==
           BOOT_REGION_KERNEL;
}

static uint64_t room_of(uint64_t size_bytes)
{
    if (size_bytes > large_page_bytes) {
        return align_up(size_bytes, large_page_bytes);
    }
    return size_bytes <= page_bytes ? page_bytes : UINT64_C(1) << log2_ceiling(size_bytes);
}

static bool modules_are_regions(const struct boot_handoff *handoff)
{
    for (uint32_t index = 0; index < handoff->module_count; index++) {
        const struct boot_module *module = &handoff->modules[index];
        uint64_t room = room_of(module->size_bytes);
        uint64_t alignment = room < large_page_bytes ? room : large_page_bytes;
        if (module->name[boot_module_name_bytes - 1] != '\0' || module->name[0] == '\0' ||
            module->kind < BOOT_MODULE_BOOT_CONFIG || module->kind > BOOT_MODULE_BLOB ||
            !is_aligned(module->address, alignment) ||
            kind_of(handoff, module->address, room) != BOOT_REGION_MODULE) {
            return false;
        }
    }
    return handoff->module_count > 0 && handoff->modules[0].kind == BOOT_MODULE_BOOT_CONFIG;
}

/* Byte `at` is size + at, modulo 251; zeros follow to the end of the room. */
static bool modules_are_filled(const struct boot_handoff *handoff)
{
    for (uint32_t index = 0; index < handoff->module_count; index++) {
        const struct boot_module *module = &handoff->modules[index];
        uint64_t room = room_of(module->size_bytes);
        uint64_t wanted = module->size_bytes % 251;
        for (uint64_t at = 0; at < room; at++) {
            if (direct(module->address)[at] != (at < module->size_bytes ? wanted : 0)) {
                return false;
            }
            wanted = wanted == 250 ? 0 : wanted + 1;
        }
    }
    return true;
}

static bool direct_map_is_right(const struct boot_handoff *handoff)
{
    uint64_t mapped_bytes;
    if (handoff->direct_map_bytes < UINT64_C(4) << 30) {
        return false;
    }
    for (uint64_t at = 0; at < handoff->direct_map_bytes; at += large_page_bytes) {
        uint64_t entry = entry_of(direct_map_base + at, &mapped_bytes);
        if (mapped_bytes != large_page_bytes || (entry & entry_writable) == 0 ||
            (entry & entry_no_execute) == 0 || (entry & entry_address_mask) != at) {
            return false;
        }
    }
    return entry_of(direct_map_base + handoff->direct_map_bytes, &mapped_bytes) == 0;
}

/* Code runs and is read-only, data is writable and does not run, all in pages of 4 KiB. */
static bool image_rights_are_right(const struct boot_handoff *handoff)
{
    (void)handoff;
    uint64_t code_bytes;
    uint64_t data_bytes;
    uint64_t constant_bytes;
    uint64_t code = entry_of((uint64_t)stub_main, &code_bytes);
    uint64_t data = entry_of((uint64_t)&data_word, &data_bytes);
    uint64_t constant = entry_of((uint64_t)checks, &constant_bytes);
    return code_bytes == page_bytes && data_bytes == page_bytes && constant_bytes == page_bytes &&
           (code & (entry_writable | entry_no_execute)) == 0 &&
           (data & (entry_writable | entry_no_execute)) == (entry_writable | entry_no_execute) &&
           (constant & (entry_writable | entry_no_execute)) == entry_no_execute;
}

static bool platform_is_there(const struct boot_handoff *handoff)
{
    const struct boot_platform *platform = &handoff->platform;
    return platform->acpi_rsdp != 0 && platform->local_apic_address != 0 &&
           platform->hpet_address != 0 && platform->io_apic_count >= 1 &&
           platform->io_apic_count <= boot_io_apics_max && platform->io_apics[0].address != 0 &&
           platform->override_count <= boot_interrupt_overrides_max;
}
