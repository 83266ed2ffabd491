/* SPDX-License-Identifier: ISC */
/* Numbers from text, character classes, sorting and searching against the host's. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib/testing/check.h>

#include "random.h"
#include "renamed.h"

constexpr unsigned case_count = 100000;

static struct random numbers = {.state = 3};

static void compare_parsing(const char *text, int base)
{
    char *wanted_end = nullptr;
    char *actual_end = nullptr;
    errno = 0;
    erix_errno = 0;
    long wanted = strtol(text, &wanted_end, base);
    long actual = erix_strtol(text, &actual_end, base);
    CHECK_EQUAL(actual, wanted);
    CHECK_EQUAL(erix_errno, errno);
    CHECK(base == 1 || actual_end == wanted_end);
    errno = 0;
    erix_errno = 0;
    unsigned long wanted_unsigned = strtoul(text, &wanted_end, base);
    CHECK_EQUAL(erix_strtoul(text, &actual_end, base), wanted_unsigned);
    CHECK_EQUAL(erix_errno, errno);
    CHECK(base == 1 || actual_end == wanted_end);
}

static void parsing(void)
{
    static const char alphabet[] = " +-0xX123456789abcfz";
    static const int bases[] = {0, 10, 16, 8, 2, 36, 7, 1};
    static const char *const fixed[] = {"9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "-18446744073709551615", "0x", "0xg", "", "-", " \t\n 12", "0x7f",
        "-0x1", "00000000000000000000000000001"};
    for (size_t index = 0; index < sizeof(fixed) / sizeof(fixed[0]); index++) {
        for (int base = 0; base < 8; base++) {
            compare_parsing(fixed[index], bases[base]);
        }
    }
    for (unsigned turn = 0; turn < case_count; turn++) {
        char text[32] = {};
        size_t bytes = random_below(&numbers, 24);
        size_t first = turn % 2 == 0 ? 6 : 0;
        for (size_t at = 0; at < bytes; at++) {
            text[at] =
                alphabet[first + random_below(&numbers, (uint32_t)(sizeof(alphabet) - 1 - first))];
        }
        compare_parsing(text, bases[random_below(&numbers, 8)]);
        CHECK_EQUAL(erix_atoi(text), atoi(text));
    }
}

static void classes(void)
{
    for (int character = -1; character < 128; character++) {
        CHECK_EQUAL(!erix_isalnum(character), !isalnum(character));
        CHECK_EQUAL(!erix_isalpha(character), !isalpha(character));
        CHECK_EQUAL(!erix_isblank(character), !isblank(character));
        CHECK_EQUAL(!erix_iscntrl(character), !iscntrl(character));
        CHECK_EQUAL(!erix_isdigit(character), !isdigit(character));
        CHECK_EQUAL(!erix_isgraph(character), !isgraph(character));
        CHECK_EQUAL(!erix_islower(character), !islower(character));
        CHECK_EQUAL(!erix_isprint(character), !isprint(character));
        CHECK_EQUAL(!erix_ispunct(character), !ispunct(character));
        CHECK_EQUAL(!erix_isspace(character), !isspace(character));
        CHECK_EQUAL(!erix_isupper(character), !isupper(character));
        CHECK_EQUAL(!erix_isxdigit(character), !isxdigit(character));
        CHECK_EQUAL(erix_tolower(character), tolower(character));
        CHECK_EQUAL(erix_toupper(character), toupper(character));
    }
    for (int character = 128; character < 256; character++) {
        CHECK(!erix_isprint(character) && !erix_isalpha(character) && !erix_iscntrl(character));
    }
}

static int compare_numbers(const void *left, const void *right)
{
    uint64_t left_number;
    uint64_t right_number;
    memcpy(&left_number, left, sizeof(left_number));
    memcpy(&right_number, right, sizeof(right_number));
    return (left_number > right_number) - (left_number < right_number);
}

static void sorting(void)
{
    for (unsigned turn = 0; turn < 2000; turn++) {
        uint64_t wanted[200];
        uint64_t actual[200];
        uint32_t count = random_below(&numbers, 200);
        uint32_t range = 1 + random_below(&numbers, 300);
        for (uint32_t index = 0; index < count; index++) {
            wanted[index] = actual[index] = random_below(&numbers, range);
        }
        qsort(wanted, count, sizeof(wanted[0]), compare_numbers);
        erix_qsort(actual, count, sizeof(actual[0]), compare_numbers);
        CHECK(count == 0 || memcmp(wanted, actual, count * sizeof(wanted[0])) == 0);
        uint64_t key = random_below(&numbers, range);
        const uint64_t *found =
            erix_bsearch(&key, actual, count, sizeof(actual[0]), compare_numbers);
        bool exists = bsearch(&key, wanted, count, sizeof(wanted[0]), compare_numbers) != nullptr;
        CHECK_EQUAL(found != nullptr, exists);
        CHECK(found == nullptr || *found == key);
    }
}

/* Elements of any size keep their other bytes. */
static void sorting_of_wide_elements(void)
{
    struct wide {
        uint64_t key;
        uint8_t rest[93];
    };
    struct wide elements[100];
    for (uint32_t index = 0; index < 100; index++) {
        elements[index].key = random_next(&numbers);
        memset(
            elements[index].rest, (int)(elements[index].key & 0xff), sizeof(elements[index].rest));
    }
    erix_qsort(elements, 100, sizeof(elements[0]), compare_numbers);
    for (uint32_t index = 0; index < 100; index++) {
        CHECK(index == 0 || elements[index - 1].key <= elements[index].key);
        CHECK_EQUAL(elements[index].rest[92], elements[index].key & 0xff);
    }
}

static void random_numbers(void)
{
    erix_srand(7);
    int first = erix_rand();
    int second = erix_rand();
    CHECK(first != second && first >= 0 && second >= 0);
    erix_srand(7);
    CHECK_EQUAL(erix_rand(), first);
    CHECK_EQUAL(erix_rand(), second);
}

static void errors_have_texts(void)
{
    CHECK(strcmp(erix_strerror(ENOENT), "No such file or directory") == 0);
    CHECK(strcmp(erix_strerror(9999), "Unknown error 9999") == 0);
    CHECK(strcmp(erix_strerror(-1), "Unknown error -1") == 0);
    CHECK(strcmp(erix_strerror(15), "Unknown error 15") == 0);
}

int main(void)
{
    TEST(parsing);
    TEST(classes);
    TEST(sorting);
    TEST(sorting_of_wide_elements);
    TEST(random_numbers);
    TEST(errors_have_texts);
    return check_report();
}
