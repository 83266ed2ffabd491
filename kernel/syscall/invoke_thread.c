/* SPDX-License-Identifier: ISC */
/* Operations of threads, and of the replies that they wait for. */
#include <kernel/syscall/invoke.h>

#include <abi/syscall.h>
#include <kernel/arch/cpu.h>
#include <kernel/ipc/buffer.h>
#include <kernel/object/notification.h>
#include <kernel/object/reply.h>
#include <kernel/object/vspace.h>
#include <kernel/scheduler.h>

struct thread_cap_rule {
    enum object_kind kind;
    uint16_t rights;
    bool optional;
};

static const struct thread_cap_rule rules[THREAD_CAP_COUNT] = {
    [THREAD_CAP_CSPACE] = {OBJECT_CSPACE, RIGHT_CONTROL, false},
    [THREAD_CAP_VSPACE] = {OBJECT_VSPACE, RIGHT_CONTROL, false},
    [THREAD_CAP_BUFFER] = {OBJECT_FRAME, RIGHT_READ | RIGHT_WRITE, false},
    [THREAD_CAP_PAGER] = {OBJECT_ENDPOINT, RIGHT_SEND, true},
    [THREAD_CAP_FAULT] = {OBJECT_ENDPOINT, RIGHT_SEND, true},
};

static enum status configure(struct invocation *invocation, struct thread *thread)
{
    const uint64_t slots[THREAD_CAP_COUNT] = {invocation->arguments[0], invocation->arguments[1],
        invocation->arguments[2], invocation->arguments[3], buffer_argument(invocation->thread, 4)};
    struct capability *sources[THREAD_CAP_COUNT];
    struct capability values[THREAD_CAP_COUNT];
    for (uint32_t i = 0; i < THREAD_CAP_COUNT; i++) {
        sources[i] = invocation_cap(invocation, slots[i]);
        if (thread->caps[i].kind != OBJECT_NONE) {
            return STATUS_EXISTS;
        }
        if (sources[i] == nullptr) {
            if (!rules[i].optional || slots[i] != 0) {
                return STATUS_INVALID_CAPABILITY;
            }
            continue;
        }
        if (!cap_has(sources[i], rules[i].kind, rules[i].rights) ||
            (sources[i]->flags & CAP_DEVICE) != 0) {
            return STATUS_INVALID_CAPABILITY;
        }
        enum status status =
            cap_decode_copy(sources[i], &thread->caps[i], rights_all, 0, &values[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    for (uint32_t i = 0; i < THREAD_CAP_COUNT; i++) {
        if (sources[i] != nullptr) {
            cap_insert(&thread->caps[i], &values[i], sources[i]);
        }
    }
    return STATUS_OK;
}

static enum status set_registers(const struct invocation *invocation, struct thread *thread)
{
    if (!thread->suspended || thread->fault_operation != 0) {
        return STATUS_BUSY;
    }
    if (invocation->arguments[0] >= user_address_end ||
        invocation->arguments[1] > user_address_end) {
        return STATUS_INVALID_ARGUMENT;
    }
    registers_start(&thread->registers, invocation->arguments[0], invocation->arguments[1],
        invocation->arguments[2]);
    return STATUS_OK;
}

static enum status set_priority(const struct invocation *invocation, struct thread *thread)
{
    uint64_t priority = invocation->arguments[0];
    uint64_t ceiling = invocation->arguments[1];
    if (priority >= priority_count || ceiling >= priority_count || priority > ceiling) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (ceiling > invocation->thread->priority_ceiling) {
        return STATUS_DENIED;
    }
    bool queued = thread->state == THREAD_READY && thread != cpu_this()->current;
    if (queued) {
        scheduler_remove(thread);
    }
    thread->priority = (uint8_t)priority;
    thread->priority_ceiling = (uint8_t)ceiling;
    if (queued) {
        scheduler_add(thread);
    }
    return STATUS_OK;
}

static enum status resume(struct thread *thread)
{
    for (uint32_t i = 0; i <= THREAD_CAP_BUFFER; i++) {
        if (thread->caps[i].kind == OBJECT_NONE) {
            return STATUS_INVALID_CAPABILITY;
        }
    }
    if (!thread->suspended) {
        return STATUS_BUSY;
    }
    thread->suspended = false;
    if (thread->state == THREAD_INACTIVE && thread->fault_operation == 0) {
        thread_make_ready(thread);
    }
    return STATUS_OK;
}

static enum status suspend(struct thread *thread)
{
    thread->suspended = true;
    if (thread->state == THREAD_READY) {
        scheduler_remove(thread);
        scheduler_forget(thread);
        thread->state = THREAD_INACTIVE;
    }
    return STATUS_OK;
}

static enum status bind_notification(const struct invocation *invocation, struct thread *thread)
{
    if (invocation->arguments[0] == 0) {
        if (thread->bound != nullptr) {
            notification_unbind(thread->bound);
        }
        return STATUS_OK;
    }
    const struct capability *cap = invocation_cap(invocation, invocation->arguments[0]);
    if (cap == nullptr || !cap_has(cap, OBJECT_NOTIFICATION, RIGHT_RECEIVE)) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct notification *notification = (struct notification *)cap->object;
    if (notification->bound != nullptr || thread->bound != nullptr) {
        return STATUS_BUSY;
    }
    notification_bind(notification, thread);
    return STATUS_OK;
}

static enum status describe(struct invocation *invocation, const struct thread *thread)
{
    invocation->results[0] = thread->state;
    invocation->results[1] = thread->registers.rip;
    invocation->results[2] = thread->registers.rsp;
    invocation->results[3] = thread->ticks;
    return STATUS_OK;
}

enum status invoke_reply(struct invocation *invocation)
{
    if (invocation->operation != REPLY_DESCRIBE) {
        return STATUS_UNKNOWN_OPERATION;
    }
    invocation->results[0] = ((const struct reply *)invocation->self->object)->caller != nullptr;
    return STATUS_OK;
}

enum status invoke_thread(struct invocation *invocation)
{
    struct thread *thread = (struct thread *)invocation->self->object;
    if ((invocation->self->rights & RIGHT_CONTROL) == 0) {
        return STATUS_DENIED;
    }
    switch (invocation->operation) {
    case THREAD_CONFIGURE:
        return configure(invocation, thread);
    case THREAD_SET_REGISTERS:
        return set_registers(invocation, thread);
    case THREAD_SET_PRIORITY:
        return set_priority(invocation, thread);
    case THREAD_RESUME:
        return resume(thread);
    case THREAD_SUSPEND:
        return suspend(thread);
    case THREAD_BIND_NOTIFICATION:
        return bind_notification(invocation, thread);
    case THREAD_DESCRIBE:
        return describe(invocation, thread);
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}
