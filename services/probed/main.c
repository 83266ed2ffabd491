/* SPDX-License-Identifier: ISC */
/* probed: finds devices once, then only answers what it found. */
#include <protocol/probe.h>
#include <slots/probed.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include "scan.h"

static struct scan_counts counts;

static enum status last_scan(
    void *self, struct ipc_caller caller, struct probe_last_scan_reply *reply_out)
{
    (void)caller;
    const struct scan_counts *scanned = self;
    reply_out->buses = scanned->buses;
    reply_out->functions = scanned->functions;
    reply_out->reported = scanned->reported;
    reply_out->refused = scanned->refused;
    return STATUS_OK;
}

int program_main(const struct startup *startup)
{
    (void)startup;
    enum status status = scan_isa(&counts);
    if (status != STATUS_OK) {
        program_failed(status, "COM1 cannot be reported");
        return 1;
    }
    status = scan_pci(&counts);
    if (status != STATUS_OK) {
        program_failed(status, "PCI configuration space cannot be scanned");
        return 1;
    }
    const struct probe_server server = {.self = &counts, .last_scan = last_scan};
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &probe_protocol, .server = &server}},
    });
}
