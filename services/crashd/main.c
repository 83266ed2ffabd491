/* SPDX-License-Identifier: ISC */
/* crashd: reports of processes that died by a fault. */
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "crashd.h"

static struct crashd crashd;

int program_main(const struct startup *startup)
{
    (void)startup;
    const struct crash_server crash = crashd_crash_server(&crashd);
    const struct event_server event = crashd_event_server(&crashd);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 2,
        .bindings = {{.protocol = &crash_protocol, .server = &crash},
            {.protocol = &event_protocol, .server = &event}},
    };
    program_ready();
    service_run(&service);
}
