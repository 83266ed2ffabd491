/* SPDX-License-Identifier: ISC */
/* pagerd: answers page faults with fresh memory. */
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include <slots/pagerd.h>

#include "handlers.h"

static struct clients clients;

int program_main(const struct startup *)
{
    clients.memory = (struct memory_cap){SLOT_PEER_MEMD};
    const struct pager_server pager = pager_handlers(&clients);
    const struct trap_server trap = trap_handlers(&clients);
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 2,
        .bindings = {{&pager_protocol, &pager}, {&trap_protocol, &trap}},
    });
}
