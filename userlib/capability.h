/* SPDX-License-Identifier: ISC */
/*
 * Typed names of slots: free at run time, but the compiler refuses a frame where an endpoint is
 * wanted. A function that takes such a value borrows the capability, unless its name says _take.
 */
#pragma once

#include <abi/object.h>

struct untyped_cap {
    cap_slot slot;
};

struct frame_cap {
    cap_slot slot;
};

struct page_table_cap {
    cap_slot slot;
};

/* An address space; struct vspace_cap is the service that lays it out. */
struct address_space_cap {
    cap_slot slot;
};

struct cspace_cap {
    cap_slot slot;
};

struct thread_cap {
    cap_slot slot;
};

struct endpoint_cap {
    cap_slot slot;
};

struct notification_cap {
    cap_slot slot;
};

struct reply_cap {
    cap_slot slot;
};

struct irq_control_cap {
    cap_slot slot;
};

struct irq_cap {
    cap_slot slot;
};

struct port_range_cap {
    cap_slot slot;
};

struct clock_cap {
    cap_slot slot;
};

struct console_cap {
    cap_slot slot;
};

struct test_cap {
    cap_slot slot;
};

/* A capability whose kind the receiver finds out by itself. */
struct any_cap {
    cap_slot slot;
};
