/* SPDX-License-Identifier: ISC */
/* The Gregorian calendar in UTC, in both directions and as text. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "library.h"

constexpr int64_t seconds_per_day = 86400;
constexpr int64_t days_per_era = 146097; /* 400 years, after which the calendar repeats */
constexpr int64_t days_to_1970 = 719468; /* from 0000-03-01, where the counting below begins */

static const char *const day_names[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December"};

static int64_t divide_floor(int64_t numerator, int64_t denominator)
{
    return numerator / denominator - (numerator % denominator < 0);
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01 of the first of a month; `month` counts from 0 = January, up to 11. */
static int64_t days_before(int64_t year, int64_t month)
{
    /* Years that begin in March put the leap day last, and make month lengths a line: 153/5. */
    int64_t march_year = month < 2 ? year - 1 : year;
    int64_t march_month = (month + 10) % 12;
    int64_t era = divide_floor(march_year, 400);
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * march_month + 2) / 5;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * days_per_era + day_of_era - days_to_1970;
}

static void set_date(struct tm *calendar, int64_t day)
{
    int64_t era = divide_floor(day + days_to_1970, days_per_era);
    int64_t day_of_era = day + days_to_1970 - era * days_per_era;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t month = (march_month + 2) % 12;
    int64_t year = era * 400 + year_of_era + (month < 2);
    calendar->tm_mday = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    calendar->tm_mon = (int)month;
    calendar->tm_year = (int)(year - 1900);
    calendar->tm_yday = (int)(day - days_before(year, 0));
    calendar->tm_wday = (int)(day + 4 - divide_floor(day + 4, 7) * 7); /* a Thursday was day 0 */
}

struct tm *gmtime_r(const time_t *restrict time, struct tm *restrict calendar_out)
{
    constexpr int64_t year_seconds_max = 366 * seconds_per_day;
    if (*time / year_seconds_max > INT_MAX - 4000 || *time / year_seconds_max < INT_MIN + 4000) {
        errno = EOVERFLOW;
        return nullptr;
    }
    int64_t day = divide_floor(*time, seconds_per_day);
    int second_of_day = (int)(*time - day * seconds_per_day);
    *calendar_out = (struct tm){.tm_hour = second_of_day / 3600,
        .tm_min = second_of_day / 60 % 60,
        .tm_sec = second_of_day % 60};
    set_date(calendar_out, day);
    return calendar_out;
}

struct tm *gmtime(const time_t *time)
{
    static struct tm calendar;
    return gmtime_r(time, &calendar);
}

struct tm *localtime_r(const time_t *restrict time, struct tm *restrict calendar_out)
{
    return gmtime_r(time, calendar_out);
}

struct tm *localtime(const time_t *time)
{
    return gmtime(time);
}

time_t timegm(struct tm *calendar)
{
    int64_t years = calendar->tm_year + divide_floor(calendar->tm_mon, 12);
    int64_t month = calendar->tm_mon - divide_floor(calendar->tm_mon, 12) * 12;
    int64_t day = days_before(1900 + years, month) + calendar->tm_mday - 1;
    time_t time = day * seconds_per_day + calendar->tm_hour * INT64_C(3600) +
                  calendar->tm_min * INT64_C(60) + calendar->tm_sec;
    (void)gmtime_r(&time, calendar); /* the members are brought into their ranges */
    return time;
}

time_t mktime(struct tm *calendar)
{
    return timegm(calendar);
}

/* The week of the year by ISO 8601, and the year that this week belongs to. */
static int iso_week(const struct tm *calendar, int64_t *year_out)
{
    int64_t year = calendar->tm_year + INT64_C(1900);
    int weekday = (calendar->tm_wday + 6) % 7; /* since Monday */
    int week = (calendar->tm_yday - weekday + 10) / 7;
    int64_t previous_days = is_leap(year - 1) ? 366 : 365;
    int64_t days = is_leap(year) ? 366 : 365;
    if (week == 0) {
        week = (int)(calendar->tm_yday + previous_days - weekday + 10) / 7;
        year--;
    } else if (week == 53 && calendar->tm_yday - weekday + 3 >= days) {
        week = 1;
        year++;
    }
    *year_out = year;
    return week;
}

/* Conversions that stand for others. */
static const char *expansion_of(char conversion)
{
    switch (conversion) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'r':
        return "%I:%M:%S %p";
    case 'R':
        return "%H:%M";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    default:
        return nullptr;
    }
}

