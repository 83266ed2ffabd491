/* SPDX-License-Identifier: ISC */
/* procd: processes, from their making to their end. */
#include <userlib/report.h>
#include <userlib/start.h>

#include <slots/procd.h>

#include "handlers.h"

static struct procd procd;

static void on_notification(void *self, uint64_t bits)
{
    (void)bits;
    struct procd *state = self;
    events_retry(&state->events);
}

int program_main(const struct startup *)
{
    const struct startup_slot *config = program_startup_slot("boot-config");
    const enum status status = bootconfig_open(
        (const void *)bootconfig_address, config->parameter, &procd.config); // NOLINT
    if (status != STATUS_OK) {
        program_failed(status, "BootConfig");
        return 1;
    }
    events_init(&procd.events);
    const struct process_server process = process_handlers(&procd);
    const struct trap_server trap = trap_handlers(&procd);
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 2,
        .bindings = {{&process_protocol, &process}, {&trap_protocol, &trap}},
        .on_notification = on_notification,
        .self = &procd,
        .deferred_first = SLOT_DEFERRED_FIRST,
        .deferred_count = deferred_slot_count,
    });
}
