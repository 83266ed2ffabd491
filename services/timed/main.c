/* SPDX-License-Identifier: ISC */
/* timed: monotonic time, wall time, and waiting for deadlines. */
#include <slots/timed.h>
#include <userlib/log.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include <lib/base/base.h>

#include "battery_clock.h"
#include "timed.h"

static struct timed timed;

static void on_notification(void *self, uint64_t bits)
{
    (void)bits;
    timed_expire(self);
}

static void set_wall_time(void)
{
    constexpr uint64_t nanoseconds_per_second = 1'000'000'000;
    uint64_t seconds = 0;
    enum status status = battery_clock_read(&seconds);
    if (status != STATUS_OK) {
        log_write(LOG_WARNING, "battery clock: %s: wall time starts at 1970", status_text(status));
    }
    timed.wall_offset_ns = seconds * nanoseconds_per_second - timed_now();
}

int program_main(const struct startup *startup)
{
    (void)startup;
    set_wall_time();
    const struct time_server server = timed_server(&timed);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &time_protocol, .server = &server}},
        .on_notification = on_notification,
        .self = &timed,
        .deferred_first = SLOT_DEFERRED_FIRST,
        .deferred_count = deferred_slot_count,
    };
    program_ready();
    service_run(&service);
}
