/* SPDX-License-Identifier: ISC */
/* Messages as no generated client would send them. */
#pragma once

#include <userlib/attack/attack.h>

/* Call with whatever the message says; `flags` are more bits of the tag. What the kernel refuses
 * is answered with its status. Capabilities that come back are in slots from `scratch` on. */
void message_call(cap_slot server, uint16_t operation, uint64_t flags,
    const struct message *message, cap_slot scratch, struct answer *answer_out);

/* The same one-way; the kernel's status. */
enum status message_send(cap_slot server, uint16_t operation, const struct message *message);
