/* SPDX-License-Identifier: ISC */
/* What a failed assertion and a smashed stack do: say so, then fault. */
#include <userlib/assert.h>

#include <userlib/log.h>

#include <stdint.h>

[[noreturn]] void assert_fail(const char *condition, const char *file, int line)
{
    log_write(LOG_ERROR, "%s:%d: does not hold: %s", file, line, condition);
    __builtin_trap();
}

/* The stack protector compares with this; start.c fills it before any protected function runs. */
uintptr_t __stack_chk_guard;

[[noreturn]] void __stack_chk_fail(void);

[[noreturn]] void __stack_chk_fail(void)
{
    __builtin_trap(); /* the stack cannot be trusted: no logging */
}
