/* SPDX-License-Identifier: ISC */
/* Callers that wait for a deadline, the soonest first. */
#pragma once

#include <userlib/service.h>

#include <stdint.h>

constexpr uint32_t waiters_max = 32;

struct waiter {
    uint64_t deadline_ns;
    struct service_deferred caller;
};

struct waiters {
    uint32_t count;
    struct waiter list[waiters_max];
};

/* Puts the waiter in its place. The caller has made sure that count < waiters_max. */
void waiters_insert(struct waiters *waiters, const struct waiter *waiter);

/* Takes out the first; there must be one. */
struct waiter waiters_take_first(struct waiters *waiters);

/* UINT64_MAX if nobody waits. */
uint64_t waiters_next_deadline(const struct waiters *waiters);
