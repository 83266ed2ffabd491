/* SPDX-License-Identifier: ISC */
/* What entry code calls: system calls, faults and interrupts. */
#include <abi/syscall.h>
#include <kernel/arch/arch.h>
#include <kernel/arch/cpu.h>
#include <kernel/ipc/message.h>
#include <kernel/object/clock.h>
#include <kernel/object/cspace.h>
#include <kernel/object/irq.h>
#include <kernel/object/notification.h>
#include <kernel/object/queue.h>
#include <kernel/scheduler.h>
#include <kernel/state.h>
#include <kernel/syscall/fast.h>
#include <kernel/syscall/invoke.h>

static void finish(struct thread *thread, enum status status)
{
    thread->registers.rax = (uint64_t)(int64_t)status;
}

static struct capability *lookup(struct thread *thread, uint32_t slot)
{
    struct cspace *cspace = thread_cspace(thread);
    return cspace == nullptr ? nullptr : cspace_slot(cspace, slot);
}

/* The object behind a slot of the wanted kind and rights, else nullptr with the status in rax. */
static struct object *lookup_object(
    struct thread *thread, uint32_t slot, enum object_kind kind, uint16_t rights)
{
    const struct capability *cap = lookup(thread, slot);
    if (cap == nullptr || cap->kind != kind) {
        finish(thread, STATUS_INVALID_CAPABILITY);
        return nullptr;
    }
    if ((cap->rights & rights) != rights) {
        finish(thread, STATUS_DENIED);
        return nullptr;
    }
    return cap->object;
}

[[gnu::noinline]] static void handle_send(
    struct thread *thread, bool is_call, enum message_wait wait)
{
    uint32_t slot = (uint32_t)thread->registers.rdi;
    if (lookup_object(thread, slot, OBJECT_ENDPOINT, RIGHT_SEND) != nullptr) {
        message_send(thread, lookup(thread, slot), is_call, wait);
    }
}

/* Slot 0 for the reply object means: calls are not wanted. False with the status in rax on error.
 */
static bool lookup_reply(struct thread *thread, struct reply **reply_out)
{
    uint32_t slot = (uint32_t)(thread->registers.rdi >> 32);
    *reply_out = nullptr;
    if (slot == 0) {
        return true;
    }
    *reply_out = (struct reply *)lookup_object(thread, slot, OBJECT_REPLY, 0);
    return *reply_out != nullptr;
}

static void receive(struct thread *thread, struct reply *reply, enum message_wait wait)
{
    struct endpoint *endpoint = (struct endpoint *)lookup_object(
        thread, (uint32_t)thread->registers.rdi, OBJECT_ENDPOINT, RIGHT_RECEIVE);
    if (endpoint == nullptr) {
        return;
    }
    if (reply != nullptr && (reply->caller != nullptr || reply->receiver != nullptr)) {
        finish(thread, STATUS_BUSY);
        return;
    }
    message_receive(thread, endpoint, reply, wait);
}

[[gnu::noinline]] static void handle_receive(struct thread *thread, enum message_wait wait)
{
    struct reply *reply;
    if (lookup_reply(thread, &reply)) {
        receive(thread, reply, wait);
    }
}

[[gnu::noinline]] static void handle_reply(struct thread *thread, bool then_receive)
{
    struct reply *reply;
    if (!lookup_reply(thread, &reply)) {
        return;
    }
    if (reply == nullptr) {
        finish(thread, STATUS_INVALID_CAPABILITY);
        return;
    }
    enum status status = message_reply(thread, reply, then_receive);
    if (status != STATUS_OK || !then_receive) {
        finish(thread, status);
        return;
    }
    receive(thread, reply, MESSAGE_WAIT);
}

[[gnu::noinline]] static void handle_signal(struct thread *thread)
{
    uint32_t slot = (uint32_t)thread->registers.rdi;
    struct notification *notification =
        (struct notification *)lookup_object(thread, slot, OBJECT_NOTIFICATION, RIGHT_SEND);
    if (notification == nullptr) {
        return;
    }
    finish(thread, STATUS_OK);
    notification_signal(notification, notification_cap_bits(lookup(thread, slot)));
}

[[gnu::noinline]] static void handle_wait(struct thread *thread, bool wait)
{
    struct notification *notification = (struct notification *)lookup_object(
        thread, (uint32_t)thread->registers.rdi, OBJECT_NOTIFICATION, RIGHT_RECEIVE);
    if (notification == nullptr) {
        return;
    }
    if (notification->bits != 0) {
        thread->registers.rdx = notification_take(notification);
        finish(thread, STATUS_OK);
        return;
    }
    if (!wait) {
        finish(thread, STATUS_WOULD_BLOCK);
        return;
    }
    thread->state = THREAD_WAITING;
    thread->waiting_for = notification;
    queue_append(&notification->waiting, thread);
}

