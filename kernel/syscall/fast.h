/* SPDX-License-Identifier: ISC */
/*
 * CALL and REPLY_RECEIVE where the other side is there and nothing else is to be done: most of all
 * system calls of a running system. Each either finds all of its conditions true and does all that
 * syscall_dispatch would do, or changes nothing and leaves the work to that. Which of the two it
 * was can be told by the time alone.
 *
 * Conditions of both
 *  1. The slot that the message or the answer goes through holds what the system call wants: for
 *     CALL an endpoint with RIGHT_SEND; for REPLY_RECEIVE a reply object, and an endpoint with
 *     RIGHT_RECEIVE.
 *  2. The message carries no capabilities and is not too long.
 *  3. Words beyond those in registers have an IPC buffer on both sides.
 *  4. The other thread is not suspended.
 *  5. Nobody as urgent as it, or more, waits for the processor.
 *  6. It has an address space.
 *  7. The comparator stands at the next deadline: no turn ends and none begins to be counted.
 * Of CALL
 *  8. A thread waits to receive, and with a reply object.
 * Of REPLY_RECEIVE
 *  9. A caller waits in the reply object. If it waits for the answer to a fault, that is no exit,
 *     and the answer is OK.
 * 10. No bits are set in a notification bound to this thread.
 * 11. Nobody waits to send to the endpoint.
 */
#pragma once

#include <kernel/object/thread.h>

/* Of the current thread; the thread that runs next. */
struct thread *fast_call(struct thread *caller);
struct thread *fast_reply_receive(struct thread *server);

/* Every system call of the current thread, in all cases; the thread that runs next. */
struct thread *syscall_dispatch(struct thread *thread);
