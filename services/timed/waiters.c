/* SPDX-License-Identifier: ISC */
/* A short sorted list. */
#include "waiters.h"

#include <userlib/assert.h>

void waiters_insert(struct waiters *waiters, const struct waiter *waiter)
{
    assert(waiters->count < waiters_max);
    uint32_t at = waiters->count++;
    while (at > 0 && waiters->list[at - 1].deadline_ns > waiter->deadline_ns) {
        waiters->list[at] = waiters->list[at - 1];
        at--;
    }
    waiters->list[at] = *waiter;
}

struct waiter waiters_take_first(struct waiters *waiters)
{
    assert(waiters->count > 0);
    struct waiter first = waiters->list[0];
    waiters->count--;
    for (uint32_t i = 0; i < waiters->count; i++) {
        waiters->list[i] = waiters->list[i + 1];
    }
    return first;
}

uint64_t waiters_next_deadline(const struct waiters *waiters)
{
    return waiters->count == 0 ? UINT64_MAX : waiters->list[0].deadline_ns;
}
