/* SPDX-License-Identifier: ISC */
/* Reports that it is ready, then dies of a fault. */
#include <userlib/report.h>

#include "stand_in.h"

int stand_in_main(const struct startup *startup)
{
    (void)startup;
    program_ready();
    __builtin_trap();
}
