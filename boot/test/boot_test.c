/* SPDX-License-Identifier: ISC */
/* Tests of the loader's pure parts: regions, module layout, page tables, memory functions. */
#include <lib/testing/check.h>
#include <stdint.h>
#include <stdlib.h>

#include "../layout.h"
#include "../paging.h"
#include "../regions.h"
#include "../uefi.h"

constexpr uint32_t capacity = 8;
constexpr uint64_t page = 4096;
constexpr uint64_t large_page = UINT64_C(2) << 20;
constexpr uint64_t higher_half = UINT64_C(0xffff800000000000);

static struct boot_region room[capacity];

static struct region_list empty_list(void)
{
    return (struct region_list){.regions = room, .capacity = capacity};
}

static void check_region(const struct region_list *list, uint32_t index, struct boot_region wanted)
{
    CHECK(index < list->count);
    CHECK_EQUAL(list->regions[index].address, wanted.address);
    CHECK_EQUAL(list->regions[index].size_bytes, wanted.size_bytes);
    CHECK_EQUAL(list->regions[index].kind, wanted.kind);
}

static void regions_are_sorted_and_joined(void)
{
    struct region_list list = empty_list();
    CHECK(regions_add(&list, 8 * page, page, BOOT_REGION_FREE) == STATUS_OK);
    CHECK(regions_add(&list, 2 * page, page, BOOT_REGION_ACPI) == STATUS_OK);
    CHECK(regions_add(&list, 3 * page, page, BOOT_REGION_FREE) == STATUS_OK);
    CHECK(regions_add(&list, 4 * page, 4 * page, BOOT_REGION_FREE) == STATUS_OK);
    regions_merge(&list);
    CHECK_EQUAL(list.count, 2);
    check_region(&list, 0, (struct boot_region){2 * page, page, BOOT_REGION_ACPI, 0});
    check_region(&list, 1, (struct boot_region){3 * page, 6 * page, BOOT_REGION_FREE, 0});
}

static void regions_refuse_nonsense(void)
{
    struct region_list list = empty_list();
    CHECK(regions_add(&list, 4 * page, 2 * page, BOOT_REGION_FREE) == STATUS_OK);
    CHECK(regions_add(&list, 5 * page, page, BOOT_REGION_FREE) == STATUS_CORRUPT);
    CHECK(regions_add(&list, 3 * page, 2 * page, BOOT_REGION_ACPI) == STATUS_CORRUPT);
    CHECK(regions_add(&list, 8 * page, 0, BOOT_REGION_FREE) == STATUS_CORRUPT);
    CHECK(regions_add(&list, 8 * page + 1, page, BOOT_REGION_FREE) == STATUS_CORRUPT);
    CHECK(regions_add(&list, -page, 2 * page, BOOT_REGION_FREE) == STATUS_CORRUPT);
    CHECK_EQUAL(list.count, 1);
}

static void regions_have_a_limit(void)
{
    struct region_list list = empty_list();
    for (uint64_t index = 0; index < capacity; index++) {
        CHECK(regions_add(&list, 4 * index * page, 3 * page, BOOT_REGION_FREE) == STATUS_OK);
    }
    CHECK(regions_add(&list, 100 * page, page, BOOT_REGION_FREE) == STATUS_TOO_LARGE);
    uint64_t changed = 0;
    CHECK(regions_convert(&list, page, page, BOOT_REGION_KERNEL, &changed) == STATUS_TOO_LARGE);
}

