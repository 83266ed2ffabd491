/* SPDX-License-Identifier: ISC */
/*
 * Numbers for random tests, the same for the same seed: xorshift64*.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545'f491'4f6c'dd1d;
}

/* Seeds that differ little give numbers that differ much. */
static inline struct random random_start(uint64_t seed)
{
    struct random random = {.state = (seed + 1) * 0x9e37'79b9'7f4a'7c15 | 1};
    for (int index = 0; index < 8; index++) {
        (void)random_next(&random);
    }
    return random;
}

/* Below `end`, which is not 0. */
static inline uint32_t random_below(struct random *random, uint32_t end)
{
    return (uint32_t)((random_next(random) >> 32) % end);
}

static inline void random_fill(struct random *random, uint8_t *bytes, size_t size_bytes)
{
    for (size_t index = 0; index < size_bytes; index++) {
        bytes[index] = (uint8_t)(random_next(random) >> 32);
    }
}
