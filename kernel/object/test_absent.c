/* SPDX-License-Identifier: ISC */
/* Runtime images have no test object. */
#include <kernel/syscall/invoke.h>

enum status invoke_test(struct invocation *invocation)
{
    (void)invocation;
    return STATUS_INVALID_CAPABILITY;
}
