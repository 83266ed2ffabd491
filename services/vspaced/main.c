/* SPDX-License-Identifier: ISC */
/* vspaced: lays out address spaces. */
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include <slots/vspaced.h>

#include "handlers.h"

static struct spaces spaces;

int program_main(const struct startup *)
{
    spaces_init(&spaces, (struct memory_cap){SLOT_PEER_MEMD}, (struct pager_cap){SLOT_PEER_PAGERD});
    const struct vspace_server handlers = vspace_handlers(&spaces);
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{&vspace_protocol, &handlers}},
    });
}
