/* SPDX-License-Identifier: ISC */
/* From the start of a verifier of messages to its verdict. */
#pragma once

#include <userlib/attack/attack.h>

/* Attack all targets; says how many messages it took (ERIX_VERIFIER:MESSAGES), and gives rootd the
 * verdict. The program has the peers rootd (root: verify), vspaced (map, dma) and logd (append),
 * and the test object. Returns the exit code of the program. */
int verify_messages(const struct startup *startup, struct attack_means means,
    const struct target *targets, uint32_t count);

/* One page that is mapped here and may be given to devices; what the attack sends as a frame. */
uint8_t *verify_page(void);

/* Where the good request lies, as its generated structure. */
static inline void *request_of(struct message *message)
{
    return message->words;
}
