/* SPDX-License-Identifier: ISC */
/* Random numbers for tests: xorshift64*, the same on every machine. */
#pragma once

#include <stddef.h>
#include <stdint.h>

static uint64_t random_state = 0x9e3779b97f4a7c15;

static inline uint64_t random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline void random_fill(uint8_t *bytes, size_t size_bytes)
{
    for (size_t index = 0; index < size_bytes; index++) {
        bytes[index] = (uint8_t)(random_next() >> 32);
    }
}
