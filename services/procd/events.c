/* SPDX-License-Identifier: ISC */
/* A subscriber that is busy gets its events at the next ring of the clock, which is armed only
 * while something is kept. */
#include "events.h"

#include <userlib/assert.h>
#include <userlib/log.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

#include <slots/procd.h>

constexpr uint64_t retry_after_ns = 1'000'000;

void events_init(struct events *events)
{
    static const char *const names[event_subscribers_max] = {"rootd", "crashd", "seriald", "vfsd"};
    for (uint32_t index = 0; index < event_subscribers_max; index++) {
        const struct startup_slot *peer = program_startup_slot(names[index]);
        if (peer != nullptr) {
            events->subscribers[events->subscriber_count++].endpoint =
                (struct event_cap){peer->slot};
        }
    }
}

bool events_have_room(const struct events *events, uint32_t living)
{
    for (uint32_t index = 0; index < events->subscriber_count; index++) {
        if (events->subscribers[index].count + living >= events_kept_max) {
            return false;
        }
    }
    return true;
}

static void keep(
    struct event_subscriber *subscriber, const struct event_process_ended_request *event)
{
    assert(subscriber->count < events_kept_max);
    subscriber->kept[(subscriber->first + subscriber->count) % events_kept_max] = *event;
    subscriber->count++;
}

/* In order, as many as it takes; false if some are left. */
static bool deliver(struct event_subscriber *subscriber)
{
    while (subscriber->count > 0) {
        const enum status status =
            event_process_ended_nowait(subscriber->endpoint, &subscriber->kept[subscriber->first]);
        if (status == STATUS_WOULD_BLOCK) {
            return false;
        }
        subscriber->first = (subscriber->first + 1) % events_kept_max;
        subscriber->count--;
    }
    return true;
}

void events_retry(struct events *events)
{
    bool all_delivered = true;
    for (uint32_t index = 0; index < events->subscriber_count; index++) {
        all_delivered = deliver(&events->subscribers[index]) && all_delivered;
    }
    if (all_delivered) {
        return;
    }
    const struct clock_cap clock = {SLOT_CLOCK};
    uint64_t now_ns = 0;
    enum status status = clock_read(clock, &now_ns);
    if (status == STATUS_OK) {
        status =
            clock_arm(clock, now_ns + retry_after_ns, (struct notification_cap){SLOT_NOTIFICATION});
    }
    if (status != STATUS_OK) {
        log_write(LOG_ERROR, "clock: %u; events wait for the next process to end", status);
    }
}

void events_send(struct events *events, const struct event_process_ended_request *event)
{
    for (uint32_t index = 0; index < events->subscriber_count; index++) {
        keep(&events->subscribers[index], event);
    }
    events_retry(events);
}
