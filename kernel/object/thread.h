/* SPDX-License-Identifier: ISC */
/*
 * Threads: registers, SSE state, the capabilities that they run on, and what they wait for.
 *
 * Invariants
 *  1. A thread is in the queue that its state names, and in no other: READY (unless it is the
 * current one or about to become so) in the scheduler's, SENDING and RECEIVING in blocked_on's,
 * WAITING in a notification's.
 *  2. reply is the object that will carry the answer (state REPLY), or into which a caller is to be
 * received (state RECEIVING); the reply object points back.
 *  3. While fault_operation is not 0, the message that it sends is `fault_words`; its registers are
 * untouched.
 */
#pragma once

#include <kernel/arch/arch.h>
#include <kernel/arch/registers.h>
#include <kernel/object/cap.h>
#include <kernel/object/endpoint.h>

enum thread_state : uint32_t {
    THREAD_INACTIVE = 0,
    THREAD_READY = 1,
    THREAD_SENDING = 2,
    THREAD_RECEIVING = 3,
    THREAD_REPLY = 4,   /* waits for the answer to its call or fault */
    THREAD_WAITING = 5, /* for a notification */
    THREAD_FAULTED = 6, /* nobody could or would handle its fault */
};

enum thread_cap : uint32_t {
    THREAD_CAP_CSPACE = 0,
    THREAD_CAP_VSPACE = 1,
    THREAD_CAP_BUFFER = 2,
    THREAD_CAP_PAGER = 3,
    THREAD_CAP_FAULT = 4,
    THREAD_CAP_COUNT
};

struct reply;
struct notification;

struct thread {
    struct object header;
    enum thread_state state;
    uint8_t priority;
    uint8_t priority_ceiling;
    bool is_call;        /* SENDING: wants an answer */
    bool suspended;      /* stays out of the scheduler whatever happens to it */
    struct thread *next; /* in the one queue that it is in */
    struct thread *previous;
    struct endpoint *blocked_on;
    struct notification *waiting_for;
    struct reply *reply;
    uint64_t sender_badge; /* SENDING: badge of the capability that it sent through */
    struct registers registers;
    struct notification *bound;
    uint64_t ticks;           /* time stamp ticks that it has run */
    uint16_t fault_operation; /* enum fault_operation; 0: no fault */
    uint16_t fault_escalated; /* the pager has given up: this one is for the fault endpoint */
    uint32_t sender_can_grant;
    uint64_t fault_words[4];
    struct capability caps[THREAD_CAP_COUNT];
    alignas(16) uint8_t fpu_state[512];
};

static_assert(offsetof(struct thread, registers) == thread_registers_offset);
static_assert(sizeof(struct thread) <= thread_size_bytes);

void thread_init(struct thread *thread);
void thread_destroy(struct thread *thread);
struct capability *thread_first_cap(struct thread *thread);

/* Take it out of whatever queue it is in; what it waited for is as if it had never come. */
void thread_cancel(struct thread *thread);

/* Cancelled from outside: its system call, if it is in one, ends with `status`. */
void thread_finish_syscall(struct thread *thread, enum status status);

/* Make it runnable, unless it is suspended. */
void thread_make_ready(struct thread *thread);

/* Its capability space; nullptr if that is gone. */
static inline struct cspace *thread_cspace(struct thread *thread)
{
    struct capability *cap = &thread->caps[THREAD_CAP_CSPACE];
    return cap->kind == OBJECT_CSPACE ? (struct cspace *)cap->object : nullptr;
}

/* The fault of a running thread: stops it and sends the message to the handler, or marks it
 * FAULTED. */
void thread_raise_fault(struct thread *thread, uint16_t operation, const uint64_t words[4]);

/* The answer of a handler to a fault. */
void thread_fault_answered(struct thread *thread, enum status status);
