/* SPDX-License-Identifier: ISC */
/* Starts, and never says a word. */
#include <userlib/syscall.h>

#include "stand_in.h"

int stand_in_main(const struct startup *startup)
{
    (void)startup;
    for (;;) {
        uint64_t bits = 0;
        if (notification_wait((struct notification_cap){SLOT_NOTIFICATION}, &bits) != STATUS_OK) {
            return 1;
        }
    }
}
