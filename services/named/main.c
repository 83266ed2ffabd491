/* SPDX-License-Identifier: ISC */
/* named: names of public services. */
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "named.h"

static struct named named;

int program_main(const struct startup *startup)
{
    (void)startup;
    const struct name_server server = named_server(&named);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &name_protocol, .server = &server}},
    };
    program_ready();
    service_run(&service);
}
