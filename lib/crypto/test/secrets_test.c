/* SPDX-License-Identifier: ISC */
/*
 * No branch and no address depends on a secret. Secrets are marked as undefined memory, and this
 * program runs under valgrind's memcheck, which reports every decision that is made on undefined
 * bits. Built without sanitizers at several levels of optimization.
 *
 * The last tests are canaries: code that does leak must be reported, so without valgrind, or with
 * one that sees nothing, they fail.
 */
#include <lib/crypto/crypto.h>

#include <lib/testing/check.h>

#include <valgrind/memcheck.h>

constexpr size_t data_bytes = 300;

/* Secret bytes for a test, alike in each run. */
static void make_secret(uint8_t *bytes, size_t size_bytes)
{
    for (size_t index = 0; index < size_bytes; index++) {
        bytes[index] = (uint8_t)(index * 151 + 7);
    }
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, size_bytes);
}

static unsigned reports_before;

static void watch(void)
{
    reports_before = VALGRIND_COUNT_ERRORS;
}

static unsigned reports(void)
{
    return VALGRIND_COUNT_ERRORS - reports_before;
}

static void aes_xts(void)
{
    static const uint8_t tweak[aes_block_bytes] = {3};
    uint8_t key[aes256_xts_key_bytes];
    uint8_t data[data_bytes];
    struct aes256_xts xts;
    make_secret(key, sizeof key);
    make_secret(data, sizeof data);
    watch();
    aes256_xts_init(&xts, key);
    aes256_xts_encrypt(&xts, tweak, data, sizeof data);
    aes256_xts_decrypt(&xts, tweak, data, sizeof data);
    CHECK_EQUAL(reports(), 0);
}

static void aes_cts(void)
{
    uint8_t key[aes256_key_bytes];
    uint8_t data[data_bytes];
    struct aes256 aes;
    make_secret(key, sizeof key);
    make_secret(data, sizeof data);
    watch();
    aes256_init(&aes, key);
    for (size_t size_bytes = 16; size_bytes <= sizeof data; size_bytes += 71) {
        aes256_cts_encrypt(&aes, data, size_bytes);
        aes256_cts_decrypt(&aes, data, size_bytes);
    }
    CHECK_EQUAL(reports(), 0);
}

static void hkdf_and_hmac(void)
{
    uint8_t material[data_bytes];
    uint8_t output[data_bytes];
    struct hkdf_sha512 hkdf;
    make_secret(material, sizeof material);
    watch();
    hkdf_sha512_extract(&hkdf, material, 32, material, sizeof material);
    hkdf_sha512_expand(&hkdf, material, 17, output, sizeof output);
    CHECK_EQUAL(reports(), 0);
}

static void siphash(void)
{
    uint8_t key[siphash_key_bytes];
    uint8_t data[data_bytes];
    make_secret(key, sizeof key);
    make_secret(data, sizeof data);
    watch();
    uint64_t hash = siphash_2_4(key, data, sizeof data);
    VALGRIND_MAKE_MEM_DEFINED(&hash, sizeof hash);
    CHECK_EQUAL(reports(), 0);
}

static void equality(void)
{
    uint8_t left[32];
    uint8_t right[32];
    make_secret(left, sizeof left);
    make_secret(right, sizeof right);
    watch();
    bool equal = crypto_equal(left, right, sizeof left);
    VALGRIND_MAKE_MEM_DEFINED(&equal, sizeof equal);
    CHECK_EQUAL(reports(), 0);
    CHECK(equal);
}

static void ed25519_signing(void)
{
    uint8_t secret_key[ed25519_secret_key_bytes];
    uint8_t public_key[ed25519_public_key_bytes];
    uint8_t signature[ed25519_signature_bytes];
    make_secret(secret_key, sizeof secret_key);
    watch();
    ed25519_derive_public_key(secret_key, public_key);
    ed25519_sign(secret_key, "message", 7, signature);
    CHECK_EQUAL(reports(), 0);
}

/* ---- Canaries -------------------------------------------------------------------------------- */

/* Stops at the first difference. */
[[gnu::noinline]] static bool leaky_equal(
    const volatile uint8_t *left, const volatile uint8_t *right, size_t size_bytes)
{
    for (size_t index = 0; index < size_bytes; index++) {
        if (left[index] != right[index]) {
            return false;
        }
    }
    return true;
}

static void canary_early_exit_is_reported(void)
{
    uint8_t left[16];
    uint8_t right[16];
    make_secret(left, sizeof left);
    make_secret(right, sizeof right);
    watch();
    volatile bool equal = leaky_equal(left, right, sizeof left);
    (void)equal;
    CHECK(reports() > 0);
}

/* A round of AES as books show it: the substitution box is a table. */
static void canary_table_is_reported(void)
{
    static volatile uint8_t box[256];
    uint8_t block[aes_block_bytes];
    for (uint32_t index = 0; index < sizeof box; index++) {
        box[index] = (uint8_t)(index * 7 + 99);
    }
    make_secret(block, sizeof block);
    watch();
    for (size_t index = 0; index < sizeof block; index++) {
        block[index] = box[block[index]];
    }
    CHECK(reports() > 0);
}

/* What was marked is still marked after the cipher, or a report could never come. */
static void canary_marks_reach_the_ciphertext(void)
{
    static const uint8_t tweak[aes_block_bytes] = {3};
    uint8_t key[aes256_xts_key_bytes];
    uint8_t data[aes_block_bytes] = {};
    struct aes256_xts xts;
    make_secret(key, sizeof key);
    aes256_xts_init(&xts, key);
    aes256_xts_encrypt(&xts, tweak, data, sizeof data);
    CHECK(VALGRIND_CHECK_MEM_IS_DEFINED(data, sizeof data) != 0);
}

int main(void)
{
    TEST(aes_xts);
    TEST(aes_cts);
    TEST(hkdf_and_hmac);
    TEST(siphash);
    TEST(equality);
    TEST(ed25519_signing);
    TEST(canary_early_exit_is_reported);
    TEST(canary_table_is_reported);
    TEST(canary_marks_reach_the_ciphertext);
    return check_report();
}
