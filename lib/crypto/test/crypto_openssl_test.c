/* SPDX-License-Identifier: ISC */
/*
 * Against OpenSSL, an independent implementation, on seeded random input: digests in random pieces,
 * keys, signatures, and signatures damaged in a random bit.
 */
#include <lib/crypto/crypto.h>

#include <lib/testing/check.h>
#include <lib/testing/random.h>

#include <openssl/evp.h>
#include <stdlib.h>

constexpr size_t digest_cases = 4000;
constexpr size_t signature_cases = 1000;
constexpr size_t message_bytes_max = 1024;

static struct random numbers = {.state = 0x9e3779b97f4a7c15};

static void digests_agree(void)
{
    uint8_t message[message_bytes_max];
    for (size_t round = 0; round < digest_cases; round++) {
        size_t size_bytes = random_next(&numbers) % (message_bytes_max + 1);
        random_fill(&numbers, message, size_bytes);
        struct sha256 hash_256;
        struct sha512 hash_512;
        sha256_init(&hash_256);
        sha512_init(&hash_512);
        for (size_t done = 0, piece = 0; done < size_bytes; done += piece) {
            piece = 1 + random_next(&numbers) % (size_bytes - done);
            sha256_update(&hash_256, message + done, piece);
            sha512_update(&hash_512, message + done, piece);
        }
        uint8_t ours[sha512_digest_bytes];
        uint8_t theirs[sha512_digest_bytes];
        sha256_final(&hash_256, ours);
        CHECK(EVP_Digest(message, size_bytes, theirs, nullptr, EVP_sha256(), nullptr) == 1);
        CHECK(memcmp(ours, theirs, sha256_digest_bytes) == 0);
        sha512_final(&hash_512, ours);
        CHECK(EVP_Digest(message, size_bytes, theirs, nullptr, EVP_sha512(), nullptr) == 1);
        CHECK(memcmp(ours, theirs, sha512_digest_bytes) == 0);
    }
}

static void openssl_sign(EVP_PKEY *key, const uint8_t *message, size_t size_bytes,
    uint8_t signature_out[static ed25519_signature_bytes])
{
    size_t signature_bytes = ed25519_signature_bytes;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key) == 1);
    CHECK(EVP_DigestSign(context, signature_out, &signature_bytes, message, size_bytes) == 1);
    EVP_MD_CTX_free(context);
}

static bool openssl_accepts(const uint8_t public_key[static ed25519_public_key_bytes],
    const uint8_t signature[static ed25519_signature_bytes], const uint8_t *message,
    size_t size_bytes)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, public_key, ed25519_public_key_bytes);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool accepted =
        EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key) == 1 &&
        EVP_DigestVerify(context, signature, ed25519_signature_bytes, message, size_bytes) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return accepted;
}

static void keys_and_signatures_agree(void)
{
    uint8_t message[message_bytes_max];
    for (size_t round = 0; round < signature_cases; round++) {
        uint8_t secret_key[ed25519_secret_key_bytes];
        uint8_t public_key[2][ed25519_public_key_bytes];
        uint8_t signature[2][ed25519_signature_bytes];
        size_t size_bytes = random_next(&numbers) % message_bytes_max;
        size_t public_key_bytes = ed25519_public_key_bytes;
        random_fill(&numbers, message, size_bytes);
        random_fill(&numbers, secret_key, sizeof(secret_key));
        EVP_PKEY *key =
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret_key, sizeof(secret_key));
        CHECK(EVP_PKEY_get_raw_public_key(key, public_key[0], &public_key_bytes) == 1);
        ed25519_derive_public_key(secret_key, public_key[1]);
        CHECK(memcmp(public_key[0], public_key[1], sizeof(public_key[0])) == 0);
        openssl_sign(key, message, size_bytes, signature[0]);
        ed25519_sign(secret_key, message, size_bytes, signature[1]);
        CHECK(memcmp(signature[0], signature[1], sizeof(signature[0])) == 0);
        CHECK_EQUAL(ed25519_verify(public_key[0], signature[0], message, size_bytes), STATUS_OK);
        EVP_PKEY_free(key);
    }
}

/* One random bit of key, signature or message is wrong: both refuse. */
static void damaged_signatures_agree(void)
{
    struct {
        uint8_t public_key[ed25519_public_key_bytes];
        uint8_t signature[ed25519_signature_bytes];
        uint8_t message[32];
    } parts;
    uint8_t secret_key[ed25519_secret_key_bytes];
    random_fill(&numbers, secret_key, sizeof(secret_key));
    random_fill(&numbers, parts.message, sizeof(parts.message));
    ed25519_derive_public_key(secret_key, parts.public_key);
    ed25519_sign(secret_key, parts.message, sizeof(parts.message), parts.signature);
    CHECK(openssl_accepts(parts.public_key, parts.signature, parts.message, sizeof(parts.message)));
    uint8_t *bytes = (uint8_t *)&parts;
    for (size_t round = 0; round < signature_cases; round++) {
        size_t bit = random_next(&numbers) % (sizeof(parts) * 8);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        bool theirs = openssl_accepts(
            parts.public_key, parts.signature, parts.message, sizeof(parts.message));
        enum status ours =
            ed25519_verify(parts.public_key, parts.signature, parts.message, sizeof(parts.message));
        CHECK(!theirs);
        CHECK_EQUAL(ours, STATUS_UNTRUSTED);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* OpenSSL takes the identity as a key, and so a signature that fits every message; we do not. */
static void stricter_on_keys_of_small_order(void)
{
    uint8_t identity[ed25519_public_key_bytes] = {1};
    uint8_t signature[ed25519_signature_bytes];
    memset(signature, 0, sizeof(signature));
    memset(signature, 0x66, 32);
    signature[0] = 0x58;
    signature[32] = 1;
    CHECK(openssl_accepts(identity, signature, (const uint8_t *)"any", 3));
    CHECK_EQUAL(ed25519_verify(identity, signature, "any", 3), STATUS_UNTRUSTED);
}

int main(void)
{
    TEST(digests_agree);
    TEST(keys_and_signatures_agree);
    TEST(damaged_signatures_agree);
    TEST(stricter_on_keys_of_small_order);
    return check_report();
}
