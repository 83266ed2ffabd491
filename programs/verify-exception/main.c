/* SPDX-License-Identifier: ISC */
/* Verifier: makes the kernel of a test image execute an instruction that it must never execute.
 * There is nothing after it. */
#include <abi/provocation.h>
#include <protocol/root.h>
#include <slots/verify-exception.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

int program_main(const struct startup *startup)
{
    (void)startup;
    (void)object_command(SLOT_TEST, TEST_PROVOKE, PROVOKE_INVALID_OPCODE, 0, 0, 0);
    const struct root_verdict_request verdict = {.status_code = STATUS_INTERNAL};
    return root_verdict((struct root_cap){SLOT_PEER_ROOTD}, &verdict) == STATUS_OK ? 0 : 1;
}
