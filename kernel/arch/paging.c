/* SPDX-License-Identifier: ISC */
/*
 * The kernel's half of every address space (Intel SDM volume 3, 4.5), made once and never changed.
 *
 * Invariants
 *  1. No page is both writable and executable; nothing but the kernel's text is executable.
 *  2. Text and read-only data are writable through no mapping.
 *  3. The direct map covers RAM only, never a device or memory of the firmware.
 *  4. Below each stack lies a page that is not mapped.
 *  5. No page of this half is for user mode; all are global.
 *
 * It owns the top table and the pool of memory that the tables below it come from, off the end of
 * one free region.
 */
#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/arch/device.h>
#include <kernel/arch/image.h>
#include <kernel/arch/page_entry.h>
#include <kernel/arch/stack.h>
#include <kernel/memory.h>
#include <kernel/panic.h>
#include <lib/base/base.h>

constexpr uint64_t kernel_text = entry_present | entry_global;
constexpr uint64_t kernel_read_only = kernel_text | entry_no_execute;
constexpr uint64_t kernel_data = kernel_read_only | entry_writable;
constexpr uint64_t kernel_device = kernel_data | entry_no_cache | entry_write_through;

constexpr uint64_t page_bytes = 1 << small_page_bits;

/* Top table, two each of the next two levels, and small ones for an image of up to 32 MiB and for
 * the devices. */
constexpr uint64_t tables_for_image_and_devices = 24;

constexpr uint32_t cpuid_extended = 0x80000001;
constexpr uint32_t cpuid_extended_edx_huge_pages = 1U << 26;
constexpr uint64_t cr4_global_pages = 1 << 7;

/* The direct map ends where the kernel's image has its entry of the top table. */
constexpr uint64_t direct_map_bytes_max =
    (kernel_base & ~((UINT64_C(1) << top_entry_bits) - 1)) - direct_map_base;

struct range {
    uint64_t begin;
    uint64_t end;
};

/* What programs must never map: pool, image, one for each device window, and where a write is an
 * interrupt message (volume 3, 11.11): with it a program could raise any vector. */
constexpr uint32_t reserved_max = 3 + DEVICE_WINDOW_COUNT;
constexpr struct range message_window = {0xfee00000, 0xfef00000};

static struct {
    uint64_t *top_table;
    struct boot_region *pool; /* a free region; it shrinks with each page that is taken */
    uint64_t pool_end;        /* where that region ended before */
    uint64_t kernel_address;
    uint32_t largest_page_bits;
    uint32_t reserved_count;
    struct range reserved[reserved_max];
    uint32_t kernel_entry_count; /* of those in use of the top table's upper half */
    uint16_t kernel_entries[table_entries / 2];
} paging;

static bool region_is_ram(const struct boot_region *region)
{
    return region->kind == BOOT_REGION_FREE || region->kind == BOOT_REGION_LOADER ||
           region->kind == BOOT_REGION_KERNEL || region->kind == BOOT_REGION_MODULE ||
           region->kind == BOOT_REGION_ACPI;
}

static uint64_t region_end(const struct boot_region *region)
{
    return region == paging.pool ? paging.pool_end : region->address + region->size_bytes;
}

/* An upper bound of the tables that this machine needs: at most two small and two large ones at the
 * ends of each run of RAM, those in between, and those of image and devices. */
static uint64_t tables_needed(const struct boot_handoff *handoff)
{
    uint64_t huge_pages = 0;
    for (uint32_t i = 0; i < handoff->region_count; i++) {
        huge_pages += (handoff->regions[i].size_bytes >> huge_page_bits) + 1;
    }
    bool has_huge_pages = paging.largest_page_bits == huge_page_bits;
    return tables_for_image_and_devices + UINT64_C(4) * handoff->region_count +
           (has_huge_pages ? huge_pages / table_entries + 1 : huge_pages);
}

/* The pool is the smallest free region that suffices and that the loader's tables reach: the large
 * ones stay whole. */
