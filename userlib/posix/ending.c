/* SPDX-License-Identifier: ISC */
/* Who this process is, and its end. */
#include <userlib/start.h>
#include <userlib/syscall.h>

#include <userlib/libc/src/system.h>

pid_t system_process_id(void)
{
    return (pid_t)program_startup()->process_id;
}

_Noreturn void system_exit(int status)
{
    thread_exit((uint64_t)status);
}

_Noreturn void system_abort(void)
{
    __builtin_trap();
}
