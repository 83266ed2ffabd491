/* SPDX-License-Identifier: ISC */
/* What the kernel's operations cost, and how long it keeps interrupts off. See bench.h. */
#include "bench.h"

[[noreturn]] void kernelbench_main(const struct root_handoff *handoff);

void kernelbench_main(const struct root_handoff *handoff)
{
    find_memory(handoff);
    make_partner_space();
    measure_operations();
    measure_stretches();
    must(object_command(ROOT_SLOT_TEST, TEST_CHECK_INVARIANTS, 0, 0, 0, 0), "invariants");
    finish(EXIT_SUCCESS_CLASS);
}
