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
    struct notification *due[clock_deadlines_max];
    uint32_t count = 0;
    while (count < kernel_state.deadline_count &&
           kernel_state.deadlines[count]->deadline_ns <= now_ns) {
        due[count] = kernel_state.deadlines[count];
        count++;
    }
    kernel_state.deadline_count -= count;
    for (uint32_t i = 0; i < kernel_state.deadline_count; i++) {
        kernel_state.deadlines[i] = kernel_state.deadlines[i + count];
    }
    for (uint32_t i = 0; i < count; i++) {
        due[i]->deadline_armed = false;
        notification_signal(due[i], due[i]->deadline_bits);
    }
}
