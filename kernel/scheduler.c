/* SPDX-License-Identifier: ISC */
/* Scheduler, and the way out of the kernel. */
#include <kernel/scheduler.h>

#include <kernel/arch/cpu.h>
#include <kernel/object/clock.h>
#include <kernel/object/queue.h>
#include <kernel/object/vspace.h>
#include <kernel/panic.h>
#include <kernel/state.h>

static void enqueue(struct thread *thread)
{
    queue_append(&kernel_state.ready[thread->priority], thread);
    kernel_state.ready_mask |= UINT64_C(1) << thread->priority;
}

static void dequeue(struct thread *thread)
{
    struct thread_queue *queue = &kernel_state.ready[thread->priority];
    queue_remove(queue, thread);
    if (queue->head == nullptr) {
        kernel_state.ready_mask &= ~(UINT64_C(1) << thread->priority);
    }
}

/* The time since it came to run, or since the last account, is the current thread's. */
static inline void account(struct thread *current)
{
    uint64_t now_ticks = cpu_read_ticks();
    if (current != nullptr) {
        current->ticks += now_ticks - kernel_state.switched_at_ticks;
    }
    kernel_state.switched_at_ticks = now_ticks;
}

void scheduler_add(struct thread *thread)
{
    kassert(thread->state == THREAD_READY);
    if (thread != cpu_this()->current) {
        enqueue(thread);
    }
}

void scheduler_remove(struct thread *thread)
{
    if (kernel_state.switch_to == thread) {
        kernel_state.switch_to = nullptr;
    } else if (thread != cpu_this()->current) {
        dequeue(thread);
    }
}

void scheduler_forget(struct thread *thread)
{
    struct cpu *cpu = cpu_this();
    if (cpu->current == thread) {
        cpu->current = nullptr;
        account(thread);
    }
    if (cpu->fpu_owner == thread) {
        cpu_save_fpu(thread->fpu_state);
        cpu->fpu_owner = nullptr;
    }
}

void scheduler_switch_to(struct thread *thread)
{
    kassert(kernel_state.switch_to == nullptr);
    thread->state = THREAD_INACTIVE;
    if (thread->suspended) {
        return;
    }
    thread->state = THREAD_READY;
    if (thread == cpu_this()->current) {
        return;
    }
    kernel_state.switch_to = thread;
}

void scheduler_yield(void)
{
    struct cpu *cpu = cpu_this();
    struct thread *current = cpu->current;
    if (current != nullptr && current->state == THREAD_READY) {
        cpu->current = nullptr;
        account(current);
        enqueue(current);
    }
}

void scheduler_tick(uint64_t now_ns)
{
    if (kernel_state.slice_end_ns <= now_ns) {
        kernel_state.slice_end_ns = UINT64_MAX;
        scheduler_yield();
    }
}

/* The hand-over candidate runs if nobody queued is more urgent, else it queues like everyone. */
static struct thread *take_candidate(void)
{
    struct thread *candidate = kernel_state.switch_to;
    kernel_state.switch_to = nullptr;
    if (candidate == nullptr) {
        return nullptr;
    }
    if (kernel_state.ready_mask >> candidate->priority > 1) {
        enqueue(candidate);
        return nullptr;
    }
    return candidate;
}

/* What runs next, not queued any more; nullptr if the processor has nothing to do. Where that is
 * not the current thread though it could run, there is no current thread any more. */
static struct thread *choose(struct cpu *cpu)
{
    struct thread *current = cpu->current;
    struct thread *candidate = take_candidate();
    bool current_runs = current != nullptr && current->state == THREAD_READY;
    if (candidate != nullptr) {
        if (!current_runs) {
            return candidate;
        }
        enqueue(candidate);
    }
    if (kernel_state.ready_mask == 0) {
        return current_runs ? current : nullptr;
    }
    uint32_t best = 63U - (uint32_t)__builtin_clzll(kernel_state.ready_mask);
    if (current_runs && current->priority >= best) {
        return current;
    }
    if (current_runs) {
        account(current);
        cpu->current = nullptr;
        queue_prepend(&kernel_state.ready[current->priority], current);
        kernel_state.ready_mask |= UINT64_C(1) << current->priority;
    }
    struct thread *next = kernel_state.ready[best].head;
    dequeue(next);
    return next;
}

