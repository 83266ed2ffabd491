/* SPDX-License-Identifier: ISC */
/* The inspection of threads and of what they wait for. */
#include <kernel/object/invariants.h>

#include <kernel/arch/cpu.h>
#include <kernel/object/irq.h>
#include <kernel/state.h>

static bool is_at_hand(const struct thread *thread)
{
    return thread == cpu_this()->current || thread == kernel_state.switch_to;
}

static void inspect_wait(struct inspection *inspection, const struct thread *thread)
{
    struct census *census = &inspection->census;
    bool blocked = thread->state == THREAD_SENDING || thread->state == THREAD_RECEIVING;
    bool waiting = thread->state == THREAD_WAITING;
    bool may_have_reply = thread->state == THREAD_REPLY || thread->state == THREAD_RECEIVING;
    inspection_expect(inspection, blocked == (thread->blocked_on != nullptr),
        "a thread is blocked on an endpoint if its state says so", thread);
    inspection_expect(inspection, waiting == (thread->waiting_for != nullptr),
        "a thread waits for a notification if its state says so", thread);
    inspection_expect(inspection, thread->reply == nullptr || may_have_reply,
        "a thread that goes on has no reply object", thread);
    census->threads_blocked += blocked;
    census->threads_waiting += waiting;
    if (thread->state == THREAD_REPLY) {
        inspection_expect(inspection, thread->reply != nullptr && thread->reply->caller == thread,
            "the reply object of a caller points back", thread);
        census->threads_calling++;
    }
    if (thread->state == THREAD_RECEIVING && thread->reply != nullptr) {
        inspection_expect(inspection, thread->reply->receiver == thread,
            "the reply object of a receiver points back", thread);
        census->threads_receiving++;
    }
}

static void inspect_own_caps(struct inspection *inspection, const struct thread *thread)
{
    static const enum object_kind kinds[THREAD_CAP_COUNT] = {[THREAD_CAP_CSPACE] = OBJECT_CSPACE,
        [THREAD_CAP_VSPACE] = OBJECT_VSPACE,
        [THREAD_CAP_BUFFER] = OBJECT_FRAME,
        [THREAD_CAP_PAGER] = OBJECT_ENDPOINT,
        [THREAD_CAP_FAULT] = OBJECT_ENDPOINT};
    bool sound = true;
    for (uint32_t i = 0; i < THREAD_CAP_COUNT; i++) {
        const struct capability *cap = &thread->caps[i];
        sound &= cap->kind == OBJECT_NONE || cap->kind == kinds[i];
        sound &= (cap->flags & CAP_DEVICE) == 0;
    }
    inspection_expect(inspection, sound, "a thread runs on what it was given", thread);
}

void inspect_thread(struct inspection *inspection, const struct thread *thread)
{
    bool ready = thread->state == THREAD_READY;
    bool may_run = !thread->suspended && thread->fault_operation == 0;
    inspection_expect(inspection, thread->state <= THREAD_FAULTED, "a thread has a state", thread);
    inspection_expect(inspection, !ready || may_run, "a thread that runs may run", thread);
    inspection_expect(inspection,
        thread->registers.cs == selector_user_code && thread->registers.ss == selector_user_data &&
            (thread->registers.rflags & rflags_interrupts) != 0,
        "a thread runs in user mode", thread);
    inspection_expect(inspection, ready || !is_at_hand(thread), "who runs is ready", thread);
    inspection_expect(inspection,
        thread->priority < priority_count && thread->priority_ceiling < priority_count,
        "a priority is in range", thread);
    inspection->census.threads_ready += ready && !is_at_hand(thread);
    inspect_wait(inspection, thread);
    inspect_own_caps(inspection, thread);
    if (thread->bound != nullptr) {
        inspection_expect(
            inspection, thread->bound->bound == thread, "a bound thread is bound", thread);
        inspection->census.threads_bound++;
    }
}

/* The next of a queue after `previous`; nullptr at its end and where its links do not fit. */
static const struct thread *next_queued(
    struct inspection *inspection, const struct thread_queue *queue, const struct thread *previous)
{
    const struct thread *thread = previous == nullptr ? queue->head : previous->next;
    if (thread == nullptr) {
        inspection_expect(inspection, queue->tail == previous, "a queue ends with its tail", queue);
        return nullptr;
    }
    bool fits = thread->previous == previous;
    return inspection_expect(inspection, fits, "a queue's links fit together", queue) ? thread
                                                                                      : nullptr;
}

