/* SPDX-License-Identifier: ISC */
/*
 * Messages: what happens when a sender meets a receiver.
 *
 * All functions act for `cpu_this()->current` unless a thread is given. They leave results in the
 * registers of the threads that go on; a thread that has to wait is queued. The order in a delivery
 * is: check everything that the message needs (both buffers, all capabilities, all receive slots),
 * then change everything.
 */
#pragma once

#include <abi/syscall.h>
#include <kernel/object/endpoint.h>
#include <kernel/object/reply.h>
#include <kernel/object/thread.h>

/* What of a tag arrives. Not that capabilities moved; and status bits and the flag of notifications
 * are nothing that a plain sender could say. */
constexpr message_tag message_tag_arrives = UINT64_C(0x3fffffff);
constexpr message_tag reply_tag_arrives = ~(message_tag_move | message_tag_notification);

enum message_wait : uint8_t {
    MESSAGE_WAIT = 0,
    MESSAGE_NOWAIT = 1,
};

/* SEND, SEND_NOWAIT and CALL of the current thread through the endpoint capability `cap`. */
void message_send(
    struct thread *sender, const struct capability *cap, bool is_call, enum message_wait wait);

/* RECEIVE of the current thread; `reply` may be nullptr, then calls are refused. */
void message_receive(struct thread *receiver, struct endpoint *endpoint, struct reply *reply,
    enum message_wait wait);

/* Answer the caller in `reply` with the message of `sender`. With `hand_over` the caller runs next,
 * if the sender blocks. Errors: NOT_FOUND (nobody waits), or what the message lacks. */
enum status message_reply(struct thread *sender, struct reply *reply, bool hand_over);

/* Send `fault_operation` and `fault_words` of a stopped thread to its handler. */
void message_send_fault(struct thread *thread);
