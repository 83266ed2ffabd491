/* SPDX-License-Identifier: ISC */
/* Starts, then reports that it cannot serve. */
#include <userlib/report.h>

#include "stand_in.h"

int stand_in_main(const struct startup *startup)
{
    (void)startup;
    program_failed(STATUS_IO, "fails on purpose");
    return 1;
}