static void program_timer(const struct thread *next)
{
    bool competed = next != nullptr && (kernel_state.ready_mask >> next->priority & 1) != 0;
    if (!competed) {
        kernel_state.slice_end_ns = UINT64_MAX;
    } else if (kernel_state.slice_end_ns == UINT64_MAX) {
        kernel_state.slice_end_ns = arch_clock_read() + slice_ns;
    }
    uint64_t deadline = clock_next_deadline();
    if (kernel_state.slice_end_ns < deadline) {
        deadline = kernel_state.slice_end_ns;
    }
    if (deadline != kernel_state.programmed_ns) {
        kernel_state.programmed_ns = deadline;
        arch_clock_set_deadline(deadline);
    }
}

/* `owner`: whose SSE state is in the registers. */
static inline void set_current(struct cpu *cpu, struct thread *owner, struct thread *next)
{
    kernel_state.slice_end_ns = UINT64_MAX;
    cpu->current = next;
    cpu_set_entry_stack(cpu, (uint64_t)(&next->registers + 1));
    if (owner == next) {
        return;
    }
    if (owner != nullptr) {
        cpu_save_fpu(owner->fpu_state);
    }
    cpu_load_fpu(next->fpu_state);
    cpu->fpu_owner = next;
}

static inline void load_tables(struct cpu *cpu, struct vspace *vspace)
{
    if (vspace != cpu->vspace) {
        cpu->vspace = vspace;
        cpu->table_loads++;
        cpu_write_cr3(vspace_table_address(vspace));
    }
}

/* Nothing to run: sleep until an interrupt makes something ready. */
static void idle(struct cpu *cpu)
{
    if (cpu->current != nullptr) {
        account(cpu->current);
        cpu->current = nullptr;
    }
    program_timer(nullptr);
    cpu_interrupts_enable_and_halt();
}

/* Its address space was revoked: it can never run again. */
static void stop_without_space(struct cpu *cpu, struct thread *thread)
{
    thread->state = THREAD_FAULTED;
    if (cpu->current == thread) {
        cpu->current = nullptr;
    }
}

/* The common end of a system call that neither blocks nor wakes anybody: nothing that kernel_leave
 * looks at has changed since it chose `current`, and nobody competes with it. */
static bool goes_on(const struct cpu *cpu, const struct thread *current)
{
    if (current == nullptr || current->state != THREAD_READY || kernel_state.switch_to != nullptr ||
        kernel_state.ready_mask >> current->priority != 0 ||
        kernel_state.slice_end_ns != UINT64_MAX) {
        return false;
    }
    const struct capability *space = &current->caps[THREAD_CAP_VSPACE];
    return space->kind == OBJECT_VSPACE && (struct vspace *)space->object == cpu->vspace &&
           clock_next_deadline() == kernel_state.programmed_ns;
}

/* Apart from kernel_leave, which then needs no stack frame for the common end. */
[[gnu::noinline]] static struct thread *leave_by_choice(struct cpu *cpu)
{
    for (;;) {
        struct thread *next = choose(cpu);
        if (next == nullptr) {
            idle(cpu);
            continue;
        }
        struct vspace *vspace = vspace_of_thread(next);
        if (vspace == nullptr) {
            stop_without_space(cpu, next);
            continue;
        }
        if (next != cpu->current) {
            account(cpu->current);
            set_current(cpu, cpu->fpu_owner, next);
        }
        load_tables(cpu, vspace);
        program_timer(next);
        return next;
    }
}

struct thread *kernel_leave(void)
{
    struct cpu *cpu = cpu_this();
    if (goes_on(cpu, cpu->current)) {
        return cpu->current;
    }
    return leave_by_choice(cpu);
}

struct thread *scheduler_hand_over(struct thread *current, struct thread *next)
{
    struct cpu *cpu = cpu_this();
    next->state = THREAD_READY;
    account(current);
    set_current(cpu, current, next);
    load_tables(cpu, (struct vspace *)next->caps[THREAD_CAP_VSPACE].object);
    return next;
}