static void choose_pool(struct boot_handoff *handoff)
{
    uint64_t needed_bytes = tables_needed(handoff) * page_bytes;
    for (uint32_t i = 0; i < handoff->region_count; i++) {
        struct boot_region *region = &handoff->regions[i];
        bool usable = region->kind == BOOT_REGION_FREE && region->size_bytes > needed_bytes &&
                      region_end(region) <= handoff->direct_map_bytes;
        if (usable && (paging.pool == nullptr || region->size_bytes < paging.pool->size_bytes)) {
            paging.pool = region;
        }
    }
    if (paging.pool == nullptr) {
        panic_refuse(MARKER_KERNEL_REFUSED_NO_MEMORY, "no free region for page tables");
    }
    paging.pool_end = paging.pool->address + paging.pool->size_bytes;
}

static uint64_t *take_table(void)
{
    kassert(paging.pool->size_bytes >= 2 * page_bytes); /* tables_needed is an upper bound */
    paging.pool->size_bytes -= page_bytes;
    uint64_t *table = kernel_pointer(paging.pool->address + paging.pool->size_bytes);
    for (uint32_t i = 0; i < table_entries; i++) {
        table[i] = 0;
    }
    return table;
}

/* The entry that maps 2^bits bytes at `address`; makes the tables that are missing on the way. */
static uint64_t *entry_for(uint64_t address, uint32_t bits)
{
    uint64_t *table = paging.top_table;
    for (uint32_t level = top_entry_bits;; level -= index_bits) {
        uint64_t *entry = &table[address >> level & (table_entries - 1)];
        if (level == bits) {
            return entry;
        }
        if (*entry == 0) {
            *entry = physical_address(take_table()) | entry_present | entry_writable;
        }
        kassert((*entry & entry_large) == 0);
        table = kernel_pointer(*entry & entry_address_mask);
    }
}

/* Map [range) of physical memory at `offset` from it, in the largest pages that fit. */
static void map(struct range range, uint64_t offset, uint64_t flags)
{
    uint64_t at = range.begin;
    while (at < range.end) {
        uint32_t bits = paging.largest_page_bits;
        while (bits > small_page_bits && (!is_aligned(at | (at + offset), UINT64_C(1) << bits) ||
                                             range.end - at < UINT64_C(1) << bits)) {
            bits -= index_bits;
        }
        uint64_t *entry = entry_for(at + offset, bits);
        kassert(*entry == 0);
        *entry = at | flags | (bits > small_page_bits ? entry_large : 0);
        at += UINT64_C(1) << bits;
    }
}

static void reserve(struct range range)
{
    kassert(paging.reserved_count < reserved_max);
    paging.reserved[paging.reserved_count++] = range;
}

/* --- the kernel's image --- */

static void map_image_part(const void *begin, const void *end, uint64_t flags)
{
    uint64_t offset = kernel_base - paging.kernel_address;
    map((struct range){(uint64_t)begin - offset, (uint64_t)end - offset}, offset, flags);
}

static void map_image(void)
{
    map_image_part(image_begin, image_read_only_begin, kernel_text);
    map_image_part(image_read_only_begin, image_data_begin, kernel_read_only);
    const void *begin = image_data_begin;
    for (uint32_t use = 0; use < STACK_COUNT; use++) { /* all but their guard pages */
        map_image_part(begin, stacks[use].guard, kernel_data);
        begin = stacks[use].bytes;
    }
    map_image_part(begin, image_end, kernel_data);
}

/* --- the direct map --- */

static void map_direct(uint64_t begin, uint64_t end, uint64_t flags)
{
    if (begin < end) {
        map((struct range){begin, end}, direct_map_base, flags);
    }
}

static uint64_t lower(uint64_t left, uint64_t right)
{
    return left < right ? left : right;
}

static uint64_t higher(uint64_t left, uint64_t right)
{
    return left > right ? left : right;
}

