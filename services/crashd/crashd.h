/* SPDX-License-Identifier: ISC */
/* State of crashd: the last reports, number n at n modulo reports_max. */
#pragma once

#include <protocol/crash.h>
#include <protocol/event.h>

constexpr uint32_t reports_max = 256;

struct crashd {
    uint64_t next; /* number of the next report */
    struct crash_read_reply reports[reports_max];
};

/* The handlers of protocols crash and event over `crashd`. */
struct crash_server crashd_crash_server(struct crashd *crashd);
struct event_server crashd_event_server(struct crashd *crashd);
