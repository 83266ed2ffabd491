/* SPDX-License-Identifier: ISC */
/* The end of a process, whoever wants it: everything is given back, everybody is told. */
#pragma once

#include "procd.h"

struct ending {
    uint32_t reason; /* as in protocol process */
    int64_t code;
    uint64_t address; /* of a fault */
};

/* The process and its entry are gone afterwards. */
void ending_finish(struct procd *procd, struct process *process, const struct ending *ending);

/* Answer the caller of wait() when the process ends. NO_SLOT: too many wait. */
enum status ending_wait(struct procd *procd, uint32_t process);
