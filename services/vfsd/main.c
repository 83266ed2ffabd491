/* SPDX-License-Identifier: ISC */
/* vfsd: the name space of files. */
#include <userlib/log.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include <lib/base/base.h>

#include <stdio.h>

#include "vfsd.h"

static struct vfsd vfsd;

static void report_failure(enum status status, const char *path, const char *source)
{
    constexpr size_t reason_bytes_max = 160;
    char reason[reason_bytes_max];
    if (path[0] == 0) {
        program_failed(status, "BootConfig cannot be read or mounts nothing at /");
        return;
    }
    (void)snprintf(reason, sizeof reason, "cannot mount %s%s%s: %s", path,
        source[0] != 0 ? " from " : "", source, status_text(status));
    log_write(LOG_ERROR, "%s", reason);
    program_failed(status, reason);
}

int program_main(const struct startup *startup)
{
    (void)startup;
    const char *path;
    const char *source;
    enum status status = mounts_open(&vfsd.mounts, &path, &source);
    if (status != STATUS_OK) {
        report_failure(status, path, source);
        return 1;
    }
    vfsd.walk.source = &vfsd.mounts.source;
    const struct vfs_server server = vfsd_server(&vfsd);
    const struct event_server events = vfsd_events(&vfsd);
    const struct service service = {
        .endpoint = SLOT_CONTROL,
        .binding_count = 2,
        .bindings = {{.protocol = &vfs_protocol, .server = &server},
            {.protocol = &event_protocol, .server = &events}},
    };
    program_ready();
    service_run(&service);
}