/* Not inlined: syscall_dispatch would have to guard a stack frame for all other calls too. */
[[gnu::noinline]] static void handle_invoke(struct thread *thread)
{
    constexpr uint64_t syscall_instruction_bytes = 2;
    struct registers *registers = &thread->registers;
    struct invocation invocation = {.thread = thread,
        .cspace = thread_cspace(thread),
        .self = lookup(thread, (uint32_t)registers->rdi),
        .operation = (uint16_t)registers->rsi,
        .arguments = {registers->rdx, registers->r10, registers->r8, registers->r9}};
    if (invocation.self == nullptr || invocation.self->kind == OBJECT_NONE) {
        finish(thread, STATUS_INVALID_CAPABILITY);
        return;
    }
    enum status status = invoke(&invocation);
    if (status == status_restart) {
        registers->rip -= syscall_instruction_bytes;
        return;
    }
    finish(thread, status);
    if (status == STATUS_OK || status == STATUS_MISSING_TABLE) {
        registers->rdx = invocation.results[0];
        registers->r10 = invocation.results[1];
        registers->r8 = invocation.results[2];
        registers->r9 = invocation.results[3];
    }
}

[[gnu::noinline]] static void handle_exit(struct thread *thread)
{
    const uint64_t words[4] = {thread->registers.rdx};
    thread_raise_fault(thread, FAULT_EXIT, words);
}

static void tell_version(struct thread *thread)
{
    finish(thread, STATUS_OK);
    thread->registers.rdx = abi_version;
}

struct thread *syscall_dispatch(struct thread *thread)
{
    switch (thread->registers.rax) {
    case SYSCALL_VERSION:
        tell_version(thread);
        break;
    case SYSCALL_CALL:
        handle_send(thread, true, MESSAGE_WAIT);
        break;
    case SYSCALL_REPLY_RECEIVE:
        handle_reply(thread, true);
        break;
    case SYSCALL_SEND:
        handle_send(thread, false, MESSAGE_WAIT);
        break;
    case SYSCALL_SEND_NOWAIT:
        handle_send(thread, false, MESSAGE_NOWAIT);
        break;
    case SYSCALL_RECEIVE:
        handle_receive(thread, MESSAGE_WAIT);
        break;
    case SYSCALL_RECEIVE_NOWAIT:
        handle_receive(thread, MESSAGE_NOWAIT);
        break;
    case SYSCALL_REPLY:
        handle_reply(thread, false);
        break;
    case SYSCALL_SIGNAL:
        handle_signal(thread);
        break;
    case SYSCALL_WAIT:
        handle_wait(thread, true);
        break;
    case SYSCALL_POLL:
        handle_wait(thread, false);
        break;
    case SYSCALL_INVOKE:
        handle_invoke(thread);
        break;
    case SYSCALL_YIELD:
        finish(thread, STATUS_OK);
        scheduler_yield();
        break;
    case SYSCALL_EXIT:
        handle_exit(thread);
        break;
    default:
        finish(thread, STATUS_UNKNOWN_OPERATION);
        break;
    }
    return kernel_leave();
}

struct thread *kernel_handle_syscall(void)
{
    struct thread *thread = cpu_this()->current;
    const uint64_t number = thread->registers.rax;
    if (number > SYSCALL_REPLY_RECEIVE) {
        return syscall_dispatch(thread);
    }
    if (number == SYSCALL_CALL) {
        return fast_call(thread);
    }
    if (number == SYSCALL_REPLY_RECEIVE) {
        return fast_reply_receive(thread);
    }
    tell_version(thread);
    return thread; /* All is as it was when kernel_leave chose it. */
}

void kernel_handle_fault(uint32_t vector, uint64_t error, uint64_t fault_address)
{
    constexpr uint32_t vector_page_fault = 14;
    struct thread *thread = cpu_this()->current;
    const struct registers *registers = &thread->registers;
    if (vector == vector_page_fault) {
        const uint64_t words[4] = {fault_address, error, registers->rip, registers->rsp};
        thread_raise_fault(thread, FAULT_PAGE, words);
        return;
    }
    const uint64_t words[4] = {vector, error, registers->rip, registers->rsp};
    thread_raise_fault(thread, FAULT_EXCEPTION, words);
}

void kernel_handle_interrupt(uint32_t vector)
{
    if (vector == vector_timer) {
        uint64_t now_ns = arch_clock_read();
        kernel_state.programmed_ns = 0;
        arch_end_of_interrupt();
        clock_expire(now_ns);
        scheduler_tick(now_ns);
        return;
    }
    if (vector >= vector_device_first && vector < vector_device_end) {
        irq_handle(vector);
        return;
    }
    arch_end_of_interrupt();
}
