/* SPDX-License-Identifier: ISC */
/* Dates of the proleptic Gregorian calendar as seconds since 1970-01-01 00:00 UTC. */
#pragma once

#include <abi/status.h>

#include <stdint.h>

struct calendar_time {
    uint32_t year; /* 1970 to 2399 */
    uint32_t month;
    uint32_t day;
    uint32_t hour;
    uint32_t minute;
    uint32_t second; /* 0 to 59 */
};

/* CORRUPT for a date that does not exist. */
enum status calendar_to_seconds(const struct calendar_time *time, uint64_t *seconds_out);
