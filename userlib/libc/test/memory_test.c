/* SPDX-License-Identifier: ISC */
/* Memory and string functions against the host's, over random sizes, alignments and overlaps. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include <lib/testing/check.h>

#include "random.h"
#include "renamed.h"

constexpr unsigned case_count = 20000;
constexpr size_t area_bytes = 1024;

static struct random numbers = {.state = 1};

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void fill(uint8_t *memory, size_t bytes, uint32_t alphabet)
{
    for (size_t at = 0; at < bytes; at++) {
        memory[at] = (uint8_t)random_below(&numbers, alphabet);
    }
}

static void copies(void)
{
    uint8_t wanted[area_bytes];
    uint8_t actual[area_bytes];
    uint8_t source[area_bytes];
    for (unsigned turn = 0; turn < case_count; turn++) {
        size_t bytes = random_below(&numbers, turn % 2 == 0 ? 40 : 500);
        size_t to = random_below(&numbers, 500);
        size_t from = random_below(&numbers, 500);
        fill(source, sizeof(source), 256);
        memcpy(wanted, source, sizeof(wanted));
        memcpy(actual, source, sizeof(actual));
        memmove(wanted + to, wanted + from, bytes);
        CHECK(erix_memmove(actual + to, actual + from, bytes) == actual + to);
        CHECK(memcmp(wanted, actual, sizeof(wanted)) == 0);
        memcpy(wanted + to, source + from, bytes);
        CHECK(erix_memcpy(actual + to, source + from, bytes) == actual + to);
        CHECK(memcmp(wanted, actual, sizeof(wanted)) == 0);
        memset(wanted + from, (int)turn, bytes);
        CHECK(erix_memset(actual + from, (int)turn, bytes) == actual + from);
        CHECK(memcmp(wanted, actual, sizeof(wanted)) == 0);
    }
}

static void searches(void)
{
    uint8_t left[200];
    uint8_t right[200];
    for (unsigned turn = 0; turn < case_count; turn++) {
        size_t bytes = random_below(&numbers, 150);
        size_t offset = random_below(&numbers, 50);
        fill(left, sizeof(left), 3);
        memcpy(right, left, sizeof(right));
        if (turn % 4 != 0) {
            right[random_below(&numbers, sizeof(right))] ^= (uint8_t)random_next(&numbers);
        }
        CHECK_EQUAL(sign(erix_memcmp(left + offset, right + offset, bytes)),
            sign(memcmp(left + offset, right + offset, bytes)));
        int value = (int)random_below(&numbers, 40);
        CHECK(erix_memchr(right + offset, value, bytes) == memchr(right + offset, value, bytes));
        CHECK(erix_memrchr(right + offset, value, bytes) == memrchr(right + offset, value, bytes));
        size_t part_bytes = random_below(&numbers, 6);
        CHECK(erix_memmem(left + offset, bytes, right, part_bytes) ==
              memmem(left + offset, bytes, right, part_bytes));
    }
}

/* A random string from few letters, ending exactly at `end`. */
static char *make_string(char *end, size_t bytes, uint32_t alphabet)
{
    char *text = end - bytes - 1;
    for (size_t at = 0; at < bytes; at++) {
        text[at] =
            (char)(random_below(&numbers, 50) == 0 ? 0xe4 : 'a' + random_below(&numbers, alphabet));
    }
    text[bytes] = 0;
    return text;
}

static void compare_strings(const char *left, const char *right)
{
    size_t bytes = random_below(&numbers, 80);
    int character = random_below(&numbers, 20) == 0 ? 0 : (int)('a' + random_below(&numbers, 30));
    CHECK_EQUAL(erix_strlen(left), strlen(left));
    CHECK_EQUAL(erix_strnlen(left, bytes), strnlen(left, bytes));
    CHECK_EQUAL(sign(erix_strcmp(left, right)), sign(strcmp(left, right)));
    CHECK_EQUAL(sign(erix_strncmp(left, right, bytes)), sign(strncmp(left, right, bytes)));
    CHECK(erix_strchr(left, character) == strchr(left, character));
    CHECK(erix_strrchr(left, character) == strrchr(left, character));
    CHECK_EQUAL(erix_strspn(left, right), strspn(left, right));
    CHECK_EQUAL(erix_strcspn(left, right), strcspn(left, right));
    CHECK(erix_strpbrk(left, right) == strpbrk(left, right));
    size_t length = strlen(right);
    const char *part = right + (length > 3 ? length - random_below(&numbers, 4) : 0);
    CHECK(erix_strstr(left, part) == strstr(left, part));
}

