/* SPDX-License-Identifier: ISC */
/* Deadlines. */
#include <kernel/object/clock.h>

#include <kernel/panic.h>
#include <kernel/state.h>

enum status clock_decode_arm(const struct notification *notification)
{
    if (!notification->deadline_armed && kernel_state.deadline_count == clock_deadlines_max) {
        return STATUS_NO_SPACE;
    }
    return STATUS_OK;
}

void clock_commit_arm(struct notification *notification, uint64_t deadline_ns, uint64_t bits)
{
    clock_disarm(notification);
    kassert(kernel_state.deadline_count < clock_deadlines_max);
    uint32_t at = kernel_state.deadline_count++;
    while (at > 0 && kernel_state.deadlines[at - 1]->deadline_ns > deadline_ns) {
        kernel_state.deadlines[at] = kernel_state.deadlines[at - 1];
        at--;
    }
    kernel_state.deadlines[at] = notification;
    notification->deadline_ns = deadline_ns;
    notification->deadline_bits = bits;
    notification->deadline_armed = true;
}

void clock_disarm(struct notification *notification)
{
    if (!notification->deadline_armed) {
        return;
    }
    notification->deadline_armed = false;
    uint32_t at = 0;
    while (kernel_state.deadlines[at] != notification) {
        at++;
        kassert(at < kernel_state.deadline_count);
    }
    kernel_state.deadline_count--;
    for (; at < kernel_state.deadline_count; at++) {
        kernel_state.deadlines[at] = kernel_state.deadlines[at + 1];
    }
}

void clock_expire(uint64_t now_ns)
{
    while (clock_next_deadline() <= now_ns) {
        struct notification *due = kernel_state.deadlines[0];
        clock_disarm(due);
        notification_signal(due, due->deadline_bits);
    }
}
