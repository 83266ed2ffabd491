/* SPDX-License-Identifier: ISC */
/* Published vectors of SHA-2 (FIPS 180-4 examples) and Ed25519 (RFC 8032, 7.1), and strictness. */
#include <lib/crypto/crypto.h>

#include <lib/crypto/curve.h>
#include <lib/testing/check.h>

#include "hex.h"

constexpr size_t message_bytes_max = 128;

static const struct {
    const char *message;
    const char *sha256;
    const char *sha512;
} digests[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c335"
        "96fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
        "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
        "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"},
};

static void sha2_published_vectors(void)
{
    for (size_t index = 0; index < sizeof(digests) / sizeof(digests[0]); index++) {
        uint8_t digest[sha512_digest_bytes];
        const char *message = digests[index].message;
        sha256_hash(message, strlen(message), digest);
        CHECK(equals_hex(digest, sha256_digest_bytes, digests[index].sha256));
        sha512_hash(message, strlen(message), digest);
        CHECK(equals_hex(digest, sha512_digest_bytes, digests[index].sha512));
    }
}

/* A million times "a", in pieces that do not divide the block size. */
static void sha2_long_vector(void)
{
    struct sha256 hash_256;
    struct sha512 hash_512;
    uint8_t piece[1000];
    uint8_t digest[sha512_digest_bytes];
    memset(piece, 'a', sizeof(piece));
    sha256_init(&hash_256);
    sha512_init(&hash_512);
    for (size_t round = 0; round < 1000; round++) {
        sha256_update(&hash_256, piece, sizeof(piece));
        sha512_update(&hash_512, piece, sizeof(piece));
    }
    sha256_final(&hash_256, digest);
    CHECK(equals_hex(digest, sha256_digest_bytes,
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"));
    sha512_final(&hash_512, digest);
    CHECK(equals_hex(digest, sha512_digest_bytes,
        "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
        "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"));
}

constexpr size_t batch_bytes_max = 700;

struct batch_check {
    const uint8_t *bytes;
    const size_t *sizes;
    uint8_t digests[sha256_messages_max][sha256_digest_bytes];
    uint32_t taken[sha256_messages_max];
};

static struct sha256_message batch_message_at(void *context, uint32_t number)
{
    const struct batch_check *check = context;
    return (struct sha256_message){
        .bytes = check->bytes + number, .size_bytes = check->sizes[number]};
}

static void batch_digest_take(
    void *context, uint32_t number, const uint8_t digest[static sha256_digest_bytes])
{
    struct batch_check *check = context;
    check->taken[number]++;
    memcpy(check->digests[number], digest, sha256_digest_bytes);
}

/* Every count of messages with sizes all around the block's, equal, rising, falling and mixed. */
static void sha256_of_many_is_that_of_each(void)
{
    uint8_t bytes[batch_bytes_max + sha256_messages_max];
    for (size_t index = 0; index < sizeof(bytes); index++) {
        bytes[index] = (uint8_t)(index * 167 + index / 256);
    }
    for (uint32_t pattern = 0; pattern < 8; pattern++) {
        for (uint32_t count = 0; count <= sha256_messages_max; count++) {
            size_t sizes[sha256_messages_max];
            for (uint32_t number = 0; number < sha256_messages_max; number++) {
                const size_t choices[] = {number, 63 - number, 55 + number % 3, number * 11,
                    (number * 2654435761U >> 8) % batch_bytes_max, number == 3 ? 700 : number % 2,
                    128, number % 4 == 0 ? 640 : 64};
                sizes[number] = choices[pattern];
            }
            struct batch_check check = {.bytes = bytes, .sizes = sizes};
            sha256_hash_many(&(struct sha256_batch){.count = count,
                .context = &check,
                .message_at = batch_message_at,
                .digest_take = batch_digest_take});
            for (uint32_t number = 0; number < sha256_messages_max; number++) {
                uint8_t digest[sha256_digest_bytes];
                sha256_hash(bytes + number, sizes[number], digest);
                CHECK_EQUAL(check.taken[number], number < count ? 1 : 0);
                CHECK(
                    number >= count || memcmp(digest, check.digests[number], sizeof(digest)) == 0);
            }
        }
    }
}

static void compares(void)
{
    CHECK(crypto_equal("same", "same", 4));
    CHECK(crypto_equal("same", "sane", 2));
    CHECK(!crypto_equal("same", "sane", 4));
    CHECK(!crypto_equal("Same", "same", 4));
    CHECK(!crypto_equal("samE", "same", 4));
    CHECK(crypto_equal(nullptr, nullptr, 0));
}

static const struct {
    const char *secret_key;
    const char *public_key;
    const char *message;
    const char *signature;
} signatures[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

static void ed25519_published_vectors(void)
{
    for (size_t index = 0; index < sizeof(signatures) / sizeof(signatures[0]); index++) {
        uint8_t secret_key[ed25519_secret_key_bytes];
        uint8_t public_key[ed25519_public_key_bytes];
        uint8_t signature[ed25519_signature_bytes];
        uint8_t message[message_bytes_max];
        size_t size_bytes = hex_decode(signatures[index].message, message);
        (void)hex_decode(signatures[index].secret_key, secret_key);
        ed25519_derive_public_key(secret_key, public_key);
        CHECK(equals_hex(public_key, sizeof(public_key), signatures[index].public_key));
        ed25519_sign(secret_key, message, size_bytes, signature);
        CHECK(equals_hex(signature, sizeof(signature), signatures[index].signature));
        CHECK_EQUAL(ed25519_verify(public_key, signature, message, size_bytes), STATUS_OK);
        message[size_bytes] = 0;
        CHECK_EQUAL(
            ed25519_verify(public_key, signature, message, size_bytes + 1), STATUS_UNTRUSTED);
    }
}

/* Each single bit of signature and key, and each of the message. */
static void ed25519_refuses_every_flipped_bit(void)
{
    uint8_t parts[ed25519_signature_bytes + ed25519_public_key_bytes + 2];
    uint8_t *public_key = parts + ed25519_signature_bytes;
    uint8_t *message = public_key + ed25519_public_key_bytes;
    (void)hex_decode(signatures[2].signature, parts);
    (void)hex_decode(signatures[2].public_key, public_key);
    (void)hex_decode(signatures[2].message, message);
    CHECK_EQUAL(ed25519_verify(public_key, parts, message, 2), STATUS_OK);
    for (size_t bit = 0; bit < sizeof(parts) * 8; bit++) {
        parts[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQUAL(ed25519_verify(public_key, parts, message, 2), STATUS_UNTRUSTED);
        parts[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_EQUAL(ed25519_verify(public_key, parts, message, 2), STATUS_OK);
}

/* The number by which a secret key multiplies the base point. */
static struct scalar multiplier_of(const uint8_t secret_key[static ed25519_secret_key_bytes])
{
    uint8_t digest[sha512_digest_bytes];
    sha512_hash(secret_key, ed25519_secret_key_bytes, digest);
    digest[0] &= 0xf8;
    digest[31] &= 0x7f;
    digest[31] |= 0x40;
    return scalar_reduce(digest, scalar_bytes);
}

/*
 * A signature whose stated commitment differs from the true one in the bit given, and from which
 * all else follows: so of the comparison of commitments every byte counts. Any other flipped bit
 * changes the challenge, and with it all bytes at once. bit_count: no bit is flipped.
 */
static void ed25519_compares_every_byte_of_the_commitment(void)
{
    constexpr size_t bit_count = scalar_bytes * 8;
    static const uint8_t key[ed25519_secret_key_bytes] = {1};
    static const uint8_t secret_of_commitment[ed25519_secret_key_bytes] = {2};
    const struct scalar key_multiplier = multiplier_of(key);
    const struct scalar multiplier = multiplier_of(secret_of_commitment);
    uint8_t public_key[ed25519_public_key_bytes];
    uint8_t signature[ed25519_signature_bytes];
    uint8_t digest[sha512_digest_bytes];
    ed25519_derive_public_key(key, public_key);
    for (size_t bit = 0; bit <= bit_count; bit++) {
        struct sha512 hash;
        ed25519_derive_public_key(secret_of_commitment, signature);
        if (bit < bit_count) {
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        sha512_init(&hash);
        sha512_update(&hash, signature, scalar_bytes);
        sha512_update(&hash, public_key, sizeof public_key);
        sha512_final(&hash, digest);
        const struct scalar challenge = scalar_reduce(digest, sizeof digest);
        const struct scalar s = scalar_multiply_add(&challenge, &key_multiplier, &multiplier);
        scalar_encode(&s, signature + scalar_bytes);
        CHECK_EQUAL(ed25519_verify(public_key, signature, "", 0),
            bit == bit_count ? STATUS_OK : STATUS_UNTRUSTED);
    }
}

/* S + L solves the same equation: it would be a second signature of the same message. */
static void ed25519_refuses_s_not_below_the_order(void)
{
    static const char *const order =
        "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    uint8_t public_key[ed25519_public_key_bytes];
    uint8_t signature[ed25519_signature_bytes];
    uint8_t addend[32];
    (void)hex_decode(signatures[0].public_key, public_key);
    (void)hex_decode(signatures[0].signature, signature);
    (void)hex_decode(order, addend);
    CHECK_EQUAL(ed25519_verify(public_key, signature, "", 0), STATUS_OK);
    unsigned carry = 0;
    for (size_t index = 0; index < 32; index++) {
        carry += (unsigned)signature[32 + index] + addend[index];
        signature[32 + index] = (uint8_t)carry;
        carry >>= 8;
    }
    CHECK_EQUAL(ed25519_verify(public_key, signature, "", 0), STATUS_UNTRUSTED);
}

/*
 * With a key of small order anybody can sign: for the identity as key, S = 1 and R = B hold for
 * every message. The other keys are refused as points of order 2, 4 and 8, or as no canonical
 * points.
 */
static void ed25519_refuses_weak_and_malformed_keys(void)
{
    static const char *const keys[] = {
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0200000000000000000000000000000000000000000000000000000000000000",
    };
    uint8_t signature[ed25519_signature_bytes] = {};
    memset(signature, 0x66, 32);
    signature[0] = 0x58;
    signature[32] = 1;
    for (size_t index = 0; index < sizeof(keys) / sizeof(keys[0]); index++) {
        uint8_t public_key[ed25519_public_key_bytes];
        (void)hex_decode(keys[index], public_key);
        CHECK_EQUAL(ed25519_verify(public_key, signature, "any", 3), STATUS_UNTRUSTED);
    }
}

int main(void)
{
    TEST(sha2_published_vectors);
    TEST(sha2_long_vector);
    TEST(sha256_of_many_is_that_of_each);
    TEST(compares);
    TEST(ed25519_published_vectors);
    TEST(ed25519_refuses_every_flipped_bit);
    TEST(ed25519_compares_every_byte_of_the_commitment);
    TEST(ed25519_refuses_s_not_below_the_order);
    TEST(ed25519_refuses_weak_and_malformed_keys);
    return check_report();
}
