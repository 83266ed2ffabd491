/* SPDX-License-Identifier: ISC */
/* Notifications: a word of sticky bits, threads that wait for it, or one thread bound to it. */
#pragma once

#include <kernel/object/cap.h>
#include <kernel/object/endpoint.h>

struct notification {
    struct object header;
    uint64_t bits;
    struct thread_queue waiting;
    struct thread *bound;   /* told of signals while it receives on any endpoint */
    uint64_t deadline_ns;   /* valid while deadline_armed */
    uint64_t deadline_bits; /* signalled when the deadline comes */
    bool deadline_armed;
    uint8_t padding[71];
};

static_assert(sizeof(struct notification) == notification_size_bytes);

void notification_init(struct notification *notification);

/* Unbinds, disarms and releases waiting threads with PEER_LOST one by one; true when done. */
bool notification_destroy_step(struct notification *notification);

/* What a signal through this capability sets: its badge, or bit 63 where it has none. */
static inline uint64_t notification_cap_bits(const struct capability *cap)
{
    return cap->badge != 0 ? cap->badge : UINT64_C(1) << 63;
}

/* Sets bits, or hands them to a thread that waits for them. */
void notification_signal(struct notification *notification, uint64_t bits);

/* Takes all bits; 0 if there are none. */
static inline uint64_t notification_take(struct notification *notification)
{
    uint64_t bits = notification->bits;
    notification->bits = 0;
    return bits;
}

void notification_bind(struct notification *notification, struct thread *thread);
void notification_unbind(struct notification *notification);
