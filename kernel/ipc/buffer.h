/* SPDX-License-Identifier: ISC */
/*
 * IPC buffers, and the capabilities that messages carry. This is the only file pair that reads or
 * writes memory which programs can change; it does so through the direct map and copies before it
 * checks.
 */
#pragma once

#include <abi/syscall.h>
#include <kernel/memory.h>
#include <kernel/object/thread.h>

static inline bool buffer_exists(const struct thread *thread)
{
    return thread->caps[THREAD_CAP_BUFFER].kind == OBJECT_FRAME;
}

/* nullptr if the thread has none (any more). */
static inline volatile struct ipc_buffer *buffer_of(const struct thread *thread)
{
    const uint64_t address = thread->caps[THREAD_CAP_BUFFER].address;
    return buffer_exists(thread) ? kernel_pointer(address) : nullptr;
}

/* Argument 4 and up of an operation; 0 without a buffer. */
uint64_t buffer_argument(const struct thread *thread, uint32_t index);

/* Copies text out of the message words, at most `bytes_max`; the number copied. */
size_t buffer_copy_text(
    const struct thread *thread, char *text_out, size_t bytes, size_t bytes_max);

/* Message words from the fifth on. Both buffers exist. */
void buffer_copy_words(const struct thread *source, const struct thread *target, uint32_t count);

struct cap_transfer {
    uint32_t count;
    bool move;
    struct capability *sources[message_caps_max];
    struct capability *targets[message_caps_max];
    struct capability values[message_caps_max];
    cap_slot target_slots[message_caps_max];
};

/* Checks the capabilities that a message names, and that the receiver has empty slots for them. */
enum status cap_transfer_decode(struct thread *sender, struct thread *receiver, message_tag tag,
    struct cap_transfer *transfer_out);
void cap_transfer_commit(const struct cap_transfer *transfer, struct thread *receiver);
