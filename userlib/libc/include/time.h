/* SPDX-License-Identifier: ISC */
/* Clocks and calendar. The only time zone is UTC. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define CLOCK_REALTIME 0  /* since 1970-01-01 00:00 UTC */
#define CLOCK_MONOTONIC 1 /* since the system started */

struct timespec {
    time_t tv_sec;
    long tv_nsec;
};

struct tm {
    int tm_sec;
    int tm_min;
    int tm_hour;
    int tm_mday;  /* from 1 */
    int tm_mon;   /* from 0 */
    int tm_year;  /* since 1900 */
    int tm_wday;  /* since Sunday */
    int tm_yday;  /* from 0 */
    int tm_isdst; /* always 0 */
};

int clock_gettime(clockid_t clock, struct timespec *time_out);
time_t time(time_t *time_out);
int nanosleep(const struct timespec *duration, struct timespec *remaining_out);

struct tm *gmtime_r(const time_t *restrict time, struct tm *restrict calendar_out);
struct tm *gmtime(const time_t *time);
struct tm *localtime_r(const time_t *restrict time, struct tm *restrict calendar_out);
struct tm *localtime(const time_t *time);
time_t timegm(struct tm *calendar);
time_t mktime(struct tm *calendar);

/* Conversions a A b B c d D e F H I j m M n p R S s t T u w x X y Y Z z %. */
size_t strftime(char *restrict buffer, size_t bytes, const char *restrict format,
    const struct tm *restrict calendar) __attribute__((__format__(__strftime__, 3, 0)));
