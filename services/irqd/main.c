/* SPDX-License-Identifier: ISC */
/* irqd: interrupt sources. */
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "irqd.h"

static struct irqd irqd;

int program_main(const struct startup *startup)
{
    (void)startup;
    const struct interrupt_server server = irqd_server(&irqd);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &interrupt_protocol, .server = &server}},
    };
    program_ready();
    service_run(&service);
}
