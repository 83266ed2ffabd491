/* SPDX-License-Identifier: ISC */
/* AES-256 in XTS mode (IEEE 1619-2007, 5). */
#include <lib/base/base.h>

#include "aes256_planes.h"

/* What one direction does with a key and eight blocks. */
typedef void batch_cipher(const struct aes256 *aes, plane blocks[static 8]);

/* A tweak as a number in GF(2^128), 5.2. */
struct tweak {
    uint64_t low;
    uint64_t high;
};

static inline plane tweak_vector(struct tweak tweak)
{
    return (plane){tweak.low, tweak.high};
}

/* Times alpha; what falls out at the top comes back as 0x87, without a branch. */
static inline struct tweak tweak_next(struct tweak tweak)
{
    uint64_t carry = tweak.high >> 63;
    return (struct tweak){
        .low = tweak.low << 1 ^ (0x87 & (0 - carry)),
        .high = tweak.high << 1 | tweak.low >> 63,
    };
}

static struct tweak tweak_first(const struct aes256_xts *xts, const uint8_t number[static 16])
{
    uint8_t block[aes_block_bytes];
    memcpy(block, number, sizeof block);
    aes256_encrypt(&xts->tweak, block);
    return (struct tweak){.low = load_le64(block), .high = load_le64(block + 8)};
}

/* Up to eight whole blocks in place; the tweak moves past them. */
static void crypt_batch(const struct aes256 *aes, batch_cipher *cipher, struct tweak *tweak,
    uint8_t *bytes, size_t size_bytes)
{
    plane blocks[aes_batch_blocks] = {};
    plane tweaks[aes_batch_blocks];
    memcpy(blocks, bytes, size_bytes);
    for (uint32_t block = 0; block < aes_batch_blocks; block++) {
        tweaks[block] = tweak_vector(*tweak);
        blocks[block] ^= tweaks[block];
        if (block < size_bytes / aes_block_bytes) {
            *tweak = tweak_next(*tweak);
        }
    }
    cipher(aes, blocks);
    for (uint32_t block = 0; block < aes_batch_blocks; block++) {
        blocks[block] ^= tweaks[block];
    }
    memcpy(bytes, blocks, size_bytes);
}

static void crypt_blocks(const struct aes256 *aes, batch_cipher *cipher, struct tweak *tweak,
    uint8_t *bytes, size_t block_count)
{
    while (block_count > 0) {
        size_t count = block_count < aes_batch_blocks ? block_count : aes_batch_blocks;
        crypt_batch(aes, cipher, tweak, bytes, count * aes_block_bytes);
        bytes += count * aes_block_bytes;
        block_count -= count;
    }
}

void aes256_xts_init(struct aes256_xts *xts, const uint8_t key[static aes256_xts_key_bytes])
{
    aes256_init(&xts->data, key);
    aes256_init(&xts->tweak, key + aes256_key_bytes);
}

/* The last whole block and a part trade places; what the part lacks it takes from the block. */
static void steal(uint8_t *last_block, size_t part_bytes)
{
    uint8_t *part = last_block + aes_block_bytes;
    for (size_t index = 0; index < part_bytes; index++) {
        uint8_t kept = part[index];
        part[index] = last_block[index];
        last_block[index] = kept;
    }
}

void aes256_xts_encrypt(const struct aes256_xts *xts, const uint8_t number[static aes_block_bytes],
    uint8_t *bytes, size_t size_bytes)
{
    struct tweak tweak = tweak_first(xts, number);
    size_t block_count = size_bytes / aes_block_bytes;
    size_t part_bytes = size_bytes % aes_block_bytes;
    crypt_blocks(&xts->data, aes256_batch_encrypt, &tweak, bytes, block_count);
    if (part_bytes > 0) {
        uint8_t *last = bytes + (block_count - 1) * aes_block_bytes;
        steal(last, part_bytes);
        crypt_blocks(&xts->data, aes256_batch_encrypt, &tweak, last, 1);
    }
}

/* With a part at the end, the last whole block was encrypted with the tweak after its own. */
void aes256_xts_decrypt(const struct aes256_xts *xts, const uint8_t number[static aes_block_bytes],
    uint8_t *bytes, size_t size_bytes)
{
    struct tweak tweak = tweak_first(xts, number);
    size_t block_count = size_bytes / aes_block_bytes;
    size_t part_bytes = size_bytes % aes_block_bytes;
    if (part_bytes == 0) {
        crypt_blocks(&xts->data, aes256_batch_decrypt, &tweak, bytes, block_count);
        return;
    }
    crypt_blocks(&xts->data, aes256_batch_decrypt, &tweak, bytes, block_count - 1);
    uint8_t *last = bytes + (block_count - 1) * aes_block_bytes;
    struct tweak after = tweak_next(tweak);
    crypt_blocks(&xts->data, aes256_batch_decrypt, &after, last, 1);
    steal(last, part_bytes);
    crypt_blocks(&xts->data, aes256_batch_decrypt, &tweak, last, 1);
}
