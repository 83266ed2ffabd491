/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 and SHA-512 (FIPS 180-4), HMAC and HKDF over SHA-512 (RFC 2104, RFC 5869), AES-256
 * (FIPS 197) with XTS (IEEE 1619) and CBC with ciphertext stealing (SP 800-38A addendum),
 * SipHash-2-4, Ed25519 (RFC 8032), comparison in constant time.
 *
 * State is the caller's; nothing is allocated and nothing is global. Code that handles secrets
 * lives in files of its own, takes no branch and no memory address from them, and is not linked
 * into what only verifies. Who keeps a state made from a secret wipes it with crypto_wipe.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

constexpr size_t sha256_digest_bytes = 32;
constexpr size_t sha256_block_bytes = 64;
constexpr size_t sha512_digest_bytes = 64;
constexpr size_t sha512_block_bytes = 128;

constexpr size_t ed25519_public_key_bytes = 32;
constexpr size_t ed25519_secret_key_bytes = 32; /* the seed of RFC 8032, 5.1.5 */
constexpr size_t ed25519_signature_bytes = 64;

/* A running hash: init, any number of updates, final. After final only init is allowed. */
struct sha256 {
    uint32_t state[8];
    uint64_t length_bytes;
    uint8_t block[sha256_block_bytes]; /* the first length_bytes % 64 bytes wait for more */
};

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *bytes, size_t size_bytes);
void sha256_final(struct sha256 *hash, uint8_t digest_out[static sha256_digest_bytes]);

/* The digest of one piece of memory. */
void sha256_hash(
    const void *bytes, size_t size_bytes, uint8_t digest_out[static sha256_digest_bytes]);

constexpr uint32_t sha256_messages_max = 64;

struct sha256_message {
    const void *bytes;
    size_t size_bytes;
};

/* Up to sha256_messages_max messages, numbered from 0, and who wants their digests. */
struct sha256_batch {
    uint32_t count;
    void *context;
    /* The message of that number: the same at every call. */
    struct sha256_message (*message_at)(void *context, uint32_t number);
    /* Called once for each message, in any order. */
    void (*digest_take)(
        void *context, uint32_t number, const uint8_t digest[static sha256_digest_bytes]);
};

/*
 * The digests of several messages, in less than half the time of one after the other where there
 * are four or more of about equal length.
 */
void sha256_hash_many(const struct sha256_batch *batch);

struct sha512 {
    uint64_t state[8];
    uint64_t length_bytes; /* 2^61 bytes are enough: the upper half of the length field stays 0 */
    uint8_t block[sha512_block_bytes];
};

void sha512_init(struct sha512 *hash);
void sha512_update(struct sha512 *hash, const void *bytes, size_t size_bytes);
void sha512_final(struct sha512 *hash, uint8_t digest_out[static sha512_digest_bytes]);

/* The digest of one piece of memory. */
void sha512_hash(
    const void *bytes, size_t size_bytes, uint8_t digest_out[static sha512_digest_bytes]);

/* Whether the bytes are equal, in time that depends on size_bytes alone. */
bool crypto_equal(const void *left, const void *right, size_t size_bytes);

/* Zeroes memory that held a secret; no compiler leaves it out. */
void crypto_wipe(void *bytes, size_t size_bytes);

/* ---- HMAC-SHA512 and HKDF-SHA512: time depends on sizes alone -------------------------------- */

/* A running code: init, any number of updates, final. A copy after init serves as a kept key. */
struct hmac_sha512 {
    struct sha512 inner;
    struct sha512 outer;
};

void hmac_sha512_init(struct hmac_sha512 *hmac, const void *key, size_t key_bytes);
void hmac_sha512_update(struct hmac_sha512 *hmac, const void *bytes, size_t size_bytes);
void hmac_sha512_final(struct hmac_sha512 *hmac, uint8_t code_out[static sha512_digest_bytes]);

