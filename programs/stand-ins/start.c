/* SPDX-License-Identifier: ISC */
/* A stand-in's start, in the place of userlib's, which would compare the start-up block with a
 * contract. */
#include <userlib/log.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <string.h>

#include "stand_in.h"

extern uintptr_t __stack_chk_guard;

[[noreturn]] void program_start(void);

static cap_slot find_logd(const struct startup *startup)
{
    for (uint32_t index = 0; index < startup->slot_count; index++) {
        if (strncmp(startup->slots[index].name, "logd", startup_name_bytes) == 0) {
            return startup->slots[index].slot;
        }
    }
    return slot_null;
}

int stand_in_stay(void)
{
    for (;;) {
        uint64_t bits = 0;
        if (notification_wait((struct notification_cap){SLOT_NOTIFICATION}, &bits) != STATUS_OK) {
            return 1;
        }
    }
}

[[noreturn]] static void run(void)
{
    const struct startup *startup = (const struct startup *)startup_address; // NOLINT
    slots_init(startup->first_free_slot, startup->end_slot);
    log_init(startup->name, startup->profile, find_logd(startup));
    thread_exit((uint64_t)stand_in_main(startup));
}

/* Changes the canary, so it cannot check its own. */
[[noreturn, gnu::no_stack_protector]] void program_start(void)
{
    __stack_chk_guard =
        (uintptr_t)__builtin_ia32_rdtsc() * UINT64_C(0x9e3779b97f4a7c15) & ~UINT64_C(0xff);
    run();
}
