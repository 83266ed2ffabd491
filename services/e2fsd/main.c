/* SPDX-License-Identifier: ISC */
/* e2fsd: ext2, ext3 and ext4, read-only. */
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "e2fsd.h"

static struct e2fsd e2fsd;

int program_main(const struct startup *startup)
{
    (void)startup;
    enum status status = volume_prepare(&e2fsd.volume);
    if (status != STATUS_OK) {
        program_failed(status, "no memory that the disk can fill");
        return 1;
    }
    const struct filesystem_server server = e2fsd_server(&e2fsd);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &filesystem_protocol, .server = &server}},
    };
    program_ready();
    service_run(&service);
}