static const char *name_of(const char *const *names, int count, int index)
{
    return index >= 0 && index < count ? names[index] : "?";
}

/* The text of one simple conversion into `text`; its length, or 0 for one that is not known. */
static int convert(char *text, size_t bytes, char conversion, const struct tm *calendar)
{
    int64_t year = calendar->tm_year + INT64_C(1900);
    int64_t iso_year;
    int week = iso_week(calendar, &iso_year);
    struct tm copy = *calendar;
    int hour12 = calendar->tm_hour % 12 == 0 ? 12 : calendar->tm_hour % 12;
    switch (conversion) {
    case 'a':
        return snprintf(text, bytes, "%.3s", name_of(day_names, 7, calendar->tm_wday));
    case 'A':
        return snprintf(text, bytes, "%s", name_of(day_names, 7, calendar->tm_wday));
    case 'b':
    case 'h':
        return snprintf(text, bytes, "%.3s", name_of(month_names, 12, calendar->tm_mon));
    case 'B':
        return snprintf(text, bytes, "%s", name_of(month_names, 12, calendar->tm_mon));
    case 'C':
        return snprintf(text, bytes, "%02lld", (long long)divide_floor(year, 100));
    case 'd':
        return snprintf(text, bytes, "%02d", calendar->tm_mday);
    case 'e':
        return snprintf(text, bytes, "%2d", calendar->tm_mday);
    case 'G':
        return snprintf(text, bytes, "%lld", (long long)iso_year);
    case 'H':
        return snprintf(text, bytes, "%02d", calendar->tm_hour);
    case 'I':
        return snprintf(text, bytes, "%02d", hour12);
    case 'j':
        return snprintf(text, bytes, "%03d", calendar->tm_yday + 1);
    case 'm':
        return snprintf(text, bytes, "%02d", calendar->tm_mon + 1);
    case 'M':
        return snprintf(text, bytes, "%02d", calendar->tm_min);
    case 'n':
        return snprintf(text, bytes, "\n");
    case 'p':
        return snprintf(text, bytes, "%s", calendar->tm_hour < 12 ? "AM" : "PM");
    case 's':
        return snprintf(text, bytes, "%lld", (long long)timegm(&copy));
    case 'S':
        return snprintf(text, bytes, "%02d", calendar->tm_sec);
    case 't':
        return snprintf(text, bytes, "\t");
    case 'u':
        return snprintf(text, bytes, "%d", calendar->tm_wday == 0 ? 7 : calendar->tm_wday);
    case 'V':
        return snprintf(text, bytes, "%02d", week);
    case 'w':
        return snprintf(text, bytes, "%d", calendar->tm_wday);
    case 'y':
        return snprintf(text, bytes, "%02d", (int)(year - divide_floor(year, 100) * 100));
    case 'Y':
        return snprintf(text, bytes, "%lld", (long long)year);
    case 'Z':
        return snprintf(text, bytes, "GMT");
    case 'z':
        return snprintf(text, bytes, "+0000");
    case '%':
        return snprintf(text, bytes, "%%");
    default:
        return 0;
    }
}

size_t strftime(char *restrict buffer, size_t bytes, const char *restrict format,
    const struct tm *restrict calendar)
{
    size_t used_bytes = 0;
    while (*format != 0) {
        char text[64];
        size_t text_bytes = 1;
        text[0] = *format;
        if (*format == '%' && format[1] != 0) {
            format++;
            const char *expansion = expansion_of(*format);
            text_bytes = expansion != nullptr
                             ? strftime(text, sizeof(text), expansion, calendar)
                             : (size_t)convert(text, sizeof(text), *format, calendar);
        }
        if (text_bytes >= bytes - used_bytes) {
            return 0;
        }
        memcpy(buffer + used_bytes, text, text_bytes);
        used_bytes += text_bytes;
        format++;
    }
    if (used_bytes < bytes) {
        buffer[used_bytes] = 0;
    }
    return used_bytes;
}
