/* SPDX-License-Identifier: ISC */
/* Deadlines: a short sorted list of notifications, the soonest first. */
#pragma once

#include <abi/syscall.h>
#include <kernel/object/notification.h>
#include <kernel/state.h>

/* NO_SPACE where clock_deadlines_max others are armed. */
enum status clock_decode_arm(const struct notification *notification);

/* Signal `bits` at `deadline_ns`; replaces an earlier deadline of the same notification. */
void clock_commit_arm(struct notification *notification, uint64_t deadline_ns, uint64_t bits);

/* Nothing if it is not armed. */
void clock_disarm(struct notification *notification);

/* UINT64_MAX if none is armed. */
static inline uint64_t clock_next_deadline(void)
{
    return kernel_state.deadline_count == 0 ? UINT64_MAX : kernel_state.deadlines[0]->deadline_ns;
}

/* Signals all that are due. */
void clock_expire(uint64_t now_ns);
