/* SPDX-License-Identifier: ISC */
/* seriald: the terminal on the serial line. */
#include <slots/seriald.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "seriald.h"

static struct seriald seriald;

static void on_notification(void *self, uint64_t bits)
{
    (void)bits; /* Both sources are asked: each signal may stand for either. */
    seriald_take_input(self);
    seriald_mirror_log(self);
}

int program_main(const struct startup *startup)
{
    (void)startup;
    tty_init(&seriald.tty, seriald_emit, nullptr);
    const struct terminal_server server = seriald_server(&seriald);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &terminal_protocol, .server = &server}},
        .on_notification = on_notification,
        .self = &seriald,
        .deferred_first = SLOT_DEFERRED_FIRST,
        .deferred_count = deferred_slot_count,
    };
    program_ready();
    seriald_mirror_log(&seriald); /* what was written before there was a line */
    service_run(&service);
}
