/* SPDX-License-Identifier: ISC */
/* The printf family against the host's, over random formats and values. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib/testing/check.h>

#include "random.h"
#include "renamed.h"

#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"

constexpr unsigned case_count = 60000;

static struct random numbers = {.state = 2};

/* Format by both libraries into buffers of `bytes` and compare result, text and what lies behind.
 */
static void compare(size_t bytes, const char *format, ...)
{
    char wanted[2048];
    char actual[2048];
    va_list arguments;
    memset(wanted, '~', sizeof(wanted));
    memset(actual, '~', sizeof(actual));
    va_start(arguments, format);
    int wanted_count = vsnprintf(wanted, bytes, format, arguments);
    va_end(arguments);
    va_start(arguments, format);
    int actual_count = erix_vsnprintf(actual, bytes, format, arguments);
    va_end(arguments);
    bool same = wanted_count == actual_count && memcmp(wanted, actual, sizeof(wanted)) == 0;
    if (!same) {
        wanted[200] = 0;
        actual[200] = 0;
        printf("format \"%s\" bytes %zu: %d \"%s\", wanted %d \"%s\"\n", format, bytes,
            actual_count, actual, wanted_count, wanted);
    }
    CHECK(same);
}

/* A random conversion without its length and letter, into `text`. */
static void make_flags(char *text, const char *flags)
{
    size_t at = 0;
    text[at++] = 'A';
    text[at++] = '%';
    for (const char *flag = flags; *flag != 0; flag++) {
        if (random_below(&numbers, 4) == 0) {
            text[at++] = *flag;
        }
    }
    text[at] = 0;
    if (random_below(&numbers, 2) == 0) {
        at += (size_t)sprintf(text + at, "%u", 1 + random_below(&numbers, 40));
    }
    if (random_below(&numbers, 2) == 0) {
        at += (size_t)sprintf(text + at, ".%u", random_below(&numbers, 30));
    }
}

/* Small and large values of all magnitudes. */
static uint64_t make_value(void)
{
    uint64_t value = random_next(&numbers) >> random_below(&numbers, 64);
    return random_below(&numbers, 10) == 0 ? 0 : value * (random_below(&numbers, 2) * 2ULL - 1);
}

static size_t make_size(void)
{
    return random_below(&numbers, 3) == 0 ? random_below(&numbers, 12) : 2048;
}

static void integers(void)
{
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "j", "z", "t"};
    for (unsigned turn = 0; turn < case_count; turn++) {
        char format[64];
        const char *length = lengths[random_below(&numbers, 8)];
        const char *letters = random_below(&numbers, 3) == 0 ? "di" : "uoxX";
        char letter = letters[random_below(&numbers, (uint32_t)strlen(letters))];
        make_flags(format, letters[0] == 'd' ? "-+ 0" : letter == 'u' ? "-0" : "-#0");
        sprintf(format + strlen(format), "%s%cZ", length, letter);
        uint64_t value = make_value();
        if (strchr("hh", *length) != nullptr) {
            compare(make_size(), format, (int)value);
        } else {
            compare(make_size(), format, value);
        }
    }
}

static void texts(void)
{
    for (unsigned turn = 0; turn < case_count / 4; turn++) {
        char format[64];
        char text[40];
        size_t bytes = random_below(&numbers, 30);
        memset(text, 'a' + (int)(turn % 26), bytes);
        text[bytes] = 0;
        make_flags(format, "-");
        strcat(format, "s|%c|%%Z");
        compare(make_size(), format, turn % 50 == 0 ? nullptr : text, (int)('A' + turn % 20));
        compare(make_size(), "%-*.*s|%*d", (int)random_below(&numbers, 60) - 30,
            (int)random_below(&numbers, 30) - 5, text, (int)random_below(&numbers, 60) - 30, 42);
    }
}

