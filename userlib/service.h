/* SPDX-License-Identifier: ISC */
/*
 * The loop of every service: receive, check, hand to a handler, answer.
 *
 * Before a handler runs, rights (from the badge), exact length, reserved bytes, and number and kind
 * of capabilities have been checked against the protocol; a text holds no zero byte and ends with
 * one. A message that fails a check is answered with DENIED, INVALID_ARGUMENT, INVALID_CAPABILITY
 * or UNKNOWN_OPERATION, and its capabilities are deleted.
 *
 * Ownership of received capabilities: a handler that returns STATUS_OK or service_defer()'s result
 * owns them (and their slots: slots_delete when done); one that returns any other status has left
 * them in their slots, and the loop deletes them. Capabilities in a reply are copied and stay the
 * handler's, except those that the protocol declares as `move`: these are gone after the reply.
 */
#pragma once

#include <userlib/ipc.h>

#include <stddef.h>
#include <stdint.h>

/* --- what protogen generates --- */

struct byte_range {
    uint16_t offset;
    uint16_t bytes;
};

/* What a message must look like. */
struct message_shape {
    uint16_t fixed_bytes;
    uint16_t variable_bytes_max; /* 0: nothing of variable length follows */
    uint16_t length_offset;      /* of the uint32_t that says how long it is */
    bool is_text;                /* holds no zero byte; one is added on arrival */
    bool move;
    uint8_t cap_count;
    enum object_kind cap_kinds[message_caps_max]; /* OBJECT_NONE: any kind */
    uint16_t reserved_count;
    const struct byte_range *reserved; /* must be zero */
};

/* A message that passed all checks, and room for its reply, which begins as zeros. */
struct service_message {
    uint64_t request[message_words_max + 1]; /* one more, for the end of a text */
    uint64_t reply[message_words_max + 1];
    cap_slot caps[message_caps_max];
    cap_slot reply_caps[message_caps_max];
};

struct protocol_operation {
    const char *name;
    enum status (*serve)(
        const void *server, struct ipc_caller caller, struct service_message *message);
    uint32_t rights; /* all of them are needed */
    uint16_t number;
    bool oneway;
    /* Of an operation whose request and reply are nothing but register words: the tags of its only
     * acceptable request and of its successful reply. Else 0. */
    message_tag short_request_tag;
    message_tag short_reply_tag;
    struct message_shape request;
    struct message_shape reply;
};

struct protocol {
    const char *name;
    uint8_t id;
    uint8_t operation_count;
    const struct protocol_operation *operations; /* of operation number id << 8 | index + 1 */
};

/* --- what a service writes --- */

/* One protocol and the handlers for it: `server` is a struct NAME_server. Both are shared. */
struct service_binding {
    const struct protocol *protocol;
    const void *server;
};

constexpr uint32_t service_bindings_max = 4;

struct service {
    cap_slot endpoint; /* usually SLOT_CONTROL */
    uint32_t binding_count;
    struct service_binding bindings[service_bindings_max];
    /* Called with the bits of the bound notification; nullptr if the service has none. */
    void (*on_notification)(void *self, uint64_t bits);
    void *self;
    /* Reply objects for deferred answers: `deferred = N` in the manifest gives SLOT_DEFERRED_FIRST
     * and deferred_slots. */
    cap_slot deferred_first;
    uint32_t deferred_count; /* at most service_deferred_max */
};

constexpr uint32_t service_deferred_max = 64;

/* Serve for ever. Leaves by thread_exit only when the endpoint is gone. */
[[noreturn]] void service_run(const struct service *service);

/* A caller that waits for a later answer. Zero-initialised: no caller. */
struct service_deferred {
    const struct protocol_operation *operation;
    cap_slot reply;
};

/*
 * Called by a handler instead of answering: stores the caller in *deferred_out, which the service
 * keeps and later gives to NAME_answer_OPERATION(). The handler returns the result of this
 * function: return service_defer(&waiter->caller); that is a value which tells the loop to go on,
 * or NO_SLOT if too many callers wait already (then nothing was stored, and the handler must undo
 * what it did).
 */
enum status service_defer(struct service_deferred *deferred_out);

/* Whether the caller still waits: it may have died, or never have waited, if it sent what is meant
 * to be called. A service that runs out of places for waiting callers answers those who do not
 * wait, with any status, which frees their reply objects. */
bool service_has_caller(const struct service_deferred *deferred);

/* Whether service_defer succeeded. */
bool service_is_deferred(enum status status);

/*
 * Send the deferred answer: the general form of the generated NAME_answer_OPERATION(). The reply is
 * ignored unless status is OK. PEER_LOST if the caller is gone. In all cases *deferred is empty
 * afterwards.
 */
enum status service_answer(
    struct service_deferred *deferred, enum status status, const void *reply, const cap_slot *caps);
