/* SPDX-License-Identifier: ISC */
/* The calendar against the host's, over random times of thousands of years. */
#define _GNU_SOURCE
#include <limits.h>
#include <string.h>
#include <time.h>

#include <lib/testing/check.h>

#include "random.h"
#include "renamed.h"

constexpr unsigned case_count = 30000;

static struct random numbers = {.state = 5};

static time_t make_time(void)
{
    int64_t range = 1LL << (8 + random_below(&numbers, 32));
    return (time_t)(random_next(&numbers) % (uint64_t)range) - range / 2;
}

static bool same(const struct tm *left, const struct tm *right)
{
    return left->tm_sec == right->tm_sec && left->tm_min == right->tm_min &&
           left->tm_hour == right->tm_hour && left->tm_mday == right->tm_mday &&
           left->tm_mon == right->tm_mon && left->tm_year == right->tm_year &&
           left->tm_wday == right->tm_wday && left->tm_yday == right->tm_yday;
}

static void dates(void)
{
    for (unsigned turn = 0; turn < case_count; turn++) {
        time_t time = make_time();
        struct tm wanted = {};
        struct tm actual = {};
        gmtime_r(&time, &wanted);
        CHECK(erix_gmtime_r(&time, &actual) == &actual);
        CHECK(same(&wanted, &actual));
        CHECK_EQUAL(erix_timegm(&actual), time);
    }
}

static void dates_out_of_range(void)
{
    for (unsigned turn = 0; turn < case_count; turn++) {
        struct tm wanted = {.tm_year = (int)random_below(&numbers, 400),
            .tm_mon = (int)random_below(&numbers, 50) - 25,
            .tm_mday = (int)random_below(&numbers, 100) - 50,
            .tm_hour = (int)random_below(&numbers, 100) - 50,
            .tm_min = (int)random_below(&numbers, 200) - 100,
            .tm_sec = (int)random_below(&numbers, 200) - 100};
        struct tm actual = wanted;
        CHECK_EQUAL(erix_timegm(&actual), timegm(&wanted));
        CHECK(same(&wanted, &actual));
    }
    time_t far = LONG_MAX;
    struct tm calendar;
    CHECK(erix_gmtime_r(&far, &calendar) == nullptr);
    far = LONG_MIN;
    CHECK(erix_gmtime_r(&far, &calendar) == nullptr);
}

static void texts(void)
{
    static const char format[] =
        "%a %A %b %B %c %C %d %D %e %F %G %h %H %I %j %m %M %n %p %R %S %s "
        "%t %T %u %V %w %x %X %y %Y %Z %z %%";
    for (unsigned turn = 0; turn < case_count; turn++) {
        time_t time = (time_t)(random_next(&numbers) % 40'000'000'000);
        struct tm calendar;
        char wanted[400];
        char actual[400];
        gmtime_r(&time, &calendar);
        size_t bytes = turn % 2 == 0 ? sizeof(wanted) : 180 + random_below(&numbers, 80);
        size_t wanted_bytes = strftime(wanted, bytes, format, &calendar);
        size_t actual_bytes = erix_strftime(actual, bytes, format, &calendar);
        CHECK_EQUAL(actual_bytes, wanted_bytes);
        CHECK(wanted_bytes == 0 || memcmp(wanted, actual, wanted_bytes + 1) == 0);
    }
}

int main(void)
{
    TEST(dates);
    TEST(dates_out_of_range);
    TEST(texts);
    return check_report();
}
