/* SPDX-License-Identifier: ISC */
/*
 * Ed25519 key derivation and signing (RFC 8032, 5.1.5 and 5.1.6). No branch and no address depends
 * on the secret key: point multiplication adds at every bit and keeps or drops the sum by a mask.
 */
#include <lib/crypto/crypto.h>

#include <string.h>

#include "curve.h"

/* The two halves of the hashed secret key. */
struct expanded_key {
    struct scalar multiplier; /* modulo the group order: the base point's multiple is the same */
    uint8_t prefix[32];
};

static struct expanded_key key_expand(const uint8_t secret_key[static ed25519_secret_key_bytes]);
static struct point base_multiply(const struct scalar *multiplier);

void ed25519_derive_public_key(const uint8_t secret_key[static ed25519_secret_key_bytes],
    uint8_t public_key_out[static ed25519_public_key_bytes])
{
    struct expanded_key expanded = key_expand(secret_key);
    struct point public_key = base_multiply(&expanded.multiplier);
    point_encode(&public_key, public_key_out);
}

void ed25519_sign(const uint8_t secret_key[static ed25519_secret_key_bytes], const void *message,
    size_t size_bytes, uint8_t signature_out[static ed25519_signature_bytes])
{
    struct expanded_key expanded = key_expand(secret_key);
    struct point public_key = base_multiply(&expanded.multiplier);
    uint8_t public_key_bytes[point_bytes];
    point_encode(&public_key, public_key_bytes);

    struct sha512 hash;
    uint8_t digest[sha512_digest_bytes];
    sha512_init(&hash);
    sha512_update(&hash, expanded.prefix, sizeof(expanded.prefix));
    sha512_update(&hash, message, size_bytes);
    sha512_final(&hash, digest);
    struct scalar r = scalar_reduce(digest, sizeof(digest));
    struct point commitment = base_multiply(&r);
    point_encode(&commitment, signature_out);

    sha512_init(&hash);
    sha512_update(&hash, signature_out, point_bytes);
    sha512_update(&hash, public_key_bytes, point_bytes);
    sha512_update(&hash, message, size_bytes);
    sha512_final(&hash, digest);
    struct scalar k = scalar_reduce(digest, sizeof(digest));
    struct scalar s = scalar_multiply_add(&k, &expanded.multiplier, &r);
    scalar_encode(&s, signature_out + point_bytes);
}

static struct expanded_key key_expand(const uint8_t secret_key[static ed25519_secret_key_bytes])
{
    uint8_t digest[sha512_digest_bytes];
    sha512_hash(secret_key, ed25519_secret_key_bytes, digest);
    digest[0] &= 0xf8;
    digest[31] &= 0x7f;
    digest[31] |= 0x40;
    struct expanded_key expanded = {.multiplier = scalar_reduce(digest, scalar_bytes)};
    memcpy(expanded.prefix, digest + scalar_bytes, sizeof(expanded.prefix));
    return expanded;
}

static struct point base_multiply(const struct scalar *multiplier)
{
    struct point result = point_identity();
    for (uint32_t index = scalar_bits; index > 0; index--) {
        point_double(&result);
        struct point sum = result;
        point_add(&sum, &curve_base);
        point_choose(&result, &sum, scalar_bit(multiplier, index - 1));
    }
    return result;
}
