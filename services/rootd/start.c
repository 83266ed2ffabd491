/* SPDX-License-Identifier: ISC */
/*
 * rootd's start, in the place of userlib's: there is no start-up block, the kernel's handoff is
 * where other programs have theirs.
 */
#include <abi/root_handoff.h>
#include <userlib/syscall.h>

#include "main.h"

extern uintptr_t __stack_chk_guard;

[[noreturn]] void program_start(void);

static_assert(root_handoff_address == startup_address);
static_assert(root_ipc_buffer_address == ipc_buffer_address);

/* Changes the canary, so it cannot check its own. */
[[noreturn, gnu::no_stack_protector]] void program_start(void)
{
    __stack_chk_guard =
        (uintptr_t)__builtin_ia32_rdtsc() * UINT64_C(0x9e3779b97f4a7c15) & ~UINT64_C(0xff);
    rootd_main((const struct root_handoff *)root_handoff_address); // NOLINT
}
