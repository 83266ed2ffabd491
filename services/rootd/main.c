/* SPDX-License-Identifier: ISC */
/* rootd: takes over the machine, launches the first rows, then serves reports, which launch the
 * others. */
#include "main.h"

#include <userlib/service.h>
#include <userlib/slots.h>

#include <slots/roles.h>

#include "console.h"
#include "failure.h"
#include "handlers.h"
#include "handoff.h"
#include "objects.h"
#include "rootd.h"
#include "sequence.h"
#include "stages.h"
#include "watch.h"

struct rootd rootd;

/* The service loop keeps its reply object in this slot, where the kernel put rootd's address space.
 */
static_assert((cap_slot)SLOT_REPLY == (cap_slot)ROOT_SLOT_VSPACE);
static_assert((cap_slot)SLOT_SELF_CSPACE == (cap_slot)ROOT_SLOT_CSPACE);

[[noreturn]] static void serve(void)
{
    const struct report_server report = report_handlers();
    const struct root_server root = root_handlers();
    const struct event_server event = event_handlers();
    service_run(&(struct service){
        .endpoint = rootd.controls[ROLE_ROOTD].slot,
        .binding_count = 3,
        .bindings = {{&report_protocol, &report}, {&root_protocol, &root},
            {&event_protocol, &event}},
        .on_notification = handle_alarm,
    });
}

[[noreturn]] void rootd_main(const struct root_handoff *handoff)
{
    rootd.handoff = handoff;
    console_start();
    const char *reason = handoff_check(handoff);
    if (reason != nullptr) {
        failure_contract(reason);
    }
    slots_init(handoff->first_free_slot, handoff->end_slot);
    stages_announce(MARKER_KERNEL_ROOTD_STAGE_INTAKE_VALIDATED);
    objects_start();
    watch_start();
    handoff_open_config();
    handoff_find_modules();
    stages_announce(MARKER_KERNEL_ROOTD_STAGE_MODULES_DISCOVERED);
    objects_make_for_rows();
    sequence_advance();
    serve();
}
