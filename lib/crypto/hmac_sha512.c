/* SPDX-License-Identifier: ISC */
/* HMAC (RFC 2104) and HKDF (RFC 5869) with SHA-512. */
#include <lib/crypto/crypto.h>

#include <string.h>

constexpr uint8_t inner_pad = 0x36;
constexpr uint8_t outer_pad = 0x5c;

static void absorb_padded_key(struct sha512 *hash, const uint8_t *key, uint8_t pad)
{
    uint8_t block[sha512_block_bytes];
    for (size_t index = 0; index < sizeof block; index++) {
        block[index] = key[index] ^ pad;
    }
    sha512_init(hash);
    sha512_update(hash, block, sizeof block);
    crypto_wipe(block, sizeof block);
}

void hmac_sha512_init(struct hmac_sha512 *hmac, const void *key, size_t key_bytes)
{
    uint8_t padded[sha512_block_bytes] = {};
    if (key_bytes > sizeof padded) {
        sha512_hash(key, key_bytes, padded);
    } else if (key_bytes > 0) {
        memcpy(padded, key, key_bytes);
    }
    absorb_padded_key(&hmac->inner, padded, inner_pad);
    absorb_padded_key(&hmac->outer, padded, outer_pad);
    crypto_wipe(padded, sizeof padded);
}

void hmac_sha512_update(struct hmac_sha512 *hmac, const void *bytes, size_t size_bytes)
{
    sha512_update(&hmac->inner, bytes, size_bytes);
}

void hmac_sha512_final(struct hmac_sha512 *hmac, uint8_t code_out[static sha512_digest_bytes])
{
    uint8_t digest[sha512_digest_bytes];
    sha512_final(&hmac->inner, digest);
    sha512_update(&hmac->outer, digest, sizeof digest);
    sha512_final(&hmac->outer, code_out);
    crypto_wipe(digest, sizeof digest);
    crypto_wipe(hmac, sizeof *hmac);
}

void hkdf_sha512_extract(struct hkdf_sha512 *hkdf, const void *salt, size_t salt_bytes,
    const void *material, size_t material_bytes)
{
    struct hmac_sha512 hmac;
    uint8_t key[sha512_digest_bytes];
    hmac_sha512_init(&hmac, salt, salt_bytes);
    hmac_sha512_update(&hmac, material, material_bytes);
    hmac_sha512_final(&hmac, key);
    hmac_sha512_init(&hkdf->keyed, key, sizeof key);
    crypto_wipe(key, sizeof key);
}

void hkdf_sha512_expand(const struct hkdf_sha512 *hkdf, const void *info, size_t info_bytes,
    void *output, size_t output_bytes)
{
    uint8_t part[sha512_digest_bytes];
    uint8_t *at = output;
    for (uint8_t counter = 1; output_bytes > 0; counter++) {
        struct hmac_sha512 hmac = hkdf->keyed;
        if (counter > 1) {
            hmac_sha512_update(&hmac, part, sizeof part);
        }
        hmac_sha512_update(&hmac, info, info_bytes);
        hmac_sha512_update(&hmac, &counter, sizeof counter);
        hmac_sha512_final(&hmac, part);
        size_t taken_bytes = output_bytes < sizeof part ? output_bytes : sizeof part;
        memcpy(at, part, taken_bytes);
        at += taken_bytes;
        output_bytes -= taken_bytes;
    }
    crypto_wipe(part, sizeof part);
}
