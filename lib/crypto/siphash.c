/* SPDX-License-Identifier: ISC */
/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): two rounds for each word
 * of the message, four at the end.
 */
#include <lib/base/base.h>
#include <lib/crypto/crypto.h>

constexpr uint32_t word_bytes = 8;
constexpr uint32_t rounds_of_word = 2;
constexpr uint32_t rounds_at_end = 4;

static inline uint64_t rotate_left(uint64_t value, uint32_t count)
{
    return value << count | value >> (64 - count);
}

static void run_rounds(uint64_t v[static 4], uint32_t count)
{
    for (uint32_t round = 0; round < count; round++) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate_left(v[1], 13) ^ v[0];
        v[3] = rotate_left(v[3], 16) ^ v[2];
        v[0] = rotate_left(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate_left(v[1], 17) ^ v[2];
        v[3] = rotate_left(v[3], 21) ^ v[0];
        v[2] = rotate_left(v[2], 32);
    }
}

static void absorb_word(uint64_t v[static 4], uint64_t word)
{
    v[3] ^= word;
    run_rounds(v, rounds_of_word);
    v[0] ^= word;
}

uint64_t siphash_2_4(
    const uint8_t key[static siphash_key_bytes], const void *bytes, size_t size_bytes)
{
    uint64_t low = load_le64(key);
    uint64_t high = load_le64(key + word_bytes);
    /* The constants spell "somepseudorandomlygeneratedbytes". */
    uint64_t v[4] = {
        low ^ 0x736f'6d65'7073'6575,
        high ^ 0x646f'7261'6e64'6f6d,
        low ^ 0x6c79'6765'6e65'7261,
        high ^ 0x7465'6462'7974'6573,
    };
    const uint8_t *at = bytes;
    for (size_t left = size_bytes / word_bytes; left > 0; left--, at += word_bytes) {
        absorb_word(v, load_le64(at));
    }
    uint64_t last = (uint64_t)size_bytes << 56;
    for (uint32_t index = 0; index < size_bytes % word_bytes; index++) {
        last |= (uint64_t)at[index] << index * 8;
    }
    absorb_word(v, last);
    v[2] ^= 0xff;
    run_rounds(v, rounds_at_end);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
