/* SPDX-License-Identifier: ISC */
/* Endpoints: a queue of threads that wait to send, or of threads that wait to receive, never both.
 */
#pragma once

#include <kernel/object/cap.h>

struct thread;

enum endpoint_state : uint32_t {
    ENDPOINT_IDLE = 0,
    ENDPOINT_SENDERS = 1,
    ENDPOINT_RECEIVERS = 2,
};

struct thread_queue {
    struct thread *head;
    struct thread *tail;
};

struct endpoint {
    struct object header;
    uint32_t label; /* role of the program that serves it; fixed at creation */
    enum endpoint_state state;
    struct thread_queue queue;
    uint64_t padding[4];
};

static_assert(sizeof(struct endpoint) == endpoint_size_bytes);

void endpoint_init(struct endpoint *endpoint, uint32_t label);

/* Releases one waiting thread with PEER_LOST; true when none is left. */
bool endpoint_destroy_step(struct endpoint *endpoint);

void endpoint_enqueue(struct endpoint *endpoint, struct thread *thread, enum endpoint_state state);
void endpoint_remove(struct endpoint *endpoint, struct thread *thread);
