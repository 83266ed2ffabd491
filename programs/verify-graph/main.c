/* SPDX-License-Identifier: ISC */
/*
 * Verifier: has the kernel check its invariants and print every capability that exists. The
 * comparison with the declared graph is made outside of the system, from the serial log
 * (tools/harness/graph.py).
 */
#include <slots/verify-graph.h>
#include <userlib/start.h>
#include <userlib/syscall.h>
#include <userlib/verifier.h>

static const char *verify(const struct verifier *)
{
    const struct test_cap test = {SLOT_TEST};
    if (test_check_invariants(test) != STATUS_OK) {
        return "the kernel's invariants do not hold";
    }
    return test_print_graph(test) == STATUS_OK ? nullptr : "the kernel does not print its graph";
}

int program_main(const struct startup *startup)
{
    return verifier_run(startup, (struct root_cap){SLOT_PEER_ROOTD}, verify);
}
