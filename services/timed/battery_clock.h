/* SPDX-License-Identifier: ISC */
/* The PC's battery-backed clock (MC146818 compatible), read once at start. */
#pragma once

#include <abi/status.h>

#include <stdint.h>

/* Seconds since 1970. IO if it never shows a stable time, CORRUPT for an impossible date. */
enum status battery_clock_read(uint64_t *seconds_out);
