/* SPDX-License-Identifier: ISC */
/*
 * Verifier: the kernel of a test image does what it must never do, of which it must die at once.
 * Which of it is the parameter less one; without a parameter the kernel's invariants hold.
 */
#include <abi/provocation.h>
#include <slots/verify-exception.h>
#include <userlib/start.h>
#include <userlib/syscall.h>
#include <userlib/verifier.h>

static const char *verify(const struct verifier *verifier)
{
    const struct test_cap test = {SLOT_TEST};
    if (test_check_invariants(test) != STATUS_OK) {
        return "the kernel's invariants do not hold";
    }
    if (verifier->parameter == 0) {
        return nullptr;
    }
    (void)object_command(test.slot, TEST_PROVOKE, verifier->parameter - 1, program_base, 0, 0);
    return "the kernel has survived";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
