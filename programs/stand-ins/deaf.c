/* SPDX-License-Identifier: ISC */
/* Reports that it is ready, and never receives a message. */
#include <userlib/report.h>

#include "stand_in.h"

int stand_in_main(const struct startup *startup)
{
    (void)startup;
    program_ready();
    return stand_in_stay();
}