void inspect_endpoint(struct inspection *inspection, const struct endpoint *endpoint)
{
    bool sends = endpoint->state == ENDPOINT_SENDERS;
    inspection_expect(inspection,
        (endpoint->state == ENDPOINT_IDLE) == (endpoint->queue.head == nullptr),
        "an idle endpoint has no queue", endpoint);
    const struct thread *thread = nullptr;
    while ((thread = next_queued(inspection, &endpoint->queue, thread)) != nullptr) {
        bool fits = thread->blocked_on == endpoint &&
                    thread->state == (sends ? THREAD_SENDING : THREAD_RECEIVING);
        inspection_expect(inspection, fits, "who queues at an endpoint waits for it", thread);
        inspection->census.queued_blocked++;
    }
}

void inspect_notification(struct inspection *inspection, const struct notification *notification)
{
    const struct thread *thread = nullptr;
    while ((thread = next_queued(inspection, &notification->waiting, thread)) != nullptr) {
        bool fits = thread->waiting_for == notification && thread->state == THREAD_WAITING;
        inspection_expect(inspection, fits, "who queues at a notification waits for it", thread);
        inspection->census.queued_waiting++;
    }
    inspection_expect(inspection, notification->waiting.head == nullptr || notification->bits == 0,
        "nobody waits for bits that are there", notification);
    if (notification->bound != nullptr) {
        inspection_expect(inspection, notification->bound->bound == notification,
            "a bound notification is bound", notification);
        inspection->census.notifications_bound++;
    }
    inspection->census.notifications_armed += notification->deadline_armed;
}

void inspect_reply(struct inspection *inspection, const struct reply *reply)
{
    inspection_expect(inspection, reply->caller == nullptr || reply->receiver == nullptr,
        "a reply object serves one thread", reply);
    if (reply->caller != nullptr) {
        inspection_expect(inspection,
            reply->caller->state == THREAD_REPLY && reply->caller->reply == reply,
            "a caller waits for the reply", reply);
        inspection->census.replies_calling++;
    }
    if (reply->receiver != nullptr) {
        inspection_expect(inspection,
            reply->receiver->state == THREAD_RECEIVING && reply->receiver->reply == reply,
            "a receiver waits with the reply object", reply);
        inspection->census.replies_receiving++;
    }
}

static uint32_t inspect_ready_queues(struct inspection *inspection)
{
    uint32_t count = 0;
    for (uint32_t priority = 0; priority < priority_count; priority++) {
        const struct thread_queue *queue = &kernel_state.ready[priority];
        bool listed = (kernel_state.ready_mask >> priority & 1) != 0;
        inspection_expect(
            inspection, listed == (queue->head != nullptr), "the mask shows the queues", queue);
        const struct thread *thread = nullptr;
        while ((thread = next_queued(inspection, queue, thread)) != nullptr) {
            bool fits = thread->state == THREAD_READY && thread->priority == priority &&
                        !is_at_hand(thread);
            inspection_expect(inspection, fits, "who queues to run is ready", thread);
            count++;
        }
    }
    return count;
}

static void inspect_deadlines(struct inspection *inspection)
{
    uint64_t last_ns = 0;
    for (uint32_t i = 0; i < kernel_state.deadline_count; i++) {
        const struct notification *armed = kernel_state.deadlines[i];
        inspection_expect(inspection, armed->deadline_armed && armed->deadline_ns >= last_ns,
            "deadlines are armed and in order", armed);
        last_ns = armed->deadline_ns;
    }
}

void inspect_threads_together(struct inspection *inspection)
{
    const struct census *census = &inspection->census;
    const struct {
        uint32_t one;
        uint32_t two;
        const char *rule;
    } sums[] = {
        {census->threads_ready, inspect_ready_queues(inspection), "every ready thread is queued"},
        {census->threads_blocked, census->queued_blocked, "every blocked thread is queued"},
        {census->threads_waiting, census->queued_waiting, "every waiting thread is queued"},
        {census->threads_calling, census->replies_calling, "every caller has its reply object"},
        {census->threads_receiving, census->replies_receiving, "reply objects are received into"},
        {census->threads_bound, census->notifications_bound, "bindings have two ends"},
        {census->notifications_armed, kernel_state.deadline_count, "deadlines are listed"},
    };
    inspect_deadlines(inspection);
    for (uint32_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        inspection_expect(inspection, sums[i].one == sums[i].two, sums[i].rule, nullptr);
    }
}
