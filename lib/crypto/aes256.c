/* SPDX-License-Identifier: ISC */
/*
 * AES-256 (FIPS 197), eight blocks at a time, in constant time; aes256_planes.h tells how.
 *
 * SubBytes adds 0x63 to every byte, and neither ShiftRows nor MixColumns changes a state whose
 * bytes are all equal: the constant moves into the round keys 1 to 14, for both directions.
 */
#include <lib/base/base.h>

#include "aes256_planes.h"

constexpr uint32_t round_count = 14;
constexpr uint32_t key_words = 8;
constexpr uint8_t substitution_constant = 0x63;

/* ---- The rounds' steps ---------------------------------------------------------------------- */

static inline void add_round_key(plane state[static 8], const uint64_t key[static 8])
{
    for (uint32_t bit = 0; bit < 8; bit++) {
        state[bit] ^= (plane){key[bit], key[bit]};
    }
}

/* Row r of 16 bits is rotated by the bits that powers[r] = 2^count says: two products. */
static inline plane rotate_in_rows(plane value, plane_rows powers)
{
    plane_rows rows = (plane_rows)value;
    typedef uint32_t wide __attribute__((vector_size(32)));
    wide product = __builtin_convertvector(rows, wide) * __builtin_convertvector(powers, wide);
    return (plane)((rows * powers) | __builtin_convertvector(product >> 16, plane_rows));
}

/* Row r goes left by r columns: the state's column c comes from c + r, 4 bits a column. */
static inline void shift_rows(plane state[static 8])
{
    constexpr uint16_t by[4] = {1, 1 << 12, 1 << 8, 1 << 4};
    plane_rows powers = {by[0], by[1], by[2], by[3], by[0], by[1], by[2], by[3]};
    for (uint32_t bit = 0; bit < 8; bit++) {
        state[bit] = rotate_in_rows(state[bit], powers);
    }
}

static inline void shift_rows_back(plane state[static 8])
{
    constexpr uint16_t by[4] = {1, 1 << 4, 1 << 8, 1 << 12};
    plane_rows powers = {by[0], by[1], by[2], by[3], by[0], by[1], by[2], by[3]};
    for (uint32_t bit = 0; bit < 8; bit++) {
        state[bit] = rotate_in_rows(state[bit], powers);
    }
}

/* Row r becomes the row below it. */
static inline plane next_row(plane value)
{
    plane_rows rows = (plane_rows)value;
    return (plane)__builtin_shufflevector(rows, rows, 1, 2, 3, 0, 5, 6, 7, 4);
}

static inline plane row_after_next(plane value)
{
    plane_words words = (plane_words)value;
    return (plane)__builtin_shufflevector(words, words, 1, 0, 3, 2);
}

/* Times x in GF(2^8), all planes: bit 7 comes back as 0x1b. */
static inline void times_x(plane value[static 8])
{
    plane carry = value[7];
    for (uint32_t bit = 7; bit > 0; bit--) {
        value[bit] = value[bit - 1];
    }
    value[0] = carry;
    value[1] ^= carry;
    value[3] ^= carry;
    value[4] ^= carry;
}

/* With t = row + next: 2 row + 3 next + after + last = x t + next + (t two rows on). */
static inline void mix_columns(plane state[static 8])
{
    plane doubled[8];
    for (uint32_t bit = 0; bit < 8; bit++) {
        plane next = next_row(state[bit]);
        doubled[bit] = state[bit] ^ next;
        state[bit] = next ^ row_after_next(doubled[bit]);
    }
    times_x(doubled);
    for (uint32_t bit = 0; bit < 8; bit++) {
        state[bit] ^= doubled[bit];
    }
}

/* The inverse matrix is MixColumns after adding 4 (row + the row two on) to each row. */
static inline void mix_columns_back(plane state[static 8])
{
    plane fourfold[8];
    for (uint32_t bit = 0; bit < 8; bit++) {
        fourfold[bit] = state[bit] ^ row_after_next(state[bit]);
    }
    times_x(fourfold);
    times_x(fourfold);
    for (uint32_t bit = 0; bit < 8; bit++) {
        state[bit] ^= fourfold[bit];
    }
    mix_columns(state);
}