static void regions_convert_only_free_memory(void)
{
    struct region_list list = empty_list();
    CHECK(regions_add(&list, 0, 4 * page, BOOT_REGION_FREE) == STATUS_OK);
    CHECK(regions_add(&list, 4 * page, 4 * page, BOOT_REGION_DEVICE) == STATUS_OK);
    CHECK(regions_add(&list, 8 * page, 4 * page, BOOT_REGION_FREE) == STATUS_OK);
    uint64_t changed = 0;
    CHECK(regions_convert(&list, 2 * page, 8 * page, BOOT_REGION_MODULE, &changed) == STATUS_OK);
    CHECK_EQUAL(changed, 4 * page);
    regions_merge(&list);
    CHECK_EQUAL(list.count, 5);
    check_region(&list, 0, (struct boot_region){0, 2 * page, BOOT_REGION_FREE, 0});
    check_region(&list, 1, (struct boot_region){2 * page, 2 * page, BOOT_REGION_MODULE, 0});
    check_region(&list, 2, (struct boot_region){4 * page, 4 * page, BOOT_REGION_DEVICE, 0});
    check_region(&list, 3, (struct boot_region){8 * page, 2 * page, BOOT_REGION_MODULE, 0});
    check_region(&list, 4, (struct boot_region){10 * page, 2 * page, BOOT_REGION_FREE, 0});
}

static void regions_convert_inside_one(void)
{
    struct region_list list = empty_list();
    CHECK(regions_add(&list, 0, 9 * page, BOOT_REGION_FREE) == STATUS_OK);
    uint64_t changed = 0;
    CHECK(regions_convert(&list, 3 * page, 2 * page, BOOT_REGION_KERNEL, &changed) == STATUS_OK);
    CHECK_EQUAL(changed, 2 * page);
    CHECK_EQUAL(list.count, 3);
    check_region(&list, 1, (struct boot_region){3 * page, 2 * page, BOOT_REGION_KERNEL, 0});
    CHECK(regions_convert(&list, 20 * page, page, BOOT_REGION_KERNEL, &changed) == STATUS_OK);
    CHECK_EQUAL(changed, 0);
}

static void ram_ends_below_what_firmware_reserves(void)
{
    struct region_list list = empty_list();
    CHECK_EQUAL(regions_ram_end(&list), 0);
    CHECK(regions_add(&list, page, 3 * page, BOOT_REGION_FREE) == STATUS_OK);
    CHECK(regions_add(&list, 90 * page, page, BOOT_REGION_FIRMWARE) == STATUS_OK);
    CHECK(regions_add(&list, 99 * page, page, BOOT_REGION_DEVICE) == STATUS_OK);
    CHECK_EQUAL(regions_ram_end(&list), 4 * page);
}

static void unknown_memory_is_left_alone(void)
{
    CHECK(regions_kind(EFI_MEMORY_CONVENTIONAL) == BOOT_REGION_FREE);
    CHECK(regions_kind(EFI_MEMORY_BOOT_SERVICES_DATA) == BOOT_REGION_FREE);
    CHECK(regions_kind(EFI_MEMORY_RUNTIME_DATA) == BOOT_REGION_FIRMWARE);
    CHECK(regions_kind(EFI_MEMORY_ACPI_NVS) == BOOT_REGION_ACPI);
    CHECK(regions_kind(EFI_MEMORY_DEVICE) == BOOT_REGION_DEVICE);
    CHECK(regions_kind(EFI_MEMORY_TYPE_COUNT) == BOOT_REGION_FIRMWARE);
    CHECK(regions_kind(0x80000000) == BOOT_REGION_FIRMWARE);
}

static void modules_are_padded(void)
{
    CHECK_EQUAL(layout_padded_bytes(1), page);
    CHECK_EQUAL(layout_padded_bytes(page), page);
    CHECK_EQUAL(layout_padded_bytes(page + 1), 2 * page);
    CHECK_EQUAL(layout_padded_bytes(5 * page), 8 * page);
    CHECK_EQUAL(layout_padded_bytes(large_page - 1), large_page);
    CHECK_EQUAL(layout_padded_bytes(large_page), large_page);
    CHECK_EQUAL(layout_padded_bytes(large_page + 1), 2 * large_page);
    CHECK_EQUAL(layout_padded_bytes(5 * large_page - 7), 5 * large_page);
}

