/* SPDX-License-Identifier: ISC */
/* A line that only who knows the nonce can write, for the host at the other end of the serial line.
 */
#pragma once

#include <userlib/verifier.h>

constexpr uint32_t backwards_bytes = root_nonce_bytes + 2;

/* The nonce backwards, on a line of its own. */
static inline void backwards_write(
    const struct verifier *verifier, uint8_t line_out[static backwards_bytes])
{
    line_out[0] = '\n';
    for (uint32_t index = 0; index < root_nonce_bytes; index++) {
        line_out[1 + index] = (uint8_t)verifier->nonce[root_nonce_bytes - 1 - index];
    }
    line_out[backwards_bytes - 1] = '\n';
}
