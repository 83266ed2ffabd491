/* SPDX-License-Identifier: ISC */
/* loaderd: starts programs of the disk. */
#include <slots/loaderd.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "loaderd.h"

static struct loaderd loaderd;

int program_main(const struct startup *startup)
{
    (void)startup;
    enum status status = image_open(&loaderd.image);
    if (status != STATUS_OK) {
        program_failed(status, "no session with vfsd");
        return 1;
    }
    const struct loader_server server = loaderd_server(&loaderd);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &loader_protocol, .server = &server}},
    };
    program_ready();
    service_run(&service);
}
