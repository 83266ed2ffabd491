/* SPDX-License-Identifier: ISC */
/* All mutable globals of the kernel outside kernel/arch, in one place. */
#pragma once

#include <abi/boot_handoff.h>
#include <abi/syscall.h>
#include <kernel/object/endpoint.h>
#include <kernel/object/irq.h>

#include <stdint.h>

constexpr uint32_t vspaces_max = 4096;

struct vspace;
struct cspace;

struct kernel_state {
    /* Scheduler: one queue for each priority, and a bit for each queue that is not empty. */
    uint64_t ready_mask;
    struct thread_queue ready[priority_count];
    struct thread
        *switch_to;         /* made ready by hand-over; runs next unless somebody is more urgent */
    uint64_t slice_end_ns;  /* UINT64_MAX: nobody competes with the current thread */
    uint64_t programmed_ns; /* what the comparator is set to */
    uint64_t switched_at_ticks; /* when the current thread came to run */

    /* Deadlines, the soonest first. */
    struct notification *deadlines[clock_deadlines_max];
    uint32_t deadline_count;

    /* Address spaces by the low bits of their id; ids are never used twice. */
    struct vspace *vspaces[vspaces_max];
    uint16_t vspace_places[vspaces_max]; /* given back; the first vspace_places_free are valid */
    uint32_t vspace_places_free;
    uint32_t vspace_places_begun; /* places from here on never had anybody */
    uint64_t vspace_next_id;      /* without the low bits; never 0 */

    struct cspace *cspaces;
    struct cap_walk walk;     /* of a deletion that makes way; see cap.c */
    struct capability parked; /* on its way out and in no container; see cap.c */
    struct irq irqs[irq_count];
    struct thread *root_thread; /* rootd's: if it dies, all ends */
    enum boot_profile profile;
};

extern struct kernel_state kernel_state;
