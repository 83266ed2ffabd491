/* SPDX-License-Identifier: ISC */
/* Messages between threads, and faults as messages. */
#include <kernel/ipc/message.h>

#include <abi/syscall.h>
#include <kernel/ipc/buffer.h>
#include <kernel/object/cspace.h>
#include <kernel/object/notification.h>
#include <kernel/panic.h>
#include <kernel/scheduler.h>

struct delivery {
    struct thread *sender;
    struct thread *receiver;
    message_tag tag;
    uint64_t badge;
    uint32_t extra_words; /* beyond those in registers */
    struct cap_transfer caps;
};

static message_tag sent_tag(const struct thread *sender)
{
    if (sender->fault_operation != 0) {
        return message_tag_make(sender->fault_operation, 32, 0, STATUS_OK);
    }
    return sender->registers.rsi;
}

static enum status decode_delivery(
    struct thread *sender, struct thread *receiver, struct delivery *delivery_out)
{
    message_tag tag = sent_tag(sender);
    uint32_t words = (message_tag_size_bytes(tag) + 7) / 8;
    /* Member by member: most messages carry no capabilities, and clearing room for them costs more
     * than all the rest. */
    delivery_out->sender = sender;
    delivery_out->receiver = receiver;
    delivery_out->tag = tag;
    delivery_out->badge = 0;
    delivery_out->extra_words = 0;
    delivery_out->caps.count = 0;
    if (words > message_register_words) {
        if (buffer_of(sender) == nullptr || buffer_of(receiver) == nullptr) {
            return STATUS_INVALID_CAPABILITY;
        }
        delivery_out->extra_words = words - message_register_words;
    }
    if (message_tag_cap_count(tag) != 0) {
        enum status status = cap_transfer_decode(sender, receiver, tag, &delivery_out->caps);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static void commit_delivery(const struct delivery *delivery, message_tag tag)
{
    struct thread *sender = delivery->sender;
    struct registers *to = &delivery->receiver->registers;
    if (sender->fault_operation != 0) {
        to->rdx = sender->fault_words[0];
        to->r10 = sender->fault_words[1];
        to->r8 = sender->fault_words[2];
        to->r9 = sender->fault_words[3];
    } else {
        const struct registers *from = &sender->registers;
        to->rdx = from->rdx;
        to->r10 = from->r10;
        to->r8 = from->r8;
        to->r9 = from->r9;
        if (delivery->extra_words != 0) {
            buffer_copy_words(sender, delivery->receiver, delivery->extra_words);
        }
        if (delivery->caps.count != 0) {
            cap_transfer_commit(&delivery->caps, delivery->receiver);
        }
    }
    to->rax = STATUS_OK;
    to->rdi = delivery->badge;
    to->rsi = tag;
}

/* Of a thread that is queued as a sender or about to be. */
static bool wants_reply(const struct thread *sender)
{
    return sender->is_call || sender->fault_operation != 0;
}

static void wait_for_reply(struct thread *caller, struct reply *reply)
{
    caller->state = THREAD_REPLY;
    caller->reply = reply;
    reply->caller = caller;
}

/* `receiver` waits in RECEIVING and is not queued any more. Deliver, or fail without any change. */
static enum status deliver(struct thread *sender, struct thread *receiver)
{
    if (wants_reply(sender) && receiver->reply == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct delivery delivery;
    enum status status = decode_delivery(sender, receiver, &delivery);
    if (status != STATUS_OK) {
        return status;
    }
    delivery.badge = sender->sender_badge;
    commit_delivery(&delivery, delivery.tag & message_tag_arrives);
    struct reply *reply = receiver->reply;
    receiver->reply = nullptr;
    if (reply != nullptr) {
        reply->receiver = nullptr;
    }
    if (wants_reply(sender)) {
        wait_for_reply(sender, reply);
    }
    return STATUS_OK;
}

static void block_sender(struct thread *sender, struct endpoint *endpoint)
{
    sender->state = THREAD_SENDING;
    endpoint_enqueue(endpoint, sender, ENDPOINT_SENDERS);
}

static enum status check_tag(message_tag tag, const struct capability *cap)
{
    if (message_tag_size_bytes(tag) > message_bytes_max ||
        message_tag_cap_count(tag) > message_caps_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    bool grants = message_tag_cap_count(tag) != 0;
    return grants && (cap->rights & RIGHT_GRANT) == 0 ? STATUS_DENIED : STATUS_OK;
}

void message_send(
    struct thread *sender, const struct capability *cap, bool is_call, enum message_wait wait)
{
    struct endpoint *endpoint = (struct endpoint *)cap->object;
    enum status status = check_tag(sender->registers.rsi, cap);
    if (status != STATUS_OK) {
        sender->registers.rax = (uint64_t)status;
        return;
    }
    sender->is_call = is_call;
    sender->sender_badge = cap->badge;
    if (endpoint->state != ENDPOINT_RECEIVERS) {
        if (wait == MESSAGE_NOWAIT) {
            sender->registers.rax = STATUS_WOULD_BLOCK;
        } else {
            block_sender(sender, endpoint);
        }
        return;
    }
    struct thread *receiver = endpoint->queue.head;
    status = deliver(sender, receiver);
    if (status != STATUS_OK) {
        sender->registers.rax = (uint64_t)status;
        return;
    }
    endpoint_remove(endpoint, receiver);
    if (is_call) {
        scheduler_switch_to(receiver);
        return;
    }
    sender->registers.rax = STATUS_OK;
    thread_make_ready(receiver);
}

static void refuse_queued_sender(struct thread *sender, enum status status)
{
    thread_cancel(sender);
    thread_finish_syscall(sender, status);
}

/* Take the first queued sender whose message can be delivered. Those whose message cannot are told
 * so, a bounded number at a time; then the receive starts again. */
static bool receive_queued(
    struct thread *receiver, struct endpoint *endpoint, enum message_wait wait)
{
    constexpr uint32_t refusals_max = 8;
    for (uint32_t refusals = 0; endpoint->state == ENDPOINT_SENDERS; refusals++) {
        struct thread *sender = endpoint->queue.head;
        if (refusals == refusals_max) {
            constexpr uint64_t syscall_instruction_bytes = 2;
            receiver->registers.rip -= syscall_instruction_bytes;
            receiver->registers.rax =
                wait == MESSAGE_WAIT ? SYSCALL_RECEIVE : SYSCALL_RECEIVE_NOWAIT;
            receiver->reply = nullptr;
            return true;
        }
        enum status status = deliver(sender, receiver);
        if (status != STATUS_OK) {
            refuse_queued_sender(sender, status);
            continue;
        }
        bool answered_later = sender->state == THREAD_REPLY;
        endpoint_remove(endpoint, sender);
        if (!answered_later) {
            thread_finish_syscall(sender, STATUS_OK);
        }
        return true;
    }
    return false;
}

void message_receive(
    struct thread *receiver, struct endpoint *endpoint, struct reply *reply, enum message_wait wait)
{
    struct notification *bound = receiver->bound;
    if (bound != nullptr && bound->bits != 0) {
        receiver->registers.rax = STATUS_OK;
        receiver->registers.rdi = 0;
        receiver->registers.rsi = message_tag_notification;
        receiver->registers.rdx = notification_take(bound);
        return;
    }
    receiver->reply = reply;
    if (endpoint->state == ENDPOINT_SENDERS && receive_queued(receiver, endpoint, wait)) {
        return;
    }
    if (wait == MESSAGE_NOWAIT) {
        receiver->reply = nullptr;
        receiver->registers.rax = STATUS_WOULD_BLOCK;
        return;
    }
    if (reply != nullptr) {
        reply->receiver = receiver;
    }
    receiver->state = THREAD_RECEIVING;
    endpoint_enqueue(endpoint, receiver, ENDPOINT_RECEIVERS);
}

enum status message_reply(struct thread *sender, struct reply *reply, bool hand_over)
{
    struct thread *caller = reply->caller;
    if (caller == nullptr) {
        return STATUS_NOT_FOUND;
    }
    message_tag tag = sender->registers.rsi;
    if (message_tag_size_bytes(tag) > message_bytes_max ||
        message_tag_cap_count(tag) > message_caps_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (caller->fault_operation != 0) {
        reply->caller = nullptr;
        caller->reply = nullptr;
        thread_fault_answered(caller, message_tag_status(tag));
        return STATUS_OK;
    }
    struct delivery delivery;
    enum status status = decode_delivery(sender, caller, &delivery);
    if (status != STATUS_OK) {
        return status;
    }
    commit_delivery(&delivery, tag & reply_tag_arrives);
    reply->caller = nullptr;
    caller->reply = nullptr;
    if (hand_over) {
        scheduler_switch_to(caller);
    } else {
        thread_make_ready(caller);
    }
    return STATUS_OK;
}

static const struct capability *fault_handler(const struct thread *thread)
{
    bool to_pager = thread->fault_operation == FAULT_PAGE && thread->fault_escalated == 0;
    const struct capability *cap = &thread->caps[to_pager ? THREAD_CAP_PAGER : THREAD_CAP_FAULT];
    return cap_has(cap, OBJECT_ENDPOINT, RIGHT_SEND) ? cap : nullptr;
}

void message_send_fault(struct thread *thread)
{
    const struct capability *cap = fault_handler(thread);
    if (cap == nullptr) {
        thread_fault_answered(thread, STATUS_NOT_FOUND);
        return;
    }
    struct endpoint *endpoint = (struct endpoint *)cap->object;
    thread->sender_badge = cap->badge;
    if (endpoint->state == ENDPOINT_RECEIVERS) {
        struct thread *receiver = endpoint->queue.head;
        if (deliver(thread, receiver) == STATUS_OK) {
            endpoint_remove(endpoint, receiver);
            thread_make_ready(receiver);
            return;
        }
    }
    thread->state = THREAD_FAULTED;
    if (endpoint->state != ENDPOINT_RECEIVERS) {
        block_sender(thread, endpoint);
    }
}
