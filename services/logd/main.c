/* SPDX-License-Identifier: ISC */
/* logd: the bounded log of the system. */
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "logd.h"

static struct logd logd;

int program_main(const struct startup *startup)
{
    (void)startup;
    const struct log_server server = logd_server(&logd);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &log_protocol, .server = &server}},
    };
    program_ready();
    service_run(&service);
}
