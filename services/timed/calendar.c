/* SPDX-License-Identifier: ISC */
/* Dates to seconds. */
#include "calendar.h"

static bool is_leap_year(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_in_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

static bool is_valid(const struct calendar_time *time)
{
    if (time->year < 1970 || time->year > 2399 || time->month < 1 || time->month > 12) {
        return false;
    }
    return time->day >= 1 && time->day <= days_in_month(time->year, time->month) &&
           time->hour < 24 && time->minute < 60 && time->second < 60;
}

enum status calendar_to_seconds(const struct calendar_time *time, uint64_t *seconds_out)
{
    if (!is_valid(time)) {
        return STATUS_CORRUPT;
    }
    uint64_t days = time->day - 1;
    for (uint32_t year = 1970; year < time->year; year++) {
        days += is_leap_year(year) ? 366 : 365;
    }
    for (uint32_t month = 1; month < time->month; month++) {
        days += days_in_month(time->year, month);
    }
    *seconds_out = ((days * 24 + time->hour) * 60 + time->minute) * 60 + time->second;
    return STATUS_OK;
}
