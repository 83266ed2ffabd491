/* SPDX-License-Identifier: ISC */
/* Tests of what fits where. */
#include <lib/testing/check.h>

#include "../extent.h"

static const struct geometry disk = {.block_count = 1000, .block_bytes = 512};

static bool fits(uint64_t first_block, uint32_t block_count, uint32_t offset_bytes)
{
    const struct extent extent = {first_block, block_count, offset_bytes};
    return extent_fits(&extent, &disk, 8192);
}

static void ends_of_the_disk(void)
{
    CHECK(fits(0, 1, 0));
    CHECK(fits(999, 1, 0));
    CHECK(fits(984, 16, 0));
    CHECK(!fits(985, 16, 0));
    CHECK(!fits(1000, 1, 0));
    CHECK(!fits(UINT64_MAX, 1, 0));
    CHECK(!fits(UINT64_MAX, 2, 0));
    CHECK(!fits(0, 0, 0));
}

static void ends_of_the_memory(void)
{
    CHECK(fits(0, 16, 0));
    CHECK(!fits(0, 17, 0));
    CHECK(fits(0, 1, 8192 - 512));
    CHECK(!fits(0, 2, 8192 - 512));
    CHECK(!fits(0, 1, 8192));
    CHECK(!fits(0, 1, UINT32_MAX - 511));
    CHECK(!fits(0, 1, 256));
    CHECK(!fits(0, UINT32_MAX, 512));
}

static void product_does_not_wrap(void)
{
    const struct geometry large = {.block_count = UINT64_C(1) << 50, .block_bytes = 4096};
    const struct extent extent = {.block_count = UINT32_C(1) << 20}; /* 4 GiB: 0 in 32 bits */
    CHECK(!extent_fits(&extent, &large, 8192));
}

static void geometry_of_devices(void)
{
    struct geometry geometry;
    CHECK(geometry_decode(1000, 512, &geometry));
    CHECK_EQUAL(geometry.block_count, 1000);
    CHECK(geometry_decode(1007, 4096, &geometry));
    CHECK_EQUAL(geometry.block_count, 125);
    CHECK_EQUAL(geometry.block_bytes, 4096);
    CHECK(!geometry_decode(7, 4096, &geometry));
    CHECK(!geometry_decode(0, 512, &geometry));
    CHECK(!geometry_decode(1000, 1024, &geometry));
    CHECK(!geometry_decode(1000, 0, &geometry));
    CHECK(!geometry_decode(UINT64_MAX, 512, &geometry));
}

int main(void)
{
    TEST(ends_of_the_disk);
    TEST(ends_of_the_memory);
    TEST(product_does_not_wrap);
    TEST(geometry_of_devices);
    return check_report();
}
