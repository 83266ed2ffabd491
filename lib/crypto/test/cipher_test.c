/* SPDX-License-Identifier: ISC */
/*
 * Published vectors of AES-256 (FIPS 197 C.3, SP 800-38A F.2.5, NIST's XTSGenAES256), HMAC-SHA512
 * (RFC 4231), HKDF-SHA512 (the inputs of RFC 5869, A) and SipHash-2-4 (its reference), and what
 * vectors leave open: every length, and neighbours untouched.
 */
#include <lib/crypto/crypto.h>

#include <lib/testing/check.h>

#include "hex.h"
#include "xts_vectors.h"

static const char key_of_sp_800_38a[] =
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

static void aes_published_vector(void)
{
    uint8_t key[aes256_key_bytes];
    uint8_t block[aes_block_bytes];
    struct aes256 aes;
    (void)hex_decode("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key);
    (void)hex_decode("00112233445566778899aabbccddeeff", block);
    aes256_init(&aes, key);
    aes256_encrypt(&aes, block);
    CHECK(equals_hex(block, sizeof block, "8ea2b7ca516745bfeafc49904b496089"));
    aes256_decrypt(&aes, block);
    CHECK(equals_hex(block, sizeof block, "00112233445566778899aabbccddeeff"));
}

static void aes_xts_published_vectors(void)
{
    for (size_t index = 0; index < sizeof xts_vectors / sizeof xts_vectors[0]; index++) {
        const struct xts_vector *vector = &xts_vectors[index];
        uint8_t key[aes256_xts_key_bytes];
        uint8_t tweak[aes_block_bytes];
        uint8_t bytes[hex_bytes_max];
        struct aes256_xts xts;
        (void)hex_decode(vector->key, key);
        (void)hex_decode(vector->tweak, tweak);
        size_t size_bytes = hex_decode(vector->plain, bytes);
        aes256_xts_init(&xts, key);
        aes256_xts_encrypt(&xts, tweak, bytes, size_bytes);
        CHECK(equals_hex(bytes, size_bytes, vector->cipher));
        aes256_xts_decrypt(&xts, tweak, bytes, size_bytes);
        CHECK(equals_hex(bytes, size_bytes, vector->plain));
    }
}

/* F.2.5 has a vector that is not zero: the first block is given with it added. CS3 swaps the end.
 */
static void aes_cts_published_vector(void)
{
    static const char plain[] = "6bc0bce12a459991e134741a7f9e1925"
                                "ae2d8a571e03ac9c9eb76fac45af8e51"
                                "30c81c46a35ce411e5fbc1191a0a52ef"
                                "f69f2445df4f9b17ad2b417be66c3710";
    static const char cipher[] = "f58c4c04d6e5f1ba779eabfb5f7bfbd6"
                                 "9cfc4e967edb808d679f777bc6702c7d"
                                 "b2eb05e2c39be9fcda6c19078c6a9d1b"
                                 "39f23369a9d9bacfa530e26304231461";
    uint8_t key[aes256_key_bytes];
    uint8_t bytes[hex_bytes_max];
    struct aes256 aes;
    (void)hex_decode(key_of_sp_800_38a, key);
    aes256_init(&aes, key);
    size_t size_bytes = hex_decode(plain, bytes);
    aes256_cts_encrypt(&aes, bytes, size_bytes);
    CHECK(equals_hex(bytes, size_bytes, cipher));
    aes256_cts_decrypt(&aes, bytes, size_bytes);
    CHECK(equals_hex(bytes, size_bytes, plain));
    /* One block alone is not swapped with anything. */
    (void)hex_decode(plain, bytes);
    aes256_cts_encrypt(&aes, bytes, aes_block_bytes);
    CHECK(equals_hex(bytes, aes_block_bytes, "f58c4c04d6e5f1ba779eabfb5f7bfbd6"));
}

/* All lengths up to a few batches: back to the plaintext, and not a byte beyond is touched. */
static void every_length_comes_back(void)
{
    uint8_t key[aes256_xts_key_bytes];
    static const uint8_t tweak[aes_block_bytes] = {7};
    struct aes256_xts xts;
    for (size_t index = 0; index < sizeof key; index++) {
        key[index] = (uint8_t)(index * 37);
    }
    aes256_xts_init(&xts, key);
    for (size_t size_bytes = 16; size_bytes < 300; size_bytes++) {
        uint8_t bytes[320];
        memset(bytes, 0xa5, sizeof bytes);
        aes256_xts_encrypt(&xts, tweak, bytes, size_bytes);
        CHECK(bytes[size_bytes] == 0xa5 && bytes[0] != bytes[16]);
        aes256_xts_decrypt(&xts, tweak, bytes, size_bytes);
        aes256_cts_encrypt(&xts.data, bytes, size_bytes);
        CHECK(bytes[size_bytes] == 0xa5 && bytes[0] != bytes[16]);
        aes256_cts_decrypt(&xts.data, bytes, size_bytes);
        for (size_t index = 0; index < sizeof bytes; index++) {
            CHECK(bytes[index] == 0xa5);
        }
    }
}

static const struct {
    const char *key;
    const char *message;
    const char *code;
} codes[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
        "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
    {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "dddddddddddddddddddddddddddddddddddddddddddddddddd"
        "dddddddddddddddddddddddddddddddddddddddddddddddddd",
        "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
        "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"},
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
        "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
        "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
        "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
        "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"},
};

