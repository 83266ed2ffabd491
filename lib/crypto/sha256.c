/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 (FIPS 180-4, 5.3.3 and 6.2).
 *
 * The rounds are unrolled sixteen at a time, so that the eight working variables stay in registers
 * and no round moves them: round i finds variable v in working[(v - i) % 8].
 */
#include <lib/crypto/crypto.h>

#include <lib/base/base.h>

#include <string.h>

#include "sha256_internal.h"

void sha256_init(struct sha256 *hash)
{
    hash->length_bytes = 0;
    memcpy(hash->state, sha256_initial_state, sizeof(hash->state));
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t size_bytes)
{
    const uint8_t *at = bytes;
    size_t waiting_bytes = hash->length_bytes % sha256_block_bytes;
    hash->length_bytes += size_bytes;
    if (waiting_bytes > 0) {
        size_t room_bytes = sha256_block_bytes - waiting_bytes;
        size_t taken_bytes = size_bytes < room_bytes ? size_bytes : room_bytes;
        memcpy(hash->block + waiting_bytes, at, taken_bytes);
        if (taken_bytes < room_bytes) {
            return;
        }
        sha256_blocks_absorb(hash->state, hash->block, 1);
        at += taken_bytes;
        size_bytes -= taken_bytes;
    }
    sha256_blocks_absorb(hash->state, at, size_bytes / sha256_block_bytes);
    size_t rest_bytes = size_bytes % sha256_block_bytes;
    if (rest_bytes > 0) {
        memcpy(hash->block, at + (size_bytes - rest_bytes), rest_bytes);
    }
}

void sha256_final(struct sha256 *hash, uint8_t digest_out[static sha256_digest_bytes])
{
    size_t used_bytes = hash->length_bytes % sha256_block_bytes;
    hash->block[used_bytes++] = 0x80;
    if (used_bytes > sha256_length_at) {
        memset(hash->block + used_bytes, 0, sha256_block_bytes - used_bytes);
        sha256_blocks_absorb(hash->state, hash->block, 1);
        used_bytes = 0;
    }
    memset(hash->block + used_bytes, 0, sha256_length_at - used_bytes);
    store_be64(hash->block + sha256_length_at, hash->length_bytes * 8);
    sha256_blocks_absorb(hash->state, hash->block, 1);
    for (size_t word = 0; word < 8; word++) {
        store_be32(digest_out + word * 4, hash->state[word]);
    }
}

void sha256_hash(
    const void *bytes, size_t size_bytes, uint8_t digest_out[static sha256_digest_bytes])
{
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, bytes, size_bytes);
    sha256_final(&hash, digest_out);
}

/* count is a constant from 1 to 31 at each call: one rotate instruction. */
static inline uint32_t rotate_right(uint32_t value, uint32_t count)
{
    return value >> count | value << (32 - count);
}

/*
 * One round. The sums of three rotations are nested (rotations distribute over xor), and the
 * majority of a, b, c is found from a^b and the b^c that the round before has left: fewer
 * instructions.
 */
static inline void round_step(
    uint32_t working[static 8], uint32_t index, uint32_t addend, uint32_t *b_xor_c)
{
    uint32_t a = working[(0 - index) % 8];
    uint32_t b = working[(1 - index) % 8];
    uint32_t e = working[(4 - index) % 8];
    uint32_t f = working[(5 - index) % 8];
    uint32_t g = working[(6 - index) % 8];
    uint32_t *d = &working[(3 - index) % 8];
    uint32_t *h = &working[(7 - index) % 8];
    uint32_t sum_e = rotate_right(rotate_right(rotate_right(e, 14) ^ e, 5) ^ e, 6);
    uint32_t sum_a = rotate_right(rotate_right(rotate_right(a, 9) ^ a, 11) ^ a, 2);
    uint32_t a_xor_b = a ^ b;
    uint32_t majority = b ^ (a_xor_b & *b_xor_c);
    uint32_t choice = g ^ (e & (f ^ g));
    uint32_t temporary = *h + addend + sum_e + choice;
    *d += temporary;
    *h = temporary + sum_a + majority;
    *b_xor_c = a_xor_b;
}

/* The message schedule: replaces word t - 16 by word t (index is t modulo 16). */
static inline uint32_t schedule_step(uint32_t words[static 16], uint32_t index)
{
    uint32_t before_15 = words[(index + 1) % 16];
    uint32_t before_2 = words[(index + 14) % 16];
    uint32_t sum_15 = rotate_right(rotate_right(before_15, 11) ^ before_15, 7) ^ before_15 >> 3;
    uint32_t sum_2 = rotate_right(rotate_right(before_2, 2) ^ before_2, 17) ^ before_2 >> 10;
    words[index] += sum_15 + words[(index + 9) % 16] + sum_2;
    return words[index];
}

void sha256_blocks_absorb(uint32_t state[static 8], const uint8_t *bytes, size_t block_count)
{
    for (; block_count > 0; block_count--, bytes += sha256_block_bytes) {
        uint32_t working[8];
        uint32_t words[16];
        memcpy(working, state, sizeof(working));
        uint32_t b_xor_c = working[1] ^ working[2];
#pragma clang loop unroll(full)
        for (uint32_t index = 0; index < 16; index++) {
            words[index] = load_be32(bytes + index * 4);
            round_step(working, index, words[index] + sha256_round_constants[index], &b_xor_c);
        }
#pragma clang loop unroll(disable)
        for (uint32_t first = 16; first < 64; first += 16) {
#pragma clang loop unroll(full)
            for (uint32_t index = 0; index < 16; index++) {
                uint32_t word = schedule_step(words, index);
                round_step(working, index, word + sha256_round_constants[first + index], &b_xor_c);
            }
        }
        for (size_t word = 0; word < 8; word++) {
            state[word] += working[word];
        }
    }
}
