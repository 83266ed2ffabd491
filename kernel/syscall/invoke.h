/* SPDX-License-Identifier: ISC */
/*
 * SYSCALL_INVOKE: operations of kernel objects, one handler for each kind of object.
 *
 * A handler checks all arguments and changes nothing, then changes everything and cannot fail. It
 * returns status_restart where a bounded piece of a long operation is done and more remains.
 */
#pragma once

#include <kernel/object/cap.h>
#include <kernel/object/thread.h>

struct invocation {
    struct thread *thread;   /* who invokes */
    struct cspace *cspace;   /* its capability space */
    struct capability *self; /* the invoked capability, not empty */
    uint16_t operation;
    uint64_t arguments[4];
    uint64_t results[4]; /* returned in registers where the status is OK or MISSING_TABLE */
};

enum status invoke(struct invocation *invocation);

/* A capability of the caller, or nullptr for an empty or impossible slot. */
struct capability *invocation_cap(const struct invocation *invocation, uint64_t slot);

/* One for each kind. */
enum status invoke_untyped(struct invocation *invocation);
enum status invoke_cspace(struct invocation *invocation);
enum status invoke_frame(struct invocation *invocation);
enum status invoke_page_table(struct invocation *invocation);
enum status invoke_thread(struct invocation *invocation);
enum status invoke_reply(struct invocation *invocation);
enum status invoke_irq_control(struct invocation *invocation);
enum status invoke_irq(struct invocation *invocation);
enum status invoke_port_range(struct invocation *invocation);
enum status invoke_clock(struct invocation *invocation);
enum status invoke_console(struct invocation *invocation);
enum status invoke_test(struct invocation *invocation); /* test images only */
