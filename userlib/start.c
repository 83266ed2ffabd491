/* SPDX-License-Identifier: ISC */
/* From the entry point to program_main(): canary, start-up block, contract, slots, log. */
#include <userlib/start.h>

#include <userlib/log.h>
#include <userlib/report.h>
#include <userlib/slots.h>

#include <string.h>

extern uintptr_t __stack_chk_guard;

[[noreturn]] void program_start(void);

const struct startup *program_startup(void)
{
    return (const struct startup *)startup_address; // NOLINT(performance-no-int-to-ptr)
}

const struct startup_slot *program_startup_slot(const char *name)
{
    const struct startup *startup = program_startup();
    for (uint32_t index = 0; index < startup->slot_count; index++) {
        if (strncmp(startup->slots[index].name, name, startup_name_bytes) == 0 &&
            startup->slots[index].kind != OBJECT_NONE) {
            return &startup->slots[index];
        }
    }
    return nullptr;
}

[[noreturn]] static void run(void)
{
    const struct startup *startup = program_startup();
    const char *reason = "";
    const enum status status = program_check_contract(startup, &reason);
    if (status != STATUS_OK) {
        program_failed(status, reason);
        thread_exit((uint64_t)status);
    }
    slots_init(startup->first_free_slot, startup->end_slot);
    const struct startup_slot *log = program_startup_slot("logd");
    log_init(startup->name, startup->profile, log == nullptr ? slot_null : log->slot);
    thread_exit((uint64_t)program_main(startup));
}

/* Changes the canary, so it cannot check its own. */
[[noreturn, gnu::no_stack_protector]] void program_start(void)
{
    __stack_chk_guard =
        (uintptr_t)__builtin_ia32_rdtsc() * UINT64_C(0x9e3779b97f4a7c15) & ~UINT64_C(0xff);
    run();
}
