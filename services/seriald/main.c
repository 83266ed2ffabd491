/* SPDX-License-Identifier: ISC */
/* seriald: the terminal on the serial line. */
#include <protocol/serial.h>
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
    /* Only who can print may say so: rootd gives its console up for it. Waits for the driver. */
    struct serial_statistics_reply statistics;
    const enum status status =
        serial_statistics((struct serial_cap){SLOT_PEER_DRV_SERIAL}, &statistics);
    if (status != STATUS_OK) {
        program_failed(status, "the serial line does not answer");
        return 1;
    }
    program_ready();
    seriald_mirror_log(&seriald); /* what was written before there was a line */
    service_run(&service);
}