/* Strings stand at the end of a page that nothing follows: reading too far is a fault. */
static void strings(void)
{
    constexpr size_t page_bytes = 4096;
    char *pages[2];
    for (int index = 0; index < 2; index++) {
        pages[index] = mmap(
            nullptr, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(pages[index] != MAP_FAILED);
        CHECK(mprotect(pages[index] + page_bytes, page_bytes, PROT_NONE) == 0);
    }
    for (unsigned turn = 0; turn < case_count; turn++) {
        size_t bytes = random_below(&numbers, 100);
        size_t gap = turn % 2 == 0 ? 0 : random_below(&numbers, 40);
        char *left = make_string(pages[0] + page_bytes, bytes, 3);
        char *right = make_string(pages[1] + page_bytes - gap, bytes, 3);
        if (turn % 3 == 0) {
            memcpy(right, left, bytes);
            right[random_below(&numbers, (uint32_t)bytes + 1)] ^= turn % 2 == 0 ? 0 : 1;
            right[bytes] = 0;
        }
        compare_strings(left, right);
    }
}

static void upper_and_lower(void)
{
    for (unsigned turn = 0; turn < case_count; turn++) {
        char left[8] = {};
        char right[8] = {};
        for (int at = 0; at < 6; at++) {
            char letter = (char)("abAB\xe4\xc4"[random_below(&numbers, 6)]);
            left[at] = letter;
            right[at] = (char)(random_below(&numbers, 4) == 0 ? "abAB"[turn % 4] : letter);
        }
        CHECK_EQUAL(sign(erix_strcasecmp(left, right)), sign(strcasecmp(left, right)));
        CHECK_EQUAL(sign(erix_strncasecmp(left, right, 4)), sign(strncasecmp(left, right, 4)));
    }
}

static void building(void)
{
    char source_area[64];
    for (unsigned turn = 0; turn < case_count; turn++) {
        char wanted[160];
        char actual[160];
        char *source = make_string(source_area + 64, random_below(&numbers, 60), 20);
        size_t bytes = random_below(&numbers, 70);
        memset(wanted, 'x', sizeof(wanted));
        memset(actual, 'x', sizeof(actual));
        strcpy(wanted, source);
        CHECK(erix_strcpy(actual, source) == actual);
        strncat(wanted, source, bytes);
        CHECK(erix_strncat(actual, source, bytes) == actual);
        strncpy(wanted + 70, source, bytes);
        CHECK(erix_strncpy(actual + 70, source, bytes) == actual + 70);
        CHECK(memcmp(wanted, actual, sizeof(wanted)) == 0);
        CHECK_EQUAL(erix_strlcpy(actual, source, bytes), strlen(source));
        CHECK(
            bytes == 0 || (strlen(actual) < bytes && strncmp(actual, source, strlen(actual)) == 0));
        CHECK(bytes == 0 || strlen(source) >= bytes || strcmp(actual, source) == 0);
    }
    char joined[8] = "abc";
    CHECK_EQUAL(erix_strlcat(joined, "defghi", sizeof(joined)), 9);
    CHECK(strcmp(joined, "abcdefg") == 0);
}

static void tokens(void)
{
    for (unsigned turn = 0; turn < case_count; turn++) {
        char wanted[32];
        char actual[32];
        char *wanted_state = nullptr;
        char *actual_state = nullptr;
        make_string(wanted + 32, 31, 4);
        memcpy(actual, wanted, sizeof(actual));
        char *wanted_token = strtok_r(wanted, "ab", &wanted_state);
        char *actual_token = erix_strtok_r(actual, "ab", &actual_state);
        while (wanted_token != nullptr) {
            CHECK(actual_token != nullptr && actual_token - actual == wanted_token - wanted);
            wanted_token = strtok_r(nullptr, "ab", &wanted_state);
            actual_token = erix_strtok_r(nullptr, "ab", &actual_state);
        }
        CHECK(actual_token == nullptr);
        CHECK(memcmp(wanted, actual, sizeof(wanted)) == 0);
    }
    char text[] = "a::b";
    char *at = text;
    CHECK(strcmp(erix_strsep(&at, ":"), "a") == 0);
    CHECK(strcmp(erix_strsep(&at, ":"), "") == 0);
    CHECK(strcmp(erix_strsep(&at, ":"), "b") == 0);
    CHECK(erix_strsep(&at, ":") == nullptr);
}

int main(void)
{
    TEST(copies);
    TEST(searches);
    TEST(strings);
    TEST(upper_and_lower);
    TEST(building);
    TEST(tokens);
    return check_report();
}
