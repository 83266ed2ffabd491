/* SPDX-License-Identifier: ISC */
/*
 * Which thread runs: the most urgent ready one; equal ones take turns of slice_ns.
 *
 * The current thread is in state READY but in no queue. No timer runs unless a deadline is armed or
 * somebody of the current thread's priority waits for the processor.
 */
#pragma once

#include <kernel/object/clock.h>
#include <kernel/object/thread.h>
#include <kernel/state.h>

constexpr uint64_t slice_ns = 10'000'000;

/* Queue a thread whose state has become READY. */
void scheduler_add(struct thread *thread);

/* Take a READY thread out of its queue (or from being current, or next). */
void scheduler_remove(struct thread *thread);

/* Never run it again without scheduler_add; its SSE state in the registers is dropped. */
void scheduler_forget(struct thread *thread);

/* `thread` becomes READY and runs next, unless somebody more urgent is ready. */
void scheduler_switch_to(struct thread *thread);

/* The current thread goes behind the others of its priority. */
void scheduler_yield(void);

/* The timer interrupt: the current thread's turn may be over. */
void scheduler_tick(uint64_t now_ns);

/* Would `thread`, made ready by hand-over while the current thread blocks, run next with nothing
 * else to do? It may run and has tables, nobody as urgent waits for the processor, and the
 * comparator stands at the next deadline already. */
[[gnu::always_inline]] static inline bool scheduler_can_hand_over(const struct thread *thread)
{
    return !thread->suspended && kernel_state.ready_mask >> thread->priority == 0 &&
           thread->caps[THREAD_CAP_VSPACE].kind == OBJECT_VSPACE &&
           clock_next_deadline() == kernel_state.programmed_ns;
}

/* The whole way out of the kernel for such a thread. `current` is the current one, which blocks; a
 * thread that runs has its SSE state in the registers. */
struct thread *scheduler_hand_over(struct thread *current, struct thread *next);
