/* SPDX-License-Identifier: ISC */
/* Places: alignment, no overlap, reuse, exhaustion, separate address spaces. */
#include <abi/startup.h>
#include <lib/testing/check.h>

#include "../layout.h"

static struct layout_pool pool;

static void test_places_are_aligned_and_disjoint(void)
{
    struct layout layout;
    layout_pool_init(&pool);
    layout_init(&layout, &pool);
    uint64_t end = mapping_base;
    for (uint32_t round = 0; round < 200; round++) {
        const uint32_t bits = frame_bits_min + round * 7 % layout_size_count;
        uint32_t place = layout_no_place;
        CHECK(layout_take(&layout, bits, &place) == STATUS_OK);
        const uint64_t address = pool.places[place].address;
        CHECK(address % (UINT64_C(1) << bits) == 0 && address >= end);
        end = address + (UINT64_C(1) << bits);
    }
}

static void test_reuse(void)
{
    struct layout layout;
    layout_pool_init(&pool);
    layout_init(&layout, &pool);
    uint32_t first = layout_no_place;
    uint32_t second = layout_no_place;
    CHECK(layout_take(&layout, 12, &first) == STATUS_OK);
    CHECK(layout_take(&layout, 12, &second) == STATUS_OK);
    const uint64_t address = pool.places[first].address;
    CHECK(layout_find(&layout, address) == first);
    layout_give(&layout, first);
    CHECK(layout_find(&layout, address) == layout_no_place);
    uint32_t other_size = layout_no_place;
    CHECK(layout_take(&layout, 13, &other_size) == STATUS_OK);
    CHECK(pool.places[other_size].address != address);
    uint32_t again = layout_no_place;
    CHECK(layout_take(&layout, 12, &again) == STATUS_OK);
    CHECK(pool.places[again].address == address);
}

static void test_fixed_places_are_not_found(void)
{
    struct layout layout;
    layout_pool_init(&pool);
    layout_init(&layout, &pool);
    uint32_t place = layout_no_place;
    CHECK(layout_take_fixed(&layout, program_base, &place) == STATUS_OK);
    CHECK(layout_find(&layout, program_base) == layout_no_place);
    CHECK(layout_any(&layout) == place);
}

static void test_all_places_come_back(void)
{
    struct layout layouts[2];
    layout_pool_init(&pool);
    for (uint32_t round = 0; round < 3; round++) {
        layout_init(&layouts[0], &pool);
        layout_init(&layouts[1], &pool);
        uint32_t count = 0;
        uint32_t place = layout_no_place;
        while (layout_take(&layouts[count % 2], 12 + count % 3, &place) == STATUS_OK) {
            count++;
        }
        CHECK_EQUAL(count, layout_places_max);
        for (uint32_t index = 0; index < 2; index++) {
            while (layout_any(&layouts[index]) != layout_no_place) {
                layout_give(&layouts[index], layout_any(&layouts[index]));
            }
            layout_destroy(&layouts[index]);
        }
    }
}

static void test_sizes_are_checked(void)
{
    struct layout layout;
    layout_pool_init(&pool);
    layout_init(&layout, &pool);
    uint32_t place = layout_no_place;
    CHECK(layout_take(&layout, frame_bits_min - 1, &place) == STATUS_INVALID_ARGUMENT);
    CHECK(layout_take(&layout, frame_bits_max + 1, &place) == STATUS_INVALID_ARGUMENT);
    layout.next_address = mapping_end - 4096;
    CHECK(layout_take(&layout, 13, &place) == STATUS_NO_SPACE);
    CHECK(layout_take(&layout, 12, &place) == STATUS_OK);
}

int main(void)
{
    TEST(test_places_are_aligned_and_disjoint);
    TEST(test_reuse);
    TEST(test_fixed_places_are_not_found);
    TEST(test_all_places_come_back);
    TEST(test_sizes_are_checked);
    return check_report();
}