/* RFC 4231, 4.7: the key is longer than a block of SHA-512. */
static const char long_key_message[] = "Test Using Larger Than Block-Size Key - Hash Key First";
static const char long_key_code[] =
    "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
    "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598";

static void hmac(const void *key, size_t key_bytes, const void *message, size_t message_bytes,
    uint8_t code_out[static sha512_digest_bytes])
{
    struct hmac_sha512 state;
    hmac_sha512_init(&state, key, key_bytes);
    hmac_sha512_update(&state, message, message_bytes / 2);
    hmac_sha512_update(
        &state, (const uint8_t *)message + message_bytes / 2, message_bytes - message_bytes / 2);
    hmac_sha512_final(&state, code_out);
}

static void hmac_published_vectors(void)
{
    uint8_t key[hex_bytes_max];
    uint8_t message[hex_bytes_max];
    uint8_t code[sha512_digest_bytes];
    for (size_t index = 0; index < sizeof codes / sizeof codes[0]; index++) {
        size_t key_bytes = hex_decode(codes[index].key, key);
        size_t message_bytes = hex_decode(codes[index].message, message);
        hmac(key, key_bytes, message, message_bytes, code);
        CHECK(equals_hex(code, sizeof code, codes[index].code));
    }
    memset(key, 0xaa, 131);
    hmac(key, 131, long_key_message, strlen(long_key_message), code);
    CHECK(equals_hex(code, sizeof code, long_key_code));
}

static const struct {
    const char *material;
    const char *salt;
    const char *info;
    const char *output;
} derivations[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
        "f0f1f2f3f4f5f6f7f8f9",
        "832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
     "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
        "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
        "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
        "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
        "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
        "ce6c97192805b346e6161e821ed165673b84f400a2b514b2fe23d84cd189ddf1b695b48cbd1c8388"
        "441137b3ce28f16aa64ba33ba466b24df6cfcb021ecff235f6a2056ce3af1de44d572097a8505d9e"
        "7a93"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
        "f5fa02b18298a72a8c23898a8703472c6eb179dc204c03425c970e3b164bf90fff22d04836d0e2343bac"},
};

static void hkdf_published_vectors(void)
{
    for (size_t index = 0; index < sizeof derivations / sizeof derivations[0]; index++) {
        uint8_t material[hex_bytes_max];
        uint8_t salt[hex_bytes_max];
        uint8_t info[hex_bytes_max];
        uint8_t output[hex_bytes_max];
        struct hkdf_sha512 hkdf;
        size_t material_bytes = hex_decode(derivations[index].material, material);
        size_t salt_bytes = hex_decode(derivations[index].salt, salt);
        size_t info_bytes = hex_decode(derivations[index].info, info);
        size_t output_bytes = strlen(derivations[index].output) / 2;
        hkdf_sha512_extract(&hkdf, salt, salt_bytes, material, material_bytes);
        hkdf_sha512_expand(&hkdf, info, info_bytes, output, output_bytes);
        CHECK(equals_hex(output, output_bytes, derivations[index].output));
    }
}

/* Key 00..0f, messages 00, 00 01, ...: the reference's first nine, and the paper's of 15 bytes. */
static void siphash_published_vectors(void)
{
    static const uint64_t wanted[] = {0x726f'db47'dd0e'0e31, 0x74f8'39c5'93dc'67fd,
        0x0d6c'8009'd9a9'4f5a, 0x8567'6696'd7fb'7e2d, 0xcf27'94e0'2771'87b7, 0x1876'5564'cd99'a68d,
        0xcbc9'466e'58fe'e3ce, 0xab02'00f5'8b01'd137, 0x93f5'f579'9a93'2462};
    uint8_t key[siphash_key_bytes];
    uint8_t message[16];
    for (uint8_t index = 0; index < sizeof key; index++) {
        key[index] = index;
        message[index] = index;
    }
    for (size_t size_bytes = 0; size_bytes < sizeof wanted / sizeof wanted[0]; size_bytes++) {
        CHECK(siphash_2_4(key, message, size_bytes) == wanted[size_bytes]);
    }
    CHECK(siphash_2_4(key, message, 15) == 0xa129'ca61'49be'45e5);
}

static void wipes(void)
{
    uint8_t secret[3] = {1, 2, 3};
    crypto_wipe(secret, 2);
    CHECK(secret[0] == 0 && secret[1] == 0 && secret[2] == 3);
}

int main(void)
{
    TEST(aes_published_vector);
    TEST(aes_xts_published_vectors);
    TEST(aes_cts_published_vector);
    TEST(every_length_comes_back);
    TEST(hmac_published_vectors);
    TEST(hkdf_published_vectors);
    TEST(siphash_published_vectors);
    TEST(wipes);
    return check_report();
}
