/* SPDX-License-Identifier: ISC */
/* The short way through a call and its answer. */
#include <kernel/syscall/fast.h>

#include <abi/syscall.h>
#include <kernel/arch/cpu.h>
#include <kernel/ipc/buffer.h>
#include <kernel/ipc/message.h>
#include <kernel/object/cspace.h>
#include <kernel/object/notification.h>
#include <kernel/object/queue.h>
#include <kernel/scheduler.h>

/* Condition 1. The capability, or nullptr. */
[[gnu::always_inline]] static inline const struct capability *find(
    struct cspace *cspace, uint32_t slot, enum object_kind kind, uint16_t rights)
{
    const struct capability *cap = cspace_slot(cspace, slot);
    return cap != nullptr && cap_has(cap, kind, rights) ? cap : nullptr;
}

/* Conditions 2 and 3. Size and number of capabilities lie side by side in a tag: one comparison
 * finds the messages that fit into registers and carry nothing. */
[[gnu::always_inline]] static inline bool can_carry(
    message_tag tag, const struct thread *sender, const struct thread *receiver)
{
    constexpr uint32_t register_bytes = message_register_words * sizeof(uint64_t);
    const uint32_t size_and_caps = (uint32_t)(tag >> 16) & 0x3fff;
    return size_and_caps <= register_bytes ||
           (size_and_caps <= message_bytes_max && buffer_exists(sender) && buffer_exists(receiver));
}

[[gnu::always_inline]] static inline void carry(
    const struct thread *sender, struct thread *receiver, message_tag tag)
{
    const struct registers *from = &sender->registers;
    struct registers *to = &receiver->registers;
    to->rdx = from->rdx;
    to->r10 = from->r10;
    to->r8 = from->r8;
    to->r9 = from->r9;
    to->rax = STATUS_OK;
    to->rsi = tag;
    const uint32_t words = (message_tag_size_bytes(tag) + 7) / 8;
    if (words > message_register_words) {
        cpu_copy_words(buffer_of(receiver)->words + message_register_words,
            buffer_of(sender)->words + message_register_words, words - message_register_words);
    }
}

/* `receiver` is the first in the queue. */
[[gnu::always_inline]] static inline void stop_receiving(
    struct thread *receiver, struct endpoint *endpoint)
{
    (void)queue_take_head(&endpoint->queue);
    if (endpoint->queue.head == nullptr) {
        endpoint->state = ENDPOINT_IDLE;
    }
    receiver->blocked_on = nullptr;
    receiver->reply->receiver = nullptr;
    receiver->reply = nullptr;
}

struct thread *fast_call(struct thread *caller)
{
    const message_tag tag = caller->registers.rsi;
    struct cspace *cspace = thread_cspace(caller);
    const struct capability *cap = cspace == nullptr ? nullptr
                                                     : find(cspace, (uint32_t)caller->registers.rdi,
                                                           OBJECT_ENDPOINT, RIGHT_SEND);
    if (cap == nullptr) {
        return syscall_dispatch(caller);
    }
    struct endpoint *endpoint = (struct endpoint *)cap->object;
    struct thread *receiver = endpoint->queue.head;
    if (endpoint->state != ENDPOINT_RECEIVERS || receiver->reply == nullptr ||
        !can_carry(tag, caller, receiver) || !scheduler_can_hand_over(receiver)) {
        return syscall_dispatch(caller);
    }
    struct reply *reply = receiver->reply;
    caller->is_call = true;
    caller->sender_badge = cap->badge;
    receiver->registers.rdi = cap->badge;
    carry(caller, receiver, tag & message_tag_arrives);
    stop_receiving(receiver, endpoint);
    reply->caller = caller;
    caller->reply = reply;
    caller->state = THREAD_REPLY;
    return scheduler_hand_over(caller, receiver);
}

[[gnu::always_inline]] static inline void start_receiving(
    struct thread *server, struct endpoint *endpoint, struct reply *reply)
{
    reply->receiver = server;
    server->reply = reply;
    server->state = THREAD_RECEIVING;
    server->blocked_on = endpoint;
    endpoint->state = ENDPOINT_RECEIVERS;
    queue_append(&endpoint->queue, server);
}

/* Conditions 9 to 11. */
[[gnu::always_inline]] static inline bool can_answer_and_wait(const struct thread *server,
    const struct endpoint *endpoint, const struct thread *caller, message_tag tag)
{
    const struct notification *bound = server->bound;
    return endpoint->state != ENDPOINT_SENDERS && caller != nullptr &&
           (caller->fault_operation == 0 ||
               (caller->fault_operation != FAULT_EXIT && message_tag_status(tag) == STATUS_OK)) &&
           (bound == nullptr || bound->bits == 0);
}

/* Whose fault is dealt with goes on as it was. */
[[gnu::always_inline]] static inline void answer(
    const struct thread *server, struct thread *caller, message_tag tag)
{
    if (caller->fault_operation != 0) {
        caller->fault_operation = 0;
    } else {
        caller->registers.rdi = 0;
        carry(server, caller, tag & reply_tag_arrives);
    }
    caller->reply->caller = nullptr;
    caller->reply = nullptr;
}

struct thread *fast_reply_receive(struct thread *server)
{
    const message_tag tag = server->registers.rsi;
    const uint64_t slots = server->registers.rdi;
    struct cspace *cspace = thread_cspace(server);
    if (cspace == nullptr) {
        return syscall_dispatch(server);
    }
    const struct capability *from = find(cspace, (uint32_t)slots, OBJECT_ENDPOINT, RIGHT_RECEIVE);
    const struct capability *to = find(cspace, (uint32_t)(slots >> 32), OBJECT_REPLY, 0);
    if (from == nullptr || to == nullptr) {
        return syscall_dispatch(server);
    }
    struct endpoint *endpoint = (struct endpoint *)from->object;
    struct reply *reply = (struct reply *)to->object;
    struct thread *caller = reply->caller;
    if (!can_answer_and_wait(server, endpoint, caller, tag) || !can_carry(tag, server, caller) ||
        !scheduler_can_hand_over(caller)) {
        return syscall_dispatch(server);
    }
    answer(server, caller, tag);
    start_receiving(server, endpoint, reply);
    return scheduler_hand_over(server, caller);
}
