/* SPDX-License-Identifier: ISC */
/*
 * SHA-256 and SHA-512 (FIPS 180-4), Ed25519 (RFC 8032), comparison in constant time.
 *
 * State is the caller's; nothing is allocated and nothing is global. Code that handles secrets
 * (signing) lives in a file of its own, takes no branch and no memory address from them, and is not
 * linked into what only verifies.
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
