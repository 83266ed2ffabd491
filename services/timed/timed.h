/* SPDX-License-Identifier: ISC */
/* State of timed. */
#pragma once

#include <protocol/time.h>

#include "waiters.h"

struct timed {
    uint64_t wall_offset_ns; /* wall time = monotonic time + this */
    struct waiters waiters;
};

/* The handlers of protocol time over `timed`. */
struct time_server timed_server(struct timed *timed);

/* Answers all whose deadline has come, and arms the next one. */
void timed_expire(struct timed *timed);

/* Nanoseconds of the kernel's clock. */
uint64_t timed_now(void);
