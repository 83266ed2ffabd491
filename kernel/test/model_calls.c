/* SPDX-License-Identifier: ISC */
/* The model: messages, notifications, faults, and the table of system calls. */
#include "model.h"

#include <string.h>

constexpr uint64_t tag_delivered = UINT64_C(0x3fffffff);

struct transfer {
    uint32_t count;
    bool move;
    struct mcap *sources[message_caps_max];
    struct mcap *targets[message_caps_max];
    cap_slot slots[message_caps_max];
};

static void send_fault(struct mobject *thread);

static uint64_t status_word(enum status status)
{
    return (uint64_t)(int64_t)status;
}

static void make_ready(struct mobject *thread)
{
    thread->thread->state = thread->thread->suspended ? INACTIVE : READY;
}

void model_fault_answered(struct mobject *thread, enum status status)
{
    struct mthread *self = thread->thread;
    if (status == STATUS_OK && self->fault != FAULT_EXIT) {
        self->fault = 0;
        make_ready(thread);
    } else if (self->fault == FAULT_PAGE && !self->escalated) {
        self->escalated = true;
        send_fault(thread);
    } else {
        self->state = FAULTED;
    }
}

/* What the thread waited for ends with `status`. */
void model_finish(struct mobject *thread, enum status status)
{
    if (thread->thread->fault != 0) {
        model_fault_answered(thread, status);
        return;
    }
    thread->thread->registers.rax = status_word(status);
    make_ready(thread);
}

void model_cancel(struct mobject *thread)
{
    struct mthread *self = thread->thread;
    if (self->blocked_on != nullptr) {
        queue_take(&self->blocked_on->queue, thread);
        self->blocked_on = nullptr;
    }
    if (self->reply != nullptr && self->state == RECEIVING) {
        self->reply->receiver = nullptr;
    } else if (self->reply != nullptr) {
        self->reply->caller = nullptr;
    }
    self->reply = nullptr;
    self->state = INACTIVE;
}

static void block(struct mobject *thread, struct mobject *on, enum model_state state)
{
    thread->thread->state = state;
    thread->thread->blocked_on = on;
    on->sending = state == SENDING;
    queue_add(&on->queue, thread);
}

static bool wants_reply(const struct mobject *sender)
{
    return sender->thread->is_call || sender->thread->fault != 0;
}

static message_tag tag_of(const struct mobject *sender)
{
    const struct mthread *self = sender->thread;
    return self->fault != 0 ? (uint64_t)self->fault | 32 << 16 : self->registers.rsi;
}

static enum status check_transfer(
    struct mobject *sender, struct mobject *receiver, message_tag tag, struct transfer *transfer)
{
    const struct ipc_buffer *from = model_buffer(sender);
    const struct ipc_buffer *to = model_buffer(receiver);
    struct mspace *source_space = model_space(sender);
    struct mspace *target_space = model_space(receiver);
    transfer->count = message_tag_cap_count(tag);
    transfer->move = (tag & message_tag_move) != 0;
    if (transfer->count != 0 &&
        (from == nullptr || to == nullptr || source_space == nullptr || target_space == nullptr)) {
        return STATUS_INVALID_CAPABILITY;
    }
    for (uint32_t i = 0; i < transfer->count; i++) {
        struct mcap *source = model_slot(source_space, from->caps[i]);
        struct mcap *target = model_slot(target_space, to->receive_slots[i]);
        if (source == nullptr || target == nullptr) {
            return STATUS_INVALID_CAPABILITY;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (transfer->targets[k] == target ||
                (transfer->move && transfer->sources[k] == source)) {
                return STATUS_INVALID_ARGUMENT;
            }
        }
        if (transfer->move && source->kind == OBJECT_NONE) {
            return STATUS_INVALID_CAPABILITY;
        }
        if (transfer->move && target->kind != OBJECT_NONE) {
            return STATUS_EXISTS;
        }
        enum status status = transfer->move ? STATUS_OK : model_check_copy(source, target, 0);
        if (status != STATUS_OK) {
            return status;
        }
        transfer->sources[i] = source;
        transfer->targets[i] = target;
        transfer->slots[i] = to->receive_slots[i];
    }
    return STATUS_OK;
}

static void do_transfer(const struct transfer *transfer, struct mobject *receiver)
{
    if (transfer->count == 0) {
        return;
    }
    struct ipc_buffer *to = model_buffer(receiver);
    for (uint32_t i = 0; i < transfer->count; i++) {
        if (transfer->move) {
            model_move(transfer->sources[i], transfer->targets[i]);
        } else {
            model_copy(transfer->sources[i], transfer->targets[i], rights_all, 0);
        }
        to->caps[i] = transfer->slots[i];
    }
    to->received_caps = transfer->count;
}

