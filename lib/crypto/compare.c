/* SPDX-License-Identifier: ISC */
/* Comparison that tells nothing by its duration about where two secrets differ. */
#include <lib/crypto/crypto.h>

bool crypto_equal(const void *left, const void *right, size_t size_bytes)
{
    const volatile uint8_t *left_bytes = left; /* volatile: no early exit may be invented */
    const volatile uint8_t *right_bytes = right;
    uint8_t difference = 0;
    for (size_t index = 0; index < size_bytes; index++) {
        difference |= left_bytes[index] ^ right_bytes[index];
    }
    return difference == 0;
}
