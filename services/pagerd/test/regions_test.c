/* SPDX-License-Identifier: ISC */
/* Frames of heap and stack: sizes at the edges, no overlap, refusals. */
#include <abi/startup.h>
#include <lib/testing/check.h>

#include "../regions.h"

static void test_edges(void)
{
    const struct regions regions = {.heap_bytes = 0x10000 + 0x5000, .stack_bytes = 0x5000};
    struct region_frame frame = {};
    CHECK(regions_find_frame(&regions, heap_base + 0xffff, &frame) == STATUS_OK);
    CHECK(frame.address == heap_base && frame.bits == 16);
    CHECK(regions_find_frame(&regions, heap_base + 0x10000, &frame) == STATUS_OK);
    CHECK(frame.address == heap_base + 0x10000 && frame.bits == 14);
    CHECK(regions_find_frame(&regions, heap_base + 0x14fff, &frame) == STATUS_OK);
    CHECK(frame.address == heap_base + 0x14000 && frame.bits == 12);
    CHECK(regions_find_frame(&regions, heap_base + 0x15000, &frame) == STATUS_NOT_FOUND);
    CHECK(regions_find_frame(&regions, heap_base - 1, &frame) == STATUS_NOT_FOUND);
    CHECK(regions_find_frame(&regions, stack_top - 1, &frame) == STATUS_OK);
    CHECK(frame.address == stack_top - 0x4000 && frame.bits == 14);
    CHECK(regions_find_frame(&regions, stack_top - 0x4001, &frame) == STATUS_OK);
    CHECK(frame.address == stack_top - 0x5000 && frame.bits == 12);
    CHECK(regions_find_frame(&regions, stack_top - 0x5001, &frame) == STATUS_NOT_FOUND);
    CHECK(regions_find_frame(&regions, stack_top, &frame) == STATUS_NOT_FOUND);
}

/* Every page of a region is backed by one frame, the same for all of its pages. */
static void test_no_overlap(void)
{
    for (uint64_t pages = 0; pages < 40; pages++) {
        const struct regions regions = {.heap_bytes = pages << 12, .stack_bytes = pages << 12};
        uint64_t covered = 0;
        while (covered < regions.heap_bytes) {
            struct region_frame frame = {};
            CHECK(regions_find_frame(&regions, heap_base + covered, &frame) == STATUS_OK);
            CHECK(frame.address == heap_base + covered);
            covered += UINT64_C(1) << frame.bits;
        }
        CHECK(covered == regions.heap_bytes);
    }
}

static void test_validity(void)
{
    CHECK(regions_are_valid(&(struct regions){}));
    CHECK(regions_are_valid(&(struct regions){.heap_bytes = region_bytes_max}));
    CHECK(!regions_are_valid(&(struct regions){.heap_bytes = region_bytes_max + 4096}));
    CHECK(!regions_are_valid(&(struct regions){.heap_bytes = 1}));
    CHECK(!regions_are_valid(&(struct regions){.stack_bytes = UINT64_C(1) << 30}));
}

int main(void)
{
    TEST(test_edges);
    TEST(test_no_overlap);
    TEST(test_validity);
    return check_report();
}
