/* SPDX-License-Identifier: ISC */
/* Notifications: signal, wait, bind. */
#include <kernel/object/notification.h>

#include <abi/syscall.h>
#include <kernel/object/clock.h>
#include <kernel/object/queue.h>
#include <kernel/panic.h>

void notification_init(struct notification *notification)
{
    *notification = (struct notification){.header = {.kind = OBJECT_NOTIFICATION}};
}

bool notification_destroy_step(struct notification *notification)
{
    if (notification->bound != nullptr) {
        notification_unbind(notification);
    }
    clock_disarm(notification);
    struct thread *thread = notification->waiting.head;
    if (thread != nullptr) {
        thread_cancel(thread);
        thread_finish_syscall(thread, STATUS_PEER_LOST);
    }
    return notification->waiting.head == nullptr;
}

static void deliver_to_waiting(struct thread *thread, uint64_t bits)
{
    thread_cancel(thread);
    thread->registers.rdx = bits;
    thread_finish_syscall(thread, STATUS_OK);
}

static void deliver_to_receiving(struct thread *thread, uint64_t bits)
{
    thread_cancel(thread);
    thread->registers.rdi = 0;
    thread->registers.rsi = message_tag_notification;
    thread->registers.rdx = bits;
    thread_finish_syscall(thread, STATUS_OK);
}

void notification_signal(struct notification *notification, uint64_t bits)
{
    notification->bits |= bits;
    if (notification->waiting.head != nullptr) {
        deliver_to_waiting(notification->waiting.head, notification_take(notification));
    } else if (notification->bound != nullptr && notification->bound->state == THREAD_RECEIVING) {
        deliver_to_receiving(notification->bound, notification_take(notification));
    }
}

void notification_bind(struct notification *notification, struct thread *thread)
{
    kassert(notification->bound == nullptr && thread->bound == nullptr);
    notification->bound = thread;
    thread->bound = notification;
}

void notification_unbind(struct notification *notification)
{
    notification->bound->bound = nullptr;
    notification->bound = nullptr;
}