/* A pseudorandom key of HKDF, ready for any number of expansions. */
struct hkdf_sha512 {
    struct hmac_sha512 keyed;
};

constexpr size_t hkdf_sha512_output_bytes_max = 255 * sha512_digest_bytes;

/* RFC 5869, 2.2. An empty salt is the same as 64 zero bytes. */
void hkdf_sha512_extract(struct hkdf_sha512 *hkdf, const void *salt, size_t salt_bytes,
    const void *material, size_t material_bytes);

/* RFC 5869, 2.3; output_bytes at most hkdf_sha512_output_bytes_max. */
void hkdf_sha512_expand(const struct hkdf_sha512 *hkdf, const void *info, size_t info_bytes,
    void *output, size_t output_bytes);

/* ---- AES-256: time depends on sizes alone -----------------------------------------------------
 */

constexpr size_t aes_block_bytes = 16;
constexpr size_t aes256_key_bytes = 32;

/* An expanded key, for both directions; secret. */
struct aes256 {
    uint64_t round_keys[15][8];
};

void aes256_init(struct aes256 *aes, const uint8_t key[static aes256_key_bytes]);

/* One block, in place. Eight cost as much as one where a mode allows it. */
void aes256_encrypt(const struct aes256 *aes, uint8_t block[static aes_block_bytes]);
void aes256_decrypt(const struct aes256 *aes, uint8_t block[static aes_block_bytes]);

constexpr size_t aes256_xts_key_bytes = 2 * aes256_key_bytes;

struct aes256_xts {
    struct aes256 data;
    struct aes256 tweak;
};

/* The key for data comes first, then the key for tweaks. */
void aes256_xts_init(struct aes256_xts *xts, const uint8_t key[static aes256_xts_key_bytes]);

/*
 * One data unit in place: at least 16 bytes, at most 2^24; the last part of a block is done with
 * ciphertext stealing. The tweak is the number of the unit, little-endian.
 */
void aes256_xts_encrypt(const struct aes256_xts *xts, const uint8_t tweak[static aes_block_bytes],
    uint8_t *bytes, size_t size_bytes);
void aes256_xts_decrypt(const struct aes256_xts *xts, const uint8_t tweak[static aes_block_bytes],
    uint8_t *bytes, size_t size_bytes);

/*
 * CBC with ciphertext stealing, variant CS3 (the last two blocks are always swapped), with a zero
 * initialisation vector, in place; at least 16 bytes. 16 bytes are one block of plain CBC.
 */
void aes256_cts_encrypt(const struct aes256 *aes, uint8_t *bytes, size_t size_bytes);
void aes256_cts_decrypt(const struct aes256 *aes, uint8_t *bytes, size_t size_bytes);

/* ---- SipHash-2-4: time depends on size_bytes alone --------------------------------------------
 */

constexpr size_t siphash_key_bytes = 16;

uint64_t siphash_2_4(
    const uint8_t key[static siphash_key_bytes], const void *bytes, size_t size_bytes);

/* ---- Ed25519 ----------------------------------------------------------------------------------
 */

/*
 * OK if `signature` is the key's over the message. UNTRUSTED otherwise. Strict: S must be below the
 * group order, the public key the canonical encoding of a point that is not of small order, and the
 * encoding of SB - kA equal to R byte by byte (so R is canonical too).
 */
enum status ed25519_verify(const uint8_t public_key[static ed25519_public_key_bytes],
    const uint8_t signature[static ed25519_signature_bytes], const void *message,
    size_t size_bytes);

/* The public key of a secret key. Constant time. */
void ed25519_derive_public_key(const uint8_t secret_key[static ed25519_secret_key_bytes],
    uint8_t public_key_out[static ed25519_public_key_bytes]);

/* The one signature of the message (RFC 8032 is deterministic). Constant time but for size_bytes.
 */
void ed25519_sign(const uint8_t secret_key[static ed25519_secret_key_bytes], const void *message,
    size_t size_bytes, uint8_t signature_out[static ed25519_signature_bytes]);