/* Check all, then give the message to `receiver`. */
static enum status deliver_message(
    struct mobject *sender, struct mobject *receiver, uint64_t badge, message_tag mask)
{
    message_tag tag = tag_of(sender);
    uint32_t words = (message_tag_size_bytes(tag) + 7) / 8;
    bool is_long = words > message_register_words;
    if (is_long && (model_buffer(sender) == nullptr || model_buffer(receiver) == nullptr)) {
        return STATUS_INVALID_CAPABILITY;
    }
    struct transfer transfer;
    enum status status = check_transfer(sender, receiver, tag, &transfer);
    if (status != STATUS_OK) {
        return status;
    }
    struct mregisters *to = &receiver->thread->registers;
    const struct mregisters *from = &sender->thread->registers;
    const uint64_t *fault = sender->thread->fault_words;
    bool faulted = sender->thread->fault != 0;
    to->rdx = faulted ? fault[0] : from->rdx;
    to->r10 = faulted ? fault[1] : from->r10;
    to->r8 = faulted ? fault[2] : from->r8;
    to->r9 = faulted ? fault[3] : from->r9;
    if (is_long) {
        memmove(&model_buffer(receiver)->words[message_register_words],
            &model_buffer(sender)->words[message_register_words],
            (words - message_register_words) * sizeof(uint64_t));
    }
    do_transfer(&transfer, receiver);
    to->rax = STATUS_OK;
    to->rdi = badge;
    to->rsi = tag & mask;
    return STATUS_OK;
}

static enum status meet(struct mobject *sender, struct mobject *receiver)
{
    struct mobject *reply = receiver->thread->reply;
    if (wants_reply(sender) && reply == nullptr) {
        return STATUS_INVALID_CAPABILITY;
    }
    enum status status =
        deliver_message(sender, receiver, sender->thread->sender_badge, tag_delivered);
    if (status != STATUS_OK) {
        return status;
    }
    receiver->thread->reply = nullptr;
    if (reply != nullptr) {
        reply->receiver = nullptr;
    }
    if (wants_reply(sender)) {
        reply->caller = sender;
    }
    return STATUS_OK;
}

/* The sender leaves whatever queue it is in and waits for its answer. */
static void await_answer(struct mobject *sender, struct mobject *reply)
{
    if (sender->thread->blocked_on != nullptr) {
        queue_take(&sender->thread->blocked_on->queue, sender);
        sender->thread->blocked_on = nullptr;
    }
    sender->thread->state = REPLY;
    sender->thread->reply = reply;
}

static bool has_receivers(const struct mobject *endpoint)
{
    return endpoint->queue.count != 0 && !endpoint->sending;
}

/* To the first receiver. */
static enum status send_now(struct mobject *sender, struct mobject *endpoint)
{
    struct mobject *receiver = endpoint->queue.threads[0];
    struct mobject *reply = receiver->thread->reply;
    enum status status = meet(sender, receiver);
    if (status != STATUS_OK) {
        return status;
    }
    model_cancel(receiver);
    make_ready(receiver);
    if (wants_reply(sender)) {
        await_answer(sender, reply);
    }
    return STATUS_OK;
}

static void send_fault(struct mobject *thread)
{
    struct mthread *self = thread->thread;
    bool to_pager = self->fault == FAULT_PAGE && !self->escalated;
    const struct mcap *cap = &self->caps[to_pager ? CAP_PAGER : CAP_FAULT];
    if (cap->kind != OBJECT_ENDPOINT || (cap->rights & RIGHT_SEND) == 0) {
        model_fault_answered(thread, STATUS_NOT_FOUND);
        return;
    }
    self->sender_badge = cap->badge;
    if (!has_receivers(cap->object)) {
        block(thread, cap->object, SENDING);
    } else if (send_now(thread, cap->object) != STATUS_OK) {
        self->state = FAULTED;
    }
}

void model_fault(uint16_t operation, const uint64_t words[4])
{
    struct mobject *thread = model.current;
    struct mthread *self = thread->thread;
    self->fault = operation;
    self->escalated = false;
    memcpy(self->fault_words, words, sizeof(self->fault_words));
    self->state = INACTIVE;
    send_fault(thread);
}

static enum status check_tag(message_tag tag)
{
    return message_tag_size_bytes(tag) > message_bytes_max ||
                   message_tag_cap_count(tag) > message_caps_max
               ? STATUS_INVALID_ARGUMENT
               : STATUS_OK;
}

/* The capability in a slot if it is of that kind and has the rights; else why not. */
static enum status want(
    uint32_t slot, enum object_kind kind, uint16_t rights, struct mcap **cap_out)
{
    struct mcap *cap = model_slot(model_space(model.current), slot);
    *cap_out = cap;
    if (cap == nullptr || cap->kind != kind) {
        return STATUS_INVALID_CAPABILITY;
    }
    return (cap->rights & rights) == rights ? STATUS_OK : STATUS_DENIED;
}