/* Every mixture is placed without gap and overlap, each module on a multiple of its room. */
static void modules_are_aligned(void)
{
    uint64_t sizes[16];
    uint64_t offsets[16];
    srand(1);
    for (int round = 0; round < 1000; round++) {
        uint64_t sum = 0;
        for (int index = 0; index < 16; index++) {
            sizes[index] = 1 + (uint64_t)rand() % (UINT64_C(1) << (1 + rand() % 23));
            sum += layout_padded_bytes(sizes[index]);
        }
        CHECK_EQUAL(layout_place(sizes, 16, offsets), sum);
        for (int index = 0; index < 16; index++) {
            uint64_t padded = layout_padded_bytes(sizes[index]);
            CHECK_EQUAL(offsets[index] % (padded < large_page ? padded : large_page), 0);
            CHECK(offsets[index] + padded <= sum);
            for (int other = 0; other < index; other++) {
                CHECK(offsets[other] + layout_padded_bytes(sizes[other]) <= offsets[index] ||
                      offsets[index] + padded <= offsets[other]);
            }
        }
    }
}

static uint64_t *entry_at(uint64_t *table, uint64_t address, uint32_t leaf_shift)
{
    for (uint32_t shift = 39; shift > leaf_shift; shift -= 9) {
        uint64_t entry = table[address >> shift & 511];
        CHECK_EQUAL(entry & 0xfff, 3);
        table = (uint64_t *)(uintptr_t)(entry & 0x000ffffffffff000);
    }
    return &table[address >> leaf_shift & 511];
}

static void tables_map_with_rights(void)
{
    struct page_mapping direct = {.virtual_address = higher_half,
        .physical_address = 0,
        .size_bytes = UINT64_C(5) << 30,
        .page_bytes = large_page,
        .rights = PAGE_WRITE};
    struct page_mapping code = {.virtual_address = UINT64_C(0xffffffff801ff000),
        .physical_address = 7 * page,
        .size_bytes = 2 * page,
        .page_bytes = page,
        .rights = PAGE_EXECUTE};
    CHECK_EQUAL(page_tables_needed(direct), 1 + 5);
    CHECK_EQUAL(page_tables_needed(code), 1 + 1 + 2);
    uint32_t count = (uint32_t)(1 + page_tables_needed(direct) + page_tables_needed(code));
    void *memory = aligned_alloc(page, count * page);
    struct page_tables tables;
    page_tables_init(&tables, memory, count);
    CHECK(page_tables_map(&tables, direct) == STATUS_OK);
    CHECK(page_tables_map(&tables, code) == STATUS_OK);
    CHECK_EQUAL(tables.used_count, count);
    uint64_t third = 3 * large_page + (UINT64_C(4) << 30);
    CHECK_EQUAL(*entry_at(tables.top, higher_half + third, 21), third | 0x83 | UINT64_C(1) << 63);
    CHECK_EQUAL(*entry_at(tables.top, code.virtual_address, 12), (7 * page) | 1);
    CHECK_EQUAL(*entry_at(tables.top, code.virtual_address + page, 12), (8 * page) | 1);
    CHECK_EQUAL(*entry_at(tables.top, code.virtual_address + 2 * page, 12), 0);
    CHECK(page_tables_map(&tables, code) == STATUS_EXISTS);
    free(memory);
}

static void tables_have_a_limit(void)
{
    void *memory = aligned_alloc(page, 3 * page);
    struct page_tables tables;
    page_tables_init(&tables, memory, 3);
    struct page_mapping mapping = {.size_bytes = page, .page_bytes = page, .rights = PAGE_READ};
    CHECK_EQUAL(page_tables_needed(mapping), 3);
    CHECK(page_tables_map(&tables, mapping) == STATUS_NO_MEMORY);
    free(memory);
}

int main(void)
{
    TEST(regions_are_sorted_and_joined);
    TEST(regions_refuse_nonsense);
    TEST(regions_have_a_limit);
    TEST(regions_convert_only_free_memory);
    TEST(regions_convert_inside_one);
    TEST(ram_ends_below_what_firmware_reserves);
    TEST(unknown_memory_is_left_alone);
    TEST(modules_are_padded);
    TEST(modules_are_aligned);
    TEST(tables_map_with_rights);
    TEST(tables_have_a_limit);
    return check_report();
}
