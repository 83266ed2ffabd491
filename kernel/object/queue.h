/* SPDX-License-Identifier: ISC */
/* Queues of threads, linked through the threads themselves: a thread is in one queue at most. */
#pragma once

#include <kernel/object/thread.h>

static inline void queue_append(struct thread_queue *queue, struct thread *thread)
{
    thread->next = nullptr;
    thread->previous = queue->tail;
    if (queue->tail != nullptr) {
        queue->tail->next = thread;
    } else {
        queue->head = thread;
    }
    queue->tail = thread;
}

/* The head of a queue that has one. */
static inline struct thread *queue_take_head(struct thread_queue *queue)
{
    struct thread *thread = queue->head;
    queue->head = thread->next;
    if (thread->next != nullptr) {
        thread->next->previous = nullptr;
        thread->next = nullptr;
    } else {
        queue->tail = nullptr;
    }
    return thread;
}

static inline void queue_prepend(struct thread_queue *queue, struct thread *thread)
{
    thread->previous = nullptr;
    thread->next = queue->head;
    if (queue->head != nullptr) {
        queue->head->previous = thread;
    } else {
        queue->tail = thread;
    }
    queue->head = thread;
}

static inline void queue_remove(struct thread_queue *queue, struct thread *thread)
{
    if (thread->next != nullptr) {
        thread->next->previous = thread->previous;
    } else {
        queue->tail = thread->previous;
    }
    if (thread->previous != nullptr) {
        thread->previous->next = thread->next;
    } else {
        queue->head = thread->next;
    }
    thread->next = nullptr;
    thread->previous = nullptr;
}
