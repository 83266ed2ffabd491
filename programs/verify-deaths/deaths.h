/* SPDX-License-Identifier: ISC */
/* One death after the other, each followed by a look into all books. */
#pragma once

#include "ledgers.h"

/* Deaths that were seen to happen as they were meant to. */
struct deaths {
    uint32_t exits;
    uint32_t faults;
    uint32_t kills;
};

/* verify-mortal has run, and has ended with two callers: both were told. nullptr, or what was
 * wrong. */
const char *deaths_orphans(void);

/* nullptr, or what was wrong; which stays valid. *deaths_out is how far it came. */
const char *deaths_all(struct deaths *deaths_out);