static enum status call_send(const struct mregisters *call, bool is_call, bool wait)
{
    struct mobject *self = model.current;
    struct mcap *cap;
    enum status status = want((uint32_t)call->rdi, OBJECT_ENDPOINT, RIGHT_SEND, &cap);
    if (status == STATUS_OK) {
        status = check_tag(call->rsi);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (message_tag_cap_count(call->rsi) != 0 && (cap->rights & RIGHT_GRANT) == 0) {
        return STATUS_DENIED;
    }
    self->thread->is_call = is_call;
    self->thread->sender_badge = cap->badge;
    if (has_receivers(cap->object)) {
        return send_now(self, cap->object);
    }
    if (!wait) {
        return STATUS_WOULD_BLOCK;
    }
    block(self, cap->object, SENDING);
    return STATUS_OK;
}

/* True if a message was taken. */
static bool take_queued(struct mobject *self, struct mobject *endpoint)
{
    while (endpoint->queue.count != 0 && endpoint->sending) {
        struct mobject *sender = endpoint->queue.threads[0];
        struct mobject *reply = self->thread->reply;
        bool answered_later = wants_reply(sender);
        enum status status = meet(sender, self);
        if (status == STATUS_OK && answered_later) {
            await_answer(sender, reply);
            return true;
        }
        model_cancel(sender);
        model_finish(sender, status);
        if (status == STATUS_OK) {
            return true;
        }
    }
    return false;
}

static enum status receive_from(struct mobject *endpoint, struct mobject *reply, bool wait)
{
    struct mobject *self = model.current;
    struct mobject *bound = self->thread->bound;
    if (bound != nullptr && bound->bits != 0) {
        self->thread->registers.rdi = 0;
        self->thread->registers.rsi = message_tag_notification;
        self->thread->registers.rdx = bound->bits;
        bound->bits = 0;
        return STATUS_OK;
    }
    self->thread->reply = reply;
    if (take_queued(self, endpoint)) {
        return STATUS_OK;
    }
    if (!wait) {
        self->thread->reply = nullptr;
        return STATUS_WOULD_BLOCK;
    }
    if (reply != nullptr) {
        reply->receiver = self;
    }
    block(self, endpoint, RECEIVING);
    return STATUS_OK;
}

static enum status receive_into(uint32_t slot, struct mobject *reply, bool wait)
{
    struct mcap *cap;
    enum status status = want(slot, OBJECT_ENDPOINT, RIGHT_RECEIVE, &cap);
    if (status != STATUS_OK) {
        return status;
    }
    if (reply != nullptr && (reply->caller != nullptr || reply->receiver != nullptr)) {
        return STATUS_BUSY;
    }
    return receive_from(cap->object, reply, wait);
}

static enum status call_receive(const struct mregisters *call, bool wait)
{
    struct mobject *reply = nullptr;
    if (call->rdi >> 32 != 0) {
        struct mcap *cap;
        enum status status = want((uint32_t)(call->rdi >> 32), OBJECT_REPLY, 0, &cap);
        if (status != STATUS_OK) {
            return status;
        }
        reply = cap->object;
    }
    return receive_into((uint32_t)call->rdi, reply, wait);
}

static enum status answer(struct mobject *reply, message_tag tag)
{
    struct mobject *caller = reply->caller;
    if (caller == nullptr) {
        return STATUS_NOT_FOUND;
    }
    enum status status = check_tag(tag);
    if (status != STATUS_OK) {
        return status;
    }
    bool faulted = caller->thread->fault != 0;
    if (!faulted) {
        status = deliver_message(
            model.current, caller, 0, ~(message_tag_move | message_tag_notification));
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply->caller = nullptr;
    caller->thread->reply = nullptr;
    if (faulted) {
        model_fault_answered(caller, message_tag_status(tag));
    } else {
        make_ready(caller);
    }
    return STATUS_OK;
}

static enum status call_reply(const struct mregisters *call, bool then_receive)
{
    uint32_t slot = (uint32_t)(call->rdi >> 32);
    struct mcap *cap;
    enum status status = want(slot, OBJECT_REPLY, 0, &cap);
    if (status != STATUS_OK) {
        return status;
    }
    struct mobject *reply = cap->object;
    status = answer(reply, call->rsi);
    return status == STATUS_OK && then_receive ? receive_into((uint32_t)call->rdi, reply, true)
                                               : status;
}

uint64_t model_signal_bits(const struct mcap *cap)
{
    return cap->badge != 0 ? cap->badge : UINT64_C(1) << 63;
}

void model_signal(struct mobject *notification, uint64_t bits)
{
    notification->bits |= bits;
    struct mobject *thread = nullptr;
    if (notification->queue.count != 0) {
        thread = notification->queue.threads[0];
    } else if (notification->bound != nullptr && notification->bound->thread->state == RECEIVING) {
        thread = notification->bound;
        thread->thread->registers.rdi = 0;
        thread->thread->registers.rsi = message_tag_notification;
    }
    if (thread != nullptr) {
        thread->thread->registers.rdx = notification->bits;
        notification->bits = 0;
        model_cancel(thread);
        model_finish(thread, STATUS_OK);
    }
}

void model_unbind(struct mobject *notification)
{
    notification->bound->thread->bound = nullptr;
    notification->bound = nullptr;
}

static enum status call_wait(const struct mregisters *call, bool wait)
{
    struct mcap *cap;
    enum status status = want((uint32_t)call->rdi, OBJECT_NOTIFICATION, RIGHT_RECEIVE, &cap);
    if (status != STATUS_OK) {
        return status;
    }
    if (cap->object->bits != 0) {
        model.current->thread->registers.rdx = cap->object->bits;
        cap->object->bits = 0;
        return STATUS_OK;
    }
    if (!wait) {
        return STATUS_WOULD_BLOCK;
    }
    block(model.current, cap->object, WAITING);
    return STATUS_OK;
}

static enum status call_signal(const struct mregisters *call)
{
    struct mcap *cap;
    enum status status = want((uint32_t)call->rdi, OBJECT_NOTIFICATION, RIGHT_SEND, &cap);
    if (status == STATUS_OK) {
        model_signal(cap->object, model_signal_bits(cap));
    }
    return status;
}

static enum status call_invoke(const struct mregisters *call)
{
    uint64_t results[4] = {};
    struct mthread *self = model.current->thread;
    enum status status = model_invoke(call, results);
    if (status == STATUS_OK || status == STATUS_MISSING_TABLE) {
        self->registers.rdx = results[0];
        self->registers.r10 = results[1];
        self->registers.r8 = results[2];
        self->registers.r9 = results[3];
    }
    return status;
}

static enum status dispatch(const struct mregisters *call)
{
    switch (call->rax) {
    case SYSCALL_VERSION:
        model.current->thread->registers.rdx = abi_version;
        return STATUS_OK;
    case SYSCALL_CALL:
        return call_send(call, true, true);
    case SYSCALL_SEND:
        return call_send(call, false, true);
    case SYSCALL_SEND_NOWAIT:
        return call_send(call, false, false);
    case SYSCALL_RECEIVE:
        return call_receive(call, true);
    case SYSCALL_RECEIVE_NOWAIT:
        return call_receive(call, false);
    case SYSCALL_REPLY:
        return call_reply(call, false);
    case SYSCALL_REPLY_RECEIVE:
        return call_reply(call, true);
    case SYSCALL_SIGNAL:
        return call_signal(call);
    case SYSCALL_WAIT:
        return call_wait(call, true);
    case SYSCALL_POLL:
        return call_wait(call, false);
    case SYSCALL_INVOKE:
        return call_invoke(call);
    case SYSCALL_YIELD:
        return STATUS_OK;
    default:
        return STATUS_UNKNOWN_OPERATION;
    }
}

void model_call(const struct mregisters *registers)
{
    struct mobject *self = model.current;
    struct mregisters call = *registers;
    call.rip = self->thread->registers.rip;
    call.rsp = self->thread->registers.rsp;
    self->thread->registers = call;
    if (call.rax == SYSCALL_EXIT) {
        const uint64_t words[4] = {call.rdx};
        model_fault(FAULT_EXIT, words);
        return;
    }
    enum status status = dispatch(&call);
    enum model_state state = self->thread->state;
    bool waits = state == SENDING || state == RECEIVING || state == REPLY || state == WAITING;
    if (!waits) {
        self->thread->registers.rax = status_word(status);
    }
}

/* The soonest first; those at one time in the order in which they were armed does not show. */
void model_clock_interrupt(uint64_t now_ns)
{
    model.now_ns = now_ns;
    for (;;) {
        struct mobject *due = nullptr;
        for (uint32_t i = 0; i < model_objects_max; i++) {
            struct mobject *object = &model.objects[i];
            if (object->kind == OBJECT_NOTIFICATION && object->armed &&
                object->deadline_ns <= now_ns &&
                (due == nullptr || object->deadline_ns < due->deadline_ns)) {
                due = object;
            }
        }
        if (due == nullptr) {
            return;
        }
        due->armed = false;
        model_signal(due, due->deadline_bits);
    }
}

void model_device_interrupt(uint32_t index)
{
    for (uint32_t i = 0; i < model_objects_max; i++) {
        struct mobject *object = &model.objects[i];
        if (object->kind == OBJECT_IRQ && object->index == index &&
            object->target.kind == OBJECT_NOTIFICATION) {
            model_signal(object->target.object, model_signal_bits(&object->target));
            return;
        }
    }
}