void aes256_batch_encrypt(const struct aes256 *aes, plane blocks[static 8])
{
    planes_pack(blocks);
    add_round_key(blocks, aes->round_keys[0]);
    for (uint32_t round = 1; round < round_count; round++) {
        aes_planes_substitute(blocks);
        shift_rows(blocks);
        mix_columns(blocks);
        add_round_key(blocks, aes->round_keys[round]);
    }
    aes_planes_substitute(blocks);
    shift_rows(blocks);
    add_round_key(blocks, aes->round_keys[round_count]);
    planes_unpack(blocks);
}

void aes256_batch_decrypt(const struct aes256 *aes, plane blocks[static 8])
{
    planes_pack(blocks);
    add_round_key(blocks, aes->round_keys[round_count]);
    for (uint32_t round = round_count - 1; round > 0; round--) {
        shift_rows_back(blocks);
        aes_planes_substitute_inverse(blocks);
        add_round_key(blocks, aes->round_keys[round]);
        mix_columns_back(blocks);
    }
    shift_rows_back(blocks);
    aes_planes_substitute_inverse(blocks);
    add_round_key(blocks, aes->round_keys[0]);
    planes_unpack(blocks);
}

/* ---- Key expansion, FIPS 197, 5.2 ------------------------------------------------------------ */

/* SubWord of a word in the byte order of memory; all other bytes of the planes are idle. */
static void substitute_word(uint8_t word[static 4])
{
    plane planes[8] = {};
    memcpy(planes, word, 4);
    planes_pack(planes);
    aes_planes_substitute(planes);
    planes_unpack(planes);
    memcpy(word, planes, 4);
    for (uint32_t byte = 0; byte < 4; byte++) {
        word[byte] ^= substitution_constant;
    }
    crypto_wipe(planes, sizeof planes);
}

/* `words` holds the 8 words before; it becomes the next 8. */
static void expand_next(uint8_t words[static 32], uint8_t round_constant)
{
    for (uint32_t index = 0; index < key_words; index++) {
        const uint8_t *before = words + (index + key_words - 1) % key_words * 4;
        uint8_t word[4] = {before[0], before[1], before[2], before[3]};
        if (index == 0) {
            uint8_t rotated[4] = {word[1], word[2], word[3], word[0]};
            substitute_word(rotated);
            memcpy(word, rotated, 4);
            word[0] ^= round_constant;
        } else if (index == 4) {
            substitute_word(word);
        }
        for (uint32_t byte = 0; byte < 4; byte++) {
            words[index * 4 + byte] ^= word[byte];
        }
    }
}

/* A round key is the same for all eight blocks, so one half of each plane is kept. */
static void keep_round_key(struct aes256 *aes, uint32_t round, const uint8_t key[static 16])
{
    plane planes[8];
    for (uint32_t block = 0; block < aes_batch_blocks; block++) {
        memcpy(&planes[block], key, aes_block_bytes);
    }
    planes_pack(planes);
    for (uint32_t bit = 0; bit < 8; bit++) {
        bool flipped = round > 0 && (substitution_constant >> bit & 1) != 0;
        aes->round_keys[round][bit] = flipped ? ~planes[bit][0] : planes[bit][0];
    }
    crypto_wipe(planes, sizeof planes);
}

void aes256_init(struct aes256 *aes, const uint8_t key[static aes256_key_bytes])
{
    uint8_t words[aes256_key_bytes];
    memcpy(words, key, sizeof words);
    for (uint32_t round = 0; round <= round_count; round++) {
        if (round > 0 && round % 2 == 0) {
            expand_next(words, (uint8_t)(1 << (round / 2 - 1)));
        }
        keep_round_key(aes, round, words + round % 2 * aes_block_bytes);
    }
    crypto_wipe(words, sizeof words);
}

/* ---- Single blocks --------------------------------------------------------------------------- */

void aes256_encrypt(const struct aes256 *aes, uint8_t block[static aes_block_bytes])
{
    plane blocks[8] = {};
    memcpy(blocks, block, aes_block_bytes);
    aes256_batch_encrypt(aes, blocks);
    memcpy(block, blocks, aes_block_bytes);
    crypto_wipe(blocks, sizeof blocks);
}

void aes256_decrypt(const struct aes256 *aes, uint8_t block[static aes_block_bytes])
{
    plane blocks[8] = {};
    memcpy(blocks, block, aes_block_bytes);
    aes256_batch_decrypt(aes, blocks);
    memcpy(block, blocks, aes_block_bytes);
    crypto_wipe(blocks, sizeof blocks);
}
