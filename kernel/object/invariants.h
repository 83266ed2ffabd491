/* SPDX-License-Identifier: ISC */
/*
 * The kernel's own state, checked against the invariants that its headers name: the forest of
 * derivation, counts of references, memory, page tables, queues, replies, notifications, deadlines
 * and interrupts. For host tests and test images only.
 *
 * The inspection needs no memory but its stack. While it runs it takes reference counts down to
 * zero and marks page-table entries; both are as before when it ends. It reads every slot a few
 * times, and compares a capability with a bounded number of its siblings.
 */
#pragma once

#include <kernel/object/cspace.h>
#include <kernel/object/endpoint.h>
#include <kernel/object/notification.h>
#include <kernel/object/reply.h>
#include <kernel/object/thread.h>

#include <stdint.h>

struct broken_invariant {
    const char *rule;   /* what should hold, in words */
    uint32_t space;     /* label of the capability space where it was seen */
    uint32_t slot;      /* slot in it; 0: not seen in a slot */
    const void *object; /* what breaks it */
};

/* Do all invariants hold? If not, *broken_out tells of the first that does not. Between system
 * calls or in one that has not changed anything; nothing may interrupt. */
bool invariants_hold(struct broken_invariant *broken_out);

/* --- between the files of the inspection --- */

/* What is counted twice, in two ways. */
struct census {
    uint32_t children_named;  /* capabilities that name a parent */
    uint32_t children_listed; /* capabilities in lists of children */
    uint32_t cspaces;
    uint32_t vspaces;
    uint32_t irqs;
    uint32_t threads_ready; /* neither current nor handed over to */
    uint32_t threads_blocked;
    uint32_t threads_waiting;
    uint32_t threads_calling;
    uint32_t threads_receiving; /* into a reply object */
    uint32_t threads_bound;
    uint32_t queued_blocked;
    uint32_t queued_waiting;
    uint32_t replies_calling;
    uint32_t replies_receiving;
    uint32_t notifications_bound;
    uint32_t notifications_armed;
};

struct inspection {
    struct census census;
    const struct cspace *space; /* where we are */
    uint32_t slot;
    bool broken;
    struct broken_invariant first;
};

/* Notes a broken rule unless `holds`; returns `holds`. */
bool inspection_expect(
    struct inspection *inspection, bool holds, const char *rule, const void *object);

/* Visits every filled slot of every space, the parked capability and the targets of interrupts. */
void inspection_visit_slots(struct inspection *inspection,
    void (*visit)(struct inspection *inspection, struct capability *cap));

/* In invariants_memory.c: one capability against its parent and its siblings. */
void inspect_memory(struct inspection *inspection, const struct capability *cap);

/* In invariants_tables.c: every entry of every address space has a living capability behind it. */
void inspect_tables(struct inspection *inspection);

/* In invariants_threads.c: each object once; then the queues of the kernel and the sums. */
void inspect_thread(struct inspection *inspection, const struct thread *thread);
void inspect_endpoint(struct inspection *inspection, const struct endpoint *endpoint);
void inspect_notification(struct inspection *inspection, const struct notification *notification);
void inspect_reply(struct inspection *inspection, const struct reply *reply);
void inspect_threads_together(struct inspection *inspection);
