/* SPDX-License-Identifier: ISC */
/*
 * Verifier: has the kernel check its invariants and print every capability that exists. The
 * comparison with the declared graph is made outside of the system, from the serial log
 * (tools/harness/graph.py).
 */
#include <protocol/root.h>
#include <slots/verify-graph.h>
#include <userlib/start.h>
#include <userlib/syscall.h>

int program_main(const struct startup *startup)
{
    (void)startup;
    const struct test_cap test = {SLOT_TEST};
    enum status status = object_command(test.slot, TEST_CHECK_INVARIANTS, 0, 0, 0, 0);
    if (status == STATUS_OK) {
        status = test_print_graph(test);
    }
    const struct root_verdict_request verdict = {.status_code = status};
    return root_verdict((struct root_cap){SLOT_PEER_ROOTD}, &verdict) == STATUS_OK ? 0 : 1;
}
