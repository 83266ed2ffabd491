/* SPDX-License-Identifier: ISC */
/* Starts, and never says a word. */
#include "stand_in.h"

int stand_in_main(const struct startup *startup)
{
    (void)startup;
    return stand_in_stay();
}
