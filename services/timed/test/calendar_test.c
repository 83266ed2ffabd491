/* SPDX-License-Identifier: ISC */
/* Tests of dates against the C library of this computer. */
#define _DEFAULT_SOURCE 1

#include <lib/testing/check.h>

#include <time.h>

#include "../calendar.h"

static void agrees_with_the_c_library(void)
{
    for (uint32_t year = 1970; year < 2400; year++) {
        for (uint32_t month = 1; month <= 12; month++) {
            struct tm wanted = {.tm_year = (int)year - 1900,
                .tm_mon = (int)month - 1,
                .tm_mday = 28,
                .tm_hour = 23,
                .tm_min = 59,
                .tm_sec = 58};
            const struct calendar_time time = {year, month, 28, 23, 59, 58};
            uint64_t seconds = 0;
            CHECK_EQUAL(calendar_to_seconds(&time, &seconds), STATUS_OK);
            CHECK_EQUAL(seconds, timegm(&wanted));
        }
    }
}

static void impossible_dates_are_refused(void)
{
    static const struct calendar_time wrong[] = {{1969, 12, 31, 0, 0, 0}, {2000, 13, 1, 0, 0, 0},
        {2000, 0, 1, 0, 0, 0}, {2001, 2, 29, 0, 0, 0}, {2100, 2, 29, 0, 0, 0},
        {2000, 1, 32, 0, 0, 0}, {2000, 1, 0, 0, 0, 0}, {2000, 1, 1, 24, 0, 0},
        {2000, 1, 1, 0, 60, 0}, {2000, 1, 1, 0, 0, 60}};
    uint64_t seconds;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        CHECK_EQUAL(calendar_to_seconds(&wrong[i], &seconds), STATUS_CORRUPT);
    }
    const struct calendar_time leap = {2000, 2, 29, 0, 0, 0};
    CHECK_EQUAL(calendar_to_seconds(&leap, &seconds), STATUS_OK);
}

int main(void)
{
    TEST(agrees_with_the_c_library);
    TEST(impossible_dates_are_refused);
    return check_report();
}
