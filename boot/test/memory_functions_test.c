/* SPDX-License-Identifier: ISC */
/* Tests of the loader's own <string.h> functions, compiled under other names, against the host's.
 */
#include <lib/testing/check.h>
#include <stdint.h>
#include <string.h>

constexpr size_t area_bytes = 80;
constexpr size_t length_max = 33;

/* What meson.build calls them in this test. */
void *loader_memcpy(void *restrict target, const void *restrict source, size_t size_bytes);
void *loader_memmove(void *target, const void *source, size_t size_bytes);
void *loader_memset(void *target, int value, size_t size_bytes);
int loader_memcmp(const void *left, const void *right, size_t size_bytes);
int loader_strcmp(const char *left, const char *right);

static void area_fill(uint8_t *area)
{
    for (size_t at = 0; at < area_bytes; at++) {
        area[at] = (uint8_t)(at * 7 + 1);
    }
}

/* Every distance and length around the word size, both directions of overlap. */
static void memory_moves_as_the_hosts(void)
{
    uint8_t ours[area_bytes];
    uint8_t theirs[area_bytes];
    for (size_t target = 0; target < length_max; target++) {
        for (size_t source = 0; source < length_max; source++) {
            for (size_t length = 0; length < length_max; length++) {
                area_fill(ours);
                area_fill(theirs);
                CHECK(loader_memmove(ours + target, ours + source, length) == ours + target);
                memmove(theirs + target, theirs + source, length);
                CHECK(memcmp(ours, theirs, area_bytes) == 0);
            }
        }
    }
}

static void memory_copies_and_fills_as_the_hosts(void)
{
    uint8_t source[area_bytes];
    uint8_t ours[area_bytes];
    uint8_t theirs[area_bytes];
    area_fill(source);
    for (size_t at = 0; at < length_max; at++) {
        for (size_t length = 0; length < length_max; length++) {
            memset(ours, 0, area_bytes);
            memset(theirs, 0, area_bytes);
            CHECK(loader_memcpy(ours + at, source + 3, length) == ours + at);
            memcpy(theirs + at, source + 3, length);
            CHECK(memcmp(ours, theirs, area_bytes) == 0);
            CHECK(loader_memset(ours + at, 0x1a5, length) == ours + at);
            memset(theirs + at, 0x1a5, length);
            CHECK(memcmp(ours, theirs, area_bytes) == 0);
        }
    }
}

static int sign_of(int value)
{
    return (value > 0) - (value < 0);
}

static void memory_compares_as_the_hosts(void)
{
    uint8_t left[area_bytes];
    uint8_t right[area_bytes];
    for (size_t length = 0; length < length_max; length++) {
        for (size_t changed = 0; changed < length_max; changed++) {
            area_fill(left);
            area_fill(right);
            right[changed] ^= 0x81;
            CHECK_EQUAL(loader_memcmp(left, right, length), sign_of(memcmp(left, right, length)));
        }
    }
    CHECK(loader_strcmp("", "") == 0);
    CHECK(loader_strcmp("kernel", "kernel") == 0);
    CHECK(loader_strcmp("kern", "kernel") < 0);
    CHECK(loader_strcmp("kernel", "kern") > 0);
    CHECK(loader_strcmp("\x80", "a") > 0);
}

int main(void)
{
    TEST(memory_moves_as_the_hosts);
    TEST(memory_copies_and_fills_as_the_hosts);
    TEST(memory_compares_as_the_hosts);
    return check_report();
}
