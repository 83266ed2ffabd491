/* SPDX-License-Identifier: ISC */
/* Operations of protocol time. */
#include "timed.h"

#include <slots/timed.h>
#include <userlib/assert.h>
#include <userlib/syscall.h>

static const struct clock_cap kernel_clock = {SLOT_CLOCK};
static const struct notification_cap own_notification = {SLOT_NOTIFICATION};

uint64_t timed_now(void)
{
    uint64_t now_ns = 0;
    enum status status = clock_read(kernel_clock, &now_ns);
    assert(status == STATUS_OK);
    return now_ns;
}

static void arm_next(const struct timed *timed)
{
    uint64_t deadline_ns = waiters_next_deadline(&timed->waiters);
    enum status status = deadline_ns == UINT64_MAX
                             ? clock_disarm(kernel_clock, own_notification)
                             : clock_arm(kernel_clock, deadline_ns, own_notification);
    assert(status == STATUS_OK);
}

void timed_expire(struct timed *timed)
{
    while (waiters_next_deadline(&timed->waiters) <= timed_now()) {
        struct waiter waiter = waiters_take_first(&timed->waiters);
        (void)time_answer_wait_until(&waiter.caller, STATUS_OK); /* the caller may be gone */
    }
    arm_next(timed);
}

/* Whoever has died does not wait any more. */
static void drop_lost(struct timed *timed)
{
    struct waiters waiting = {};
    for (uint32_t i = 0; i < timed->waiters.count; i++) {
        struct waiter *waiter = &timed->waiters.list[i];
        if (service_has_caller(&waiter->caller)) {
            waiting.list[waiting.count++] = *waiter;
        } else {
            (void)time_answer_wait_until(&waiter->caller, STATUS_PEER_LOST); /* to nobody */
        }
    }
    timed->waiters = waiting;
    arm_next(timed);
}

static enum status now_monotonic(
    void *self, struct ipc_caller caller, struct time_now_monotonic_reply *reply_out)
{
    (void)self;
    (void)caller;
    reply_out->nanoseconds = timed_now();
    return STATUS_OK;
}

static enum status now_wall(
    void *self, struct ipc_caller caller, struct time_now_wall_reply *reply_out)
{
    (void)caller;
    const struct timed *timed = self;
    reply_out->nanoseconds = timed_now() + timed->wall_offset_ns;
    return STATUS_OK;
}

static enum status wait_until(
    void *self, struct ipc_caller caller, const struct time_wait_until_request *request)
{
    (void)caller;
    struct timed *timed = self;
    if (request->deadline_ns <= timed_now()) {
        return STATUS_OK;
    }
    if (timed->waiters.count == waiters_max) {
        drop_lost(timed);
    }
    if (timed->waiters.count == waiters_max) {
        return STATUS_NO_SLOT;
    }
    struct waiter waiter = {.deadline_ns = request->deadline_ns};
    enum status status = service_defer(&waiter.caller);
    if (service_is_deferred(status)) {
        waiters_insert(&timed->waiters, &waiter);
        arm_next(timed);
    }
    return status;
}

static enum status usage(void *self, struct ipc_caller caller, struct time_usage_reply *reply_out)
{
    (void)caller;
    struct timed *timed = self;
    drop_lost(timed);
    reply_out->waiting = timed->waiters.count;
    return STATUS_OK;
}

struct time_server timed_server(struct timed *timed)
{
    return (struct time_server){.self = timed,
        .now_monotonic = now_monotonic,
        .now_wall = now_wall,
        .wait_until = wait_until,
        .usage = usage};
}
