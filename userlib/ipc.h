/* SPDX-License-Identifier: ISC */
/*
 * Messages as a client sends them. Generated protocol code (protocol/NAME.h) is built on this;
 * programs rarely use it directly. The server's side is userlib/service.h.
 *
 * Invariant: outside of a receive the IPC buffer names no receive slots, so nobody can put a
 * capability where none is expected.
 */
#pragma once

#include <userlib/capability.h>
#include <userlib/syscall.h>

#include <stdint.h>

struct protocol;         /* userlib/service.h */
struct service_deferred; /* userlib/service.h */

/* Who called: a badge taken apart. */
struct ipc_caller {
    uint32_t client; /* process id */
    uint32_t rights; /* of the protocol */
};

/*
 * One message to `server`. All pointers are borrowed for the call. The capabilities `caps` are
 * copied, or with `move` given away: then their slots are empty and free afterwards, whatever
 * the outcome.
 *
 * The reply must have the stated shape: `reply_bytes`, then, where reply_variable_bytes_max is not
 * 0, as many bytes as the uint32_t at reply_length_offset says; and `reply_cap_count` capabilities,
 * which go to fresh slots of the caller, stored in reply_caps.
 */
struct ipc_call {
    cap_slot server;
    uint16_t operation;
    bool move;
    const void *request;
    uint32_t request_bytes;
    uint32_t cap_count;
    const cap_slot *caps;
    void *reply_out;
    uint32_t reply_bytes;
    uint32_t reply_variable_bytes_max;
    uint32_t reply_length_offset;
    bool reply_is_text; /* a zero byte is put behind the variable part */
    uint32_t reply_cap_count;
    cap_slot *reply_caps;
};

/*
 * Call and wait. Returns the kernel's status, else the status in the reply; CONTRACT_INVALID for a
 * successful reply of another shape, NO_SLOT where no slot is free for its capabilities. Outputs
 * are untouched on failure, and no capability was received.
 */
enum status ipc_call(const struct ipc_call *call);

/* One-way: waits until the receiver takes it. Members for the reply are not used. */
enum status ipc_send(const struct ipc_call *call);

/* One-way: WOULD_BLOCK, and nothing sent, if nobody waits for it. */
enum status ipc_send_nowait(const struct ipc_call *call);

/* What a reply other than a well-formed success means; the slow half of ipc_call_short(). */
enum status ipc_reply_failure(enum status kernel_status, message_tag tag);

/*
 * A call whose request and reply fit into registers and carry no capabilities; words is both. The
 * whole path is inline: it is what most calls of the system are.
 */
static inline enum status ipc_call_short(cap_slot server, uint16_t operation,
    uint32_t request_bytes, uint32_t reply_bytes, uint64_t words[message_register_words])
{
    struct syscall_registers registers = {
        .target = server,
        .tag = message_tag_make(operation, request_bytes, 0, STATUS_OK),
        .words = {words[0], words[1], words[2], words[3]},
    };
    const enum status status = syscall_enter(SYSCALL_CALL, &registers);
    if (status != STATUS_OK || registers.tag != message_tag_make(operation, reply_bytes, 0,
                                                    STATUS_OK)) [[clang::unlikely]] {
        return ipc_reply_failure(status, registers.tag);
    }
    words[0] = registers.words[0];
    words[1] = registers.words[1];
    words[2] = registers.words[2];
    words[3] = registers.words[3];
    return STATUS_OK;
}