/* RAM in three parts: below, in and above the image's text and read-only data. */
static void map_ram(struct range ram)
{
    if (ram.end > direct_map_bytes_max) {
        panic_refuse(MARKER_KERNEL_REFUSED_HANDOFF, "memory beyond the direct map");
    }
    uint64_t fixed_begin = paging.kernel_address;
    uint64_t fixed_end = fixed_begin + (uint64_t)(image_data_begin - image_begin);
    map_direct(ram.begin, lower(ram.end, fixed_begin), kernel_data);
    map_direct(higher(ram.begin, fixed_begin), lower(ram.end, fixed_end), kernel_read_only);
    map_direct(higher(ram.begin, fixed_end), ram.end, kernel_data);
}

static void map_all_ram(const struct boot_handoff *handoff)
{
    struct range run = {};
    for (uint32_t i = 0; i < handoff->region_count; i++) {
        const struct boot_region *region = &handoff->regions[i];
        if (!region_is_ram(region)) {
            continue;
        }
        if (region->address != run.end) { /* neighbours share large pages */
            map_ram(run);
            run.begin = region->address;
        }
        run.end = region_end(region);
    }
    map_ram(run);
}

/* --- devices --- */

static void map_device(enum device_window window, uint64_t address)
{
    if (address == 0) {
        panic_refuse(MARKER_KERNEL_REFUSED_ACPI, "no address for APIC or HPET");
    }
    uint64_t page = align_down(address, page_bytes);
    uint64_t *entry = entry_for(device_window_base + window * device_window_bytes, small_page_bits);
    *entry = page | kernel_device;
    reserve((struct range){page, page + page_bytes});
}

static void map_devices(const struct boot_platform *platform)
{
    map_device(DEVICE_WINDOW_LOCAL_APIC, platform->local_apic_address);
    map_device(DEVICE_WINDOW_HPET, platform->hpet_address);
    if (platform->io_apic_count == 0 || platform->io_apic_count > boot_io_apics_max) {
        panic_refuse(MARKER_KERNEL_REFUSED_ACPI, "number of I/O APICs");
    }
    for (uint32_t i = 0; i < platform->io_apic_count; i++) {
        map_device(DEVICE_WINDOW_IO_APIC_FIRST + i, platform->io_apics[i].address);
    }
}

/* No entry of the top table is made after this. */
static void note_kernel_entries(void)
{
    for (uint16_t i = table_entries / 2; i < table_entries; i++) {
        if (paging.top_table[i] != 0) {
            paging.kernel_entries[paging.kernel_entry_count++] = i;
        }
    }
}

/* --- offered --- */

void arch_init_memory(struct boot_handoff *handoff)
{
    bool has_huge_pages =
        (cpu_read_cpuid(cpuid_extended, 0).edx & cpuid_extended_edx_huge_pages) != 0;
    paging.largest_page_bits = has_huge_pages ? huge_page_bits : large_page_bits;
    paging.kernel_address = handoff->kernel_address;
    choose_pool(handoff);
    paging.top_table = take_table();

    map_image();
    map_all_ram(handoff);
    map_devices(&handoff->platform);
    note_kernel_entries();

    uint64_t image_bytes = (uint64_t)(image_end - image_begin);
    reserve(message_window);
    reserve((struct range){paging.kernel_address, paging.kernel_address + image_bytes});
    reserve((struct range){paging.pool->address + paging.pool->size_bytes, paging.pool_end});

    cpu_write_cr3(physical_address(paging.top_table));
    cpu_write_cr4(cpu_read_cr4() & ~cr4_global_pages); /* forgets the loader's global pages too */
    cpu_write_cr4(cpu_read_cr4() | cr4_global_pages);
}

void arch_fill_kernel_half(uint64_t *top_table)
{
    for (uint32_t i = 0; i < paging.kernel_entry_count; i++) {
        const uint16_t entry = paging.kernel_entries[i];
        top_table[entry] = paging.top_table[entry];
    }
}

uint64_t arch_kernel_table(void)
{
    return physical_address(paging.top_table);
}

bool arch_is_reserved(uint64_t address, uint64_t size_bytes)
{
    uint64_t end = address + size_bytes;
    for (uint32_t i = 0; i < paging.reserved_count; i++) {
        if (address < paging.reserved[i].end && paging.reserved[i].begin < end) {
            return true;
        }
    }
    return false;
}
