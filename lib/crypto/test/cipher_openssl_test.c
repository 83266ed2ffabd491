/* SPDX-License-Identifier: ISC */
/* Ciphers, codes and derivations against OpenSSL on seeded random input of every size. */
#include <lib/crypto/crypto.h>

#include <lib/testing/check.h>
#include <lib/testing/random.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

constexpr size_t rounds = 2000;
constexpr size_t bytes_max = 1100;

static struct random numbers = {.state = 0x9e3779b97f4a7c15};

static int to_int(size_t count)
{
    return (int)count;
}

/* One call of OpenSSL's cipher; `mode` is the stealing variant or nullptr. */
static void openssl_crypt(const char *name, const char *mode, const uint8_t *key,
    const uint8_t *vector, uint8_t *bytes, size_t size_bytes)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0;
    OSSL_PARAM parameters[2] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    if (mode != nullptr) {
        parameters[0] =
            OSSL_PARAM_construct_utf8_string(OSSL_CIPHER_PARAM_CTS_MODE, (char *)(size_t)mode, 0);
    }
    CHECK(cipher != nullptr && EVP_EncryptInit_ex2(context, cipher, key, vector, parameters) == 1);
    (void)EVP_CIPHER_CTX_set_padding(context, 0);
    CHECK(EVP_EncryptUpdate(context, bytes, &done, bytes, to_int(size_bytes)) == 1);
    CHECK_EQUAL(done, size_bytes);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
}

struct cipher_case {
    uint8_t key[aes256_xts_key_bytes];
    uint8_t vector[aes_block_bytes];
    uint8_t plain[bytes_max];
    uint8_t ours[bytes_max];
    uint8_t theirs[bytes_max];
    size_t size_bytes;
};

static struct cipher_case case_next(void)
{
    struct cipher_case next = {};
    next.size_bytes = aes_block_bytes + random_next(&numbers) % (bytes_max - aes_block_bytes);
    random_fill(&numbers, next.key, sizeof next.key);
    random_fill(&numbers, next.plain, next.size_bytes);
    memcpy(next.ours, next.plain, next.size_bytes);
    memcpy(next.theirs, next.plain, next.size_bytes);
    return next;
}

static void xts_agrees(void)
{
    for (size_t round = 0; round < rounds; round++) {
        struct cipher_case next = case_next();
        struct aes256_xts xts;
        random_fill(&numbers, next.vector, sizeof next.vector);
        aes256_xts_init(&xts, next.key);
        aes256_xts_encrypt(&xts, next.vector, next.ours, next.size_bytes);
        openssl_crypt("AES-256-XTS", nullptr, next.key, next.vector, next.theirs, next.size_bytes);
        CHECK(memcmp(next.ours, next.theirs, next.size_bytes) == 0);
        aes256_xts_decrypt(&xts, next.vector, next.ours, next.size_bytes);
        CHECK(memcmp(next.ours, next.plain, next.size_bytes) == 0);
    }
}

static void cts_agrees(void)
{
    for (size_t round = 0; round < rounds; round++) {
        struct cipher_case next = case_next();
        struct aes256 aes;
        aes256_init(&aes, next.key);
        aes256_cts_encrypt(&aes, next.ours, next.size_bytes);
        openssl_crypt(
            "AES-256-CBC-CTS", "CS3", next.key, next.vector, next.theirs, next.size_bytes);
        CHECK(memcmp(next.ours, next.theirs, next.size_bytes) == 0);
        aes256_cts_decrypt(&aes, next.ours, next.size_bytes);
        CHECK(memcmp(next.ours, next.plain, next.size_bytes) == 0);
    }
}

static void hmac_agrees(void)
{
    for (size_t round = 0; round < rounds; round++) {
        struct cipher_case next = case_next();
        struct hmac_sha512 state;
        size_t key_bytes = random_next(&numbers) % 300;
        uint8_t key[300];
        random_fill(&numbers, key, sizeof key);
        hmac_sha512_init(&state, key, key_bytes);
        hmac_sha512_update(&state, next.plain, next.size_bytes);
        hmac_sha512_final(&state, next.ours);
        CHECK(HMAC(EVP_sha512(), key, to_int(key_bytes), next.plain, next.size_bytes, next.theirs,
                  nullptr) != nullptr);
        CHECK(memcmp(next.ours, next.theirs, sha512_digest_bytes) == 0);
    }
}

static void openssl_hkdf(
    struct cipher_case *next, size_t salt_bytes, size_t info_bytes, size_t output_bytes)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr);
    CHECK(EVP_PKEY_derive_init(context) == 1);
    CHECK(EVP_PKEY_CTX_set_hkdf_md(context, EVP_sha512()) == 1);
    CHECK(EVP_PKEY_CTX_set1_hkdf_salt(context, next->plain, to_int(salt_bytes)) == 1);
    CHECK(EVP_PKEY_CTX_set1_hkdf_key(context, next->key, sizeof next->key) == 1);
    CHECK(EVP_PKEY_CTX_add1_hkdf_info(context, next->plain, to_int(info_bytes)) == 1);
    CHECK(EVP_PKEY_derive(context, next->theirs, &output_bytes) == 1);
    EVP_PKEY_CTX_free(context);
}

static void hkdf_agrees(void)
{
    for (size_t round = 0; round < rounds; round++) {
        struct cipher_case next = case_next();
        struct hkdf_sha512 hkdf;
        size_t salt_bytes = 1 + random_next(&numbers) % next.size_bytes;
        size_t info_bytes = 1 + random_next(&numbers) % next.size_bytes;
        size_t output_bytes = 1 + random_next(&numbers) % bytes_max;
        hkdf_sha512_extract(&hkdf, next.plain, salt_bytes, next.key, sizeof next.key);
        hkdf_sha512_expand(&hkdf, next.plain, info_bytes, next.ours, output_bytes);
        openssl_hkdf(&next, salt_bytes, info_bytes, output_bytes);
        CHECK(memcmp(next.ours, next.theirs, output_bytes) == 0);
    }
}

static void siphash_agrees(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
    size_t wanted_bytes = sizeof(uint64_t);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &wanted_bytes),
        OSSL_PARAM_construct_end(),
    };
    for (size_t round = 0; round < rounds; round++) {
        struct cipher_case next = case_next();
        uint64_t theirs = 0;
        size_t size_bytes = round < 64 ? round : next.size_bytes;
        EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
        CHECK(EVP_MAC_init(context, next.key, siphash_key_bytes, parameters) == 1);
        CHECK(EVP_MAC_update(context, next.plain, size_bytes) == 1);
        CHECK(EVP_MAC_final(context, (uint8_t *)&theirs, &wanted_bytes, sizeof theirs) == 1);
        CHECK(siphash_2_4(next.key, next.plain, size_bytes) == theirs);
        EVP_MAC_CTX_free(context);
    }
    EVP_MAC_free(mac);
}

int main(void)
{
    TEST(xts_agrees);
    TEST(cts_agrees);
    TEST(hmac_agrees);
    TEST(hkdf_agrees);
    TEST(siphash_agrees);
    return check_report();
}
