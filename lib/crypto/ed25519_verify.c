/* SPDX-License-Identifier: ISC */
/*
 * Verification of Ed25519 signatures (RFC 8032, 5.1.7). Everything here is public: time may depend
 * on it. Signing is in ed25519_sign.c.
 */
#include <lib/crypto/crypto.h>

#include <string.h>

#include "curve.h"

/* Both keep their large locals out of the caller's frame: stacks of the loader and of services are
 * small. */
[[gnu::noinline]] static struct scalar challenge_hash(
    const uint8_t *commitment, const uint8_t *public_key, const void *message, size_t size_bytes);
[[gnu::noinline]] static struct point base_and_key_multiply(
    const struct scalar *of_base, const struct scalar *of_key, const struct point *key);
static bool order_is_small(const struct point *value);

enum status ed25519_verify(const uint8_t public_key[static ed25519_public_key_bytes],
    const uint8_t signature[static ed25519_signature_bytes], const void *message, size_t size_bytes)
{
    struct point key;
    struct scalar s;
    if (point_decode(public_key, &key) != STATUS_OK || order_is_small(&key)) {
        return STATUS_UNTRUSTED;
    }
    if (scalar_decode(signature + point_bytes, &s) != STATUS_OK) {
        return STATUS_UNTRUSTED;
    }
    struct scalar k = challenge_hash(signature, public_key, message, size_bytes);
    struct point minus_key = point_negate(&key);
    struct point found = base_and_key_multiply(&s, &k, &minus_key);
    uint8_t encoded[point_bytes];
    point_encode(&found, encoded);
    return memcmp(encoded, signature, point_bytes) == 0 ? STATUS_OK : STATUS_UNTRUSTED;
}

static struct scalar challenge_hash(
    const uint8_t *commitment, const uint8_t *public_key, const void *message, size_t size_bytes)
{
    struct sha512 hash;
    uint8_t digest[sha512_digest_bytes];
    sha512_init(&hash);
    sha512_update(&hash, commitment, point_bytes);
    sha512_update(&hash, public_key, point_bytes);
    sha512_update(&hash, message, size_bytes);
    sha512_final(&hash, digest);
    return scalar_reduce(digest, sizeof(digest));
}

/* Whether 8 * value is the identity: such a key would accept signatures over many messages. */
static bool order_is_small(const struct point *value)
{
    struct point multiple = *value;
    for (uint32_t doubling = 0; doubling < 3; doubling++) {
        point_double(&multiple);
    }
    return point_is_identity(&multiple);
}

/* of_base * B + of_key * key, both bit by bit along one chain of doublings. */
static struct point base_and_key_multiply(
    const struct scalar *of_base, const struct scalar *of_key, const struct point *key)
{
    struct point both = curve_base;
    point_add(&both, key);
    const struct point *addends[4] = {nullptr, &curve_base, key, &both};
    struct point result = point_identity();
    for (uint32_t index = scalar_bits; index > 0; index--) {
        point_double(&result);
        uint64_t choice = scalar_bit(of_base, index - 1) | scalar_bit(of_key, index - 1) << 1;
        if (choice != 0) {
            point_add(&result, addends[choice]);
        }
    }
    return result;
}
