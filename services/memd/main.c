/* SPDX-License-Identifier: ISC */
/* memd: takes charge of the RAM that it was given, then lends it. */
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include <slots/memd.h>

#include "handlers.h"

static struct ram ram;

static enum status add_given_ram(void)
{
    const struct startup_slot *given = program_startup_slot("ram");
    enum status status = ram_init(&ram);
    for (uint32_t index = 0; index < given->parameter && status == STATUS_OK; index++) {
        status = ram_add(&ram, (struct untyped_cap){given->slot + index});
    }
    return status;
}

int program_main(const struct startup *)
{
    const enum status status = add_given_ram();
    if (status != STATUS_OK) {
        program_failed(status, "a block of RAM cannot be used");
        return 1;
    }
    const struct memory_server handlers = memory_handlers(&ram);
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{&memory_protocol, &handlers}},
    });
}
