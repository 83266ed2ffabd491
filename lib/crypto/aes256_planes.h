/* SPDX-License-Identifier: ISC */
/*
 * AES by bits instead of by bytes, private to lib/crypto: no table and no branch depends on data.
 *
 * Eight blocks go through the rounds together as eight planes; plane i holds bit i of each of their
 * bytes. Half h (64 bits) of a plane serves blocks 4h to 4h+3; in it, bit 16r + 4c + b belongs to
 * row r and column c of the state (FIPS 197, 3.4) of block 4h+b. So a row is 16 bits, ShiftRows
 * rotates within 16 bits, and MixColumns rotates the rows. SSE2 is enough for all of it.
 */
#pragma once

#include <lib/crypto/crypto.h>

#include <stdint.h>
#include <string.h>

constexpr uint32_t aes_batch_blocks = 8;
constexpr uint32_t aes_batch_bytes = aes_batch_blocks * aes_block_bytes;

typedef uint64_t plane __attribute__((vector_size(16)));
typedef uint32_t plane_words __attribute__((vector_size(16)));
typedef uint16_t plane_rows __attribute__((vector_size(16)));
typedef uint8_t plane_bytes __attribute__((vector_size(16)));

/* Both rows of bytes, taken in turns. */
static inline plane planes_interleave(plane block)
{
    plane_bytes bytes = (plane_bytes)block;
    return (plane)__builtin_shufflevector(
        bytes, bytes, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
}

static inline plane planes_separate(plane mixed)
{
    plane_rows pairs = (plane_rows)mixed;
    plane_rows low = pairs & 0xff;
    plane_rows high = pairs >> 8;
    plane_bytes bytes = __builtin_shufflevector((plane_bytes)low, (plane_bytes)high, 0, 2, 4, 6, 8,
        10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return (plane)bytes;
}

/* Swaps the bits of `low` above `shift` with those of `high` below, within each field of `mask`. */
static inline void planes_swap(plane *low, plane *high, uint64_t mask, uint32_t shift)
{
    plane exchanged = ((*low >> shift) ^ *high) & mask;
    *high ^= exchanged;
    *low ^= exchanged << shift;
}

/* Transposes bit i of every byte of planes[j] with bit j of the same byte of planes[i]. */
static inline void planes_transpose(plane planes[static 8])
{
    for (uint32_t index = 0; index < 8; index += 2) {
        planes_swap(&planes[index], &planes[index + 1], 0x5555'5555'5555'5555, 1);
    }
    for (uint32_t index = 0; index < 8; index++) {
        if ((index & 2) == 0) {
            planes_swap(&planes[index], &planes[index + 2], 0x3333'3333'3333'3333, 2);
        }
    }
    for (uint32_t index = 0; index < 4; index++) {
        planes_swap(&planes[index], &planes[index + 4], 0x0f0f'0f0f'0f0f'0f0f, 4);
    }
}

/* Eight blocks, one in each vector, become eight planes. */
static inline void planes_pack(plane state[static 8])
{
    for (uint32_t block = 0; block < 4; block++) {
        plane first = planes_interleave(state[block]);
        plane second = planes_interleave(state[block + 4]);
        state[block] = __builtin_shufflevector(first, second, 0, 2);
        state[block + 4] = __builtin_shufflevector(first, second, 1, 3);
    }
    planes_transpose(state);
}

static inline void planes_unpack(plane state[static 8])
{
    planes_transpose(state);
    for (uint32_t block = 0; block < 4; block++) {
        plane first = __builtin_shufflevector(state[block], state[block + 4], 0, 2);
        plane second = __builtin_shufflevector(state[block], state[block + 4], 1, 3);
        state[block] = planes_separate(first);
        state[block + 4] = planes_separate(second);
    }
}

/* SubBytes and its inverse but for the constant 0x63, which the round keys carry. */
void aes_planes_substitute(plane state[static 8]);
void aes_planes_substitute_inverse(plane state[static 8]);

/* Eight blocks in place, as vectors of bytes. */
void aes256_batch_encrypt(const struct aes256 *aes, plane blocks[static 8]);
void aes256_batch_decrypt(const struct aes256 *aes, plane blocks[static 8]);
