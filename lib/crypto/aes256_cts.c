/* SPDX-License-Identifier: ISC */
/*
 * AES-256 in CBC mode with ciphertext stealing, CS3 (addendum to SP 800-38A), and a zero vector.
 *
 * Of more than one block, the last two are stored swapped and the one that is then last is cut to
 * the length of the message. "Head" means all blocks before these two.
 */
#include "aes256_planes.h"

static void add_block(uint8_t *block, const uint8_t *addend)
{
    for (size_t index = 0; index < aes_block_bytes; index++) {
        block[index] ^= addend[index];
    }
}

/* Bytes of the last, possibly partial, block: 1 to 16. */
static size_t last_part_bytes(size_t size_bytes)
{
    return (size_bytes - 1) % aes_block_bytes + 1;
}

void aes256_cts_encrypt(const struct aes256 *aes, uint8_t *bytes, size_t size_bytes)
{
    uint8_t chain[aes_block_bytes] = {};
    size_t part_bytes = last_part_bytes(size_bytes);
    size_t whole_bytes = size_bytes - part_bytes;
    for (size_t at = 0; at < whole_bytes; at += aes_block_bytes) {
        add_block(chain, bytes + at);
        aes256_encrypt(aes, chain);
        memcpy(bytes + at, chain, sizeof chain);
    }
    uint8_t last[aes_block_bytes] = {};
    memcpy(last, bytes + whole_bytes, part_bytes);
    add_block(last, chain);
    aes256_encrypt(aes, last);
    if (whole_bytes == 0) {
        memcpy(bytes, last, sizeof last);
        return;
    }
    memcpy(bytes + whole_bytes, chain, part_bytes);
    memcpy(bytes + whole_bytes - aes_block_bytes, last, sizeof last);
}

/* Up to eight blocks of plain CBC in place; `chain` is the ciphertext before them. */
static void decrypt_batch(const struct aes256 *aes, uint8_t chain[static aes_block_bytes],
    uint8_t *bytes, size_t size_bytes)
{
    plane blocks[aes_batch_blocks] = {};
    plane before[aes_batch_blocks] = {};
    memcpy(blocks, bytes, size_bytes);
    memcpy(&before[0], chain, aes_block_bytes);
    memcpy(&before[1], bytes, size_bytes - aes_block_bytes);
    memcpy(chain, bytes + size_bytes - aes_block_bytes, aes_block_bytes);
    aes256_batch_decrypt(aes, blocks);
    for (uint32_t block = 0; block < aes_batch_blocks; block++) {
        blocks[block] ^= before[block];
    }
    memcpy(bytes, blocks, size_bytes);
}

/* The two blocks at the end: the first is whole, the second has part_bytes. */
static void decrypt_swapped(const struct aes256 *aes, const uint8_t chain[static aes_block_bytes],
    uint8_t *bytes, size_t part_bytes)
{
    uint8_t last[aes_block_bytes];
    uint8_t before[aes_block_bytes];
    memcpy(last, bytes, sizeof last);
    aes256_decrypt(aes, last);
    memcpy(before, last, sizeof before);
    memcpy(before, bytes + aes_block_bytes, part_bytes);
    add_block(last, before);
    memcpy(bytes + aes_block_bytes, last, part_bytes);
    aes256_decrypt(aes, before);
    add_block(before, chain);
    memcpy(bytes, before, sizeof before);
}

void aes256_cts_decrypt(const struct aes256 *aes, uint8_t *bytes, size_t size_bytes)
{
    uint8_t chain[aes_block_bytes] = {};
    size_t part_bytes = last_part_bytes(size_bytes);
    if (size_bytes == aes_block_bytes) {
        decrypt_batch(aes, chain, bytes, size_bytes);
        return;
    }
    size_t head_bytes = size_bytes - part_bytes - aes_block_bytes;
    size_t at = 0;
    while (at < head_bytes) {
        size_t left_bytes = head_bytes - at;
        size_t taken_bytes = left_bytes < aes_batch_bytes ? left_bytes : aes_batch_bytes;
        decrypt_batch(aes, chain, bytes + at, taken_bytes);
        at += taken_bytes;
    }
    decrypt_swapped(aes, chain, bytes + head_bytes, part_bytes);
}
