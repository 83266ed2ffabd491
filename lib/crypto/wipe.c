/* SPDX-License-Identifier: ISC */
/* Forgetting secrets. */
#include <lib/crypto/crypto.h>

#include <string.h>

void crypto_wipe(void *bytes, size_t size_bytes)
{
    memset(bytes, 0, size_bytes);
    __asm__ volatile("" : : "r"(bytes) : "memory"); /* The zeros are seen by somebody. */
}