static void pointers(void)
{
    compare(100, "%p %p %20p %-20p|", (void *)0x1234, nullptr, (void *)1, (void *)~0UL);
    compare(100, "%20p|%-8p|", nullptr, nullptr);
}

static double make_double(void)
{
    static const double special[] = {0, 0.5, 1.5, 2.5, 0.1, 1e15, 1e16, 9.995, 99.5, 999999.5,
        1e308, 5e-324, 2.2250738585072014e-308, 123456789.125};
    uint64_t bits = random_next(&numbers);
    double value;
    switch (random_below(&numbers, 5)) {
    case 0:
        return special[random_below(&numbers, sizeof(special) / sizeof(special[0]))];
    case 1:
        memcpy(&value, &bits, sizeof(value));
        return value;
    case 2:
        return (double)(int64_t)make_value() / 1000;
    case 3:
        return (double)random_below(&numbers, 2000) / 8;
    default:
        return -(double)(bits >> 40) / 1024;
    }
}

static void floats(void)
{
    for (unsigned turn = 0; turn < case_count; turn++) {
        char format[64];
        char letter = "feEgGF"[random_below(&numbers, 6)];
        /* Rounding up to a power of ten, the host loses the zeros that "%#g" has to keep. */
        make_flags(format, (letter | 0x20) == 'g' ? "-+ 0" : "-+ #0");
        sprintf(format + strlen(format), "%cZ", letter);
        double value = make_double();
        if (__builtin_isnan(value)) {
            value = __builtin_nan(""); /* the host prints the payload's sign, so keep it plain */
        }
        compare(make_size(), format, value);
    }
    compare(2048, "%f %e %g %F %E %G", __builtin_inf(), -__builtin_inf(), __builtin_nan(""),
        __builtin_inf(), -__builtin_inf(), __builtin_nan(""));
    compare(2048, "%08f|%+f|%Lf", __builtin_inf(), __builtin_inf(), 1.5L);
}

static void limits(void)
{
    compare(0, "%d", 5);
    compare(1, "%d", 5);
    compare(100, "");
    compare(100, "%d %d %ld %ld", INT_MIN, INT_MAX, LONG_MIN, LONG_MAX);
    compare(100, "%.0d|%.0x|%#.0o|%#x", 0, 0, 0, 0);
    compare(100, "%hhd %hhu %hd", 300, -1, 70000);
}

static int format_alone(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = erix_vsnprintf(nullptr, 0, format, arguments);
    va_end(arguments);
    return count;
}

static void too_long(void)
{
    erix_errno = 0;
    CHECK_EQUAL(format_alone("%2147483647d", 1), -1);
    CHECK_EQUAL(erix_errno, EOVERFLOW);
    CHECK_EQUAL(format_alone("%99999999999d", 1), -1);
    CHECK_EQUAL(format_alone("%.99999999999d", 1), -1);
    CHECK_EQUAL(format_alone("%*d", INT_MIN, 1), -1);
}

static void kept_zeros(void)
{
    char *made = nullptr;
    CHECK_EQUAL(erix_asprintf(&made, "%#g %#g %#.3g %#g", 999999.5, 1.5, 100.0, 0.0), 32);
    CHECK(made != nullptr && strcmp(made, "1.00000e+06 1.50000 100. 0.00000") == 0);
    erix_free(made);
}

static void unknown_conversions(void)
{
    char *made = nullptr;
    CHECK_EQUAL(erix_asprintf(&made, "%b|%#b", 5U, 5U), 9);
    CHECK(made != nullptr && strcmp(made, "101|0b101") == 0);
    erix_free(made);
    CHECK_EQUAL(erix_asprintf(&made, "a%qb%"), 5);
    CHECK(strcmp(made, "a%qb%") == 0);
    erix_free(made);
}

int main(void)
{
    TEST(integers);
    TEST(texts);
    TEST(pointers);
    TEST(floats);
    TEST(limits);
    TEST(too_long);
    TEST(kept_zeros);
    TEST(unknown_conversions);
    return check_report();
}
