/* SPDX-License-Identifier: ISC */
/* Threads: life cycle, cancelling what they wait for, faults. */
#include <kernel/object/thread.h>

#include <abi/syscall.h>
#include <kernel/arch/cpu.h>
#include <kernel/ipc/message.h>
#include <kernel/object/notification.h>
#include <kernel/object/queue.h>
#include <kernel/object/reply.h>
#include <kernel/panic.h>
#include <kernel/root.h>
#include <kernel/scheduler.h>
#include <kernel/state.h>

void thread_init(struct thread *thread)
{
    thread->header = (struct object){.kind = OBJECT_THREAD};
    thread->state = THREAD_INACTIVE;
    thread->suspended = true;
    registers_init(&thread->registers);
    arch_fpu_init(thread->fpu_state);
}

void thread_destroy(struct thread *thread)
{
    thread_cancel(thread);
    thread->state = THREAD_INACTIVE;
    if (thread->bound != nullptr) {
        notification_unbind(thread->bound);
    }
    scheduler_forget(thread);
}

struct capability *thread_first_cap(struct thread *thread)
{
    for (uint32_t i = 0; i < THREAD_CAP_COUNT; i++) {
        if (thread->caps[i].kind != OBJECT_NONE) {
            return &thread->caps[i];
        }
    }
    return nullptr;
}

void thread_cancel(struct thread *thread)
{
    switch (thread->state) {
    case THREAD_READY:
        scheduler_remove(thread);
        break;
    case THREAD_SENDING:
    case THREAD_RECEIVING:
        endpoint_remove(thread->blocked_on, thread);
        break;
    case THREAD_WAITING:
        queue_remove(&thread->waiting_for->waiting, thread);
        thread->waiting_for = nullptr;
        break;
    default:
        break;
    }
    if (thread->reply != nullptr) {
        if (thread->state == THREAD_RECEIVING) {
            thread->reply->receiver = nullptr;
        } else {
            thread->reply->caller = nullptr;
        }
        thread->reply = nullptr;
    }
    thread->state = THREAD_INACTIVE;
}

void thread_finish_syscall(struct thread *thread, enum status status)
{
    if (thread->fault_operation != 0) {
        thread_fault_answered(thread, status);
        return;
    }
    thread->registers.rax = (uint64_t)(int64_t)status;
    thread_make_ready(thread);
}

void thread_make_ready(struct thread *thread)
{
    thread->state = THREAD_INACTIVE;
    if (!thread->suspended) {
        thread->state = THREAD_READY;
        scheduler_add(thread);
    }
}

void thread_raise_fault(struct thread *thread, uint16_t operation, const uint64_t words[4])
{
    kassert(thread->fault_operation == 0);
    thread->fault_operation = operation;
    thread->fault_escalated = 0;
    for (uint32_t i = 0; i < message_register_words; i++) {
        thread->fault_words[i] = words[i];
    }
    scheduler_forget(thread);
    thread->state = THREAD_INACTIVE;
    message_send_fault(thread);
}

void thread_fault_answered(struct thread *thread, enum status status)
{
    if (status == STATUS_OK && thread->fault_operation != FAULT_EXIT) {
        thread->fault_operation = 0;
        thread_make_ready(thread);
        return;
    }
    bool can_escalate = thread->fault_operation == FAULT_PAGE && thread->fault_escalated == 0;
    if (!can_escalate) {
        thread->state = THREAD_FAULTED;
        if (thread == kernel_state.root_thread) {
            root_died(thread);
        }
        return;
    }
    thread->fault_escalated = 1;
    message_send_fault(thread);
}
