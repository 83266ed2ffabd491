/* SPDX-License-Identifier: ISC */
/* The end of a process, whoever wants it: everything is given back, everybody is told. */
#pragma once

#include "procd.h"

/* The process and its entry are gone afterwards. */
void ending_finish(struct procd *procd, struct process *process, const struct ending *ending);

/* What wait() answers about it. */
struct process_wait_reply ending_reply(const struct ending *ending);

/* Answer the caller of wait() when the process ends. NO_SLOT: too many wait. */
enum status ending_wait(struct procd *procd, uint32_t process);
