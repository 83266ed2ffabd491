/* SPDX-License-Identifier: ISC */
/* Endpoints: their queue. What happens when two threads meet is in kernel/ipc. */
#include <kernel/object/endpoint.h>

#include <kernel/object/queue.h>
#include <kernel/panic.h>

void endpoint_init(struct endpoint *endpoint, uint32_t label)
{
    *endpoint = (struct endpoint){.header = {.kind = OBJECT_ENDPOINT}, .label = label};
}

void endpoint_enqueue(struct endpoint *endpoint, struct thread *thread, enum endpoint_state state)
{
    kassert(endpoint->state == ENDPOINT_IDLE || endpoint->state == state);
    endpoint->state = state;
    queue_append(&endpoint->queue, thread);
    thread->blocked_on = endpoint;
}

void endpoint_remove(struct endpoint *endpoint, struct thread *thread)
{
    kassert(thread->blocked_on == endpoint);
    queue_remove(&endpoint->queue, thread);
    thread->blocked_on = nullptr;
    if (endpoint->queue.head == nullptr) {
        endpoint->state = ENDPOINT_IDLE;
    }
}

bool endpoint_destroy_step(struct endpoint *endpoint)
{
    struct thread *thread = endpoint->queue.head;
    if (thread != nullptr) {
        thread_cancel(thread);
        thread_finish_syscall(thread, STATUS_PEER_LOST);
    }
    return endpoint->queue.head == nullptr;
}
