/* SPDX-License-Identifier: ISC */
/*
 * Messages between programs: the one place that knows system call registers and the IPC buffer.
 * Generated protocol code (protocol/NAME.h) is built on this; programs rarely use it directly.
 */
#pragma once

#include <abi/startup.h>
#include <abi/syscall.h>

#include <stdint.h>

/* What came back from a receive: the sender, the tag, and the payload in `words`. */
struct ipc_message {
    uint64_t badge;
    message_tag tag;
    uint64_t words[message_words_max]; /* only the first size_bytes are meaningful */
    uint32_t cap_count;                /* capabilities received, in caps[] */
    cap_slot caps[message_caps_max];   /* owned by the receiver */
};

/*
 * Call `server` and wait. Sends `request_bytes` of `request` and the capabilities `caps` (copies; they stay the
 * caller's). The reply must have exactly `reply_bytes` and `reply_cap_count` capabilities, which go to fresh slots
 * that are stored in `reply_caps`. Any other shape of a successful reply: CONTRACT_INVALID, and received
 * capabilities are deleted. Returns the kernel's status, else the status of the reply; outputs are untouched on failure.
 */
struct ipc_call {
    cap_slot server;
    uint16_t operation;
    uint32_t request_bytes;
    const void *request; /* borrowed for the call */
    uint32_t cap_count;
    const cap_slot *caps;
    uint32_t reply_bytes;
    void *reply_out;
    uint32_t reply_cap_count;
    cap_slot *reply_caps;
};

enum status ipc_call(const struct ipc_call *call);

/* One-way: waits for the receiver to take it, no reply. */
enum status ipc_send(cap_slot server, uint16_t operation, const void *request, uint32_t request_bytes);

/* One-way, dropped (WOULD_BLOCK) if nobody is waiting for it. */
enum status ipc_send_nowait(
    cap_slot server, uint16_t operation, const void *request, uint32_t request_bytes);
