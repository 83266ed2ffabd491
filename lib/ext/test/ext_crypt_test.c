/* SPDX-License-Identifier: ISC */
/*
 * Identifiers, names, contents and hash keys against OpenSSL, which follows the description of
 * fscrypt step by step: random master keys, nonces, names of all lengths, paddings and block sizes.
 */
#include "openssl.h"

#include <lib/testing/random.h>

#include "../crypt.h"

constexpr uint32_t round_count = 1020;
constexpr uint32_t contents_bytes_max = 4 * ext_block_bytes_max;

static struct random numbers = {.state = 0x9e3779b97f4a7c15};
static struct ext_mount mount;
static uint8_t material[ext_key_material_bytes];
static struct ext_policy policy;

/* A mount with a new key, a policy with a new nonce. */
static void begin_round(uint32_t round)
{
    uint32_t shift = 10 + round % 3;
    uint8_t wanted[ext_key_identifier_bytes];
    mount = (struct ext_mount){.geometry = {.block_bytes = 1U << shift, .block_shift = shift}};
    random_fill(&numbers, material, sizeof material);
    random_fill(&numbers, policy.nonce, sizeof policy.nonce);
    policy.padding_bytes = 4U << round % 4;
    CHECK_EQUAL(ext_key_add(&mount, material, sizeof material, policy.key_identifier), STATUS_OK);
    openssl_derive(material, nullptr, 1, wanted, sizeof wanted);
    CHECK(memcmp(policy.key_identifier, wanted, sizeof wanted) == 0);
}

static void names_agree(void)
{
    static const uint8_t zeros[aes_block_bytes] = {};
    for (uint32_t round = 0; round < round_count; round++) {
        uint32_t name_bytes = 1 + round % ext_name_bytes_max;
        uint8_t name[ext_name_bytes_max + 32] = {};
        uint8_t key[aes256_key_bytes];
        struct ext_stored_name stored;
        begin_round(round);
        for (uint32_t index = 0; index < name_bytes; index++) {
            name[index] = (uint8_t)(0x30 + random_next(&numbers) % 0xd0); /* neither NUL nor '/' */
        }
        CHECK_EQUAL(
            ext_name_encrypt(&mount, &policy, (char *)name, name_bytes, &stored), STATUS_OK);
        uint32_t wanted_bytes = name_bytes < 16 ? 16 : name_bytes;
        wanted_bytes =
            (wanted_bytes + policy.padding_bytes - 1) / policy.padding_bytes * policy.padding_bytes;
        wanted_bytes = wanted_bytes > ext_name_bytes_max ? ext_name_bytes_max : wanted_bytes;
        uint8_t wanted[ext_name_bytes_max + 32];
        memcpy(wanted, name, sizeof wanted);
        openssl_derive(material, policy.nonce, 2, key, sizeof key);
        openssl_encrypt("AES-256-CBC-CTS", key, zeros, wanted, wanted_bytes);
        CHECK_EQUAL(stored.size_bytes, wanted_bytes);
        CHECK(memcmp(stored.bytes, wanted, wanted_bytes) == 0);
        CHECK_EQUAL(ext_name_decrypt(&mount, &policy, 0, &stored), STATUS_OK);
        CHECK_EQUAL(stored.size_bytes, name_bytes);
        CHECK(memcmp(stored.bytes, name, name_bytes) == 0);
    }
}

static void contents_agree(void)
{
    static uint8_t plain[contents_bytes_max];
    static uint8_t stored[contents_bytes_max];
    for (uint32_t round = 0; round < round_count; round++) {
        uint8_t key[aes256_xts_key_bytes];
        begin_round(round);
        uint32_t block_bytes = mount.geometry.block_bytes;
        uint64_t first = random_next(&numbers) >> (round % 60);
        random_fill(&numbers, plain, 4 * block_bytes);
        memcpy(stored, plain, 4 * block_bytes);
        openssl_derive(material, policy.nonce, 2, key, sizeof key);
        for (uint32_t index = 0; index < 4; index++) {
            openssl_encrypt_block(key, first + index, stored + index * block_bytes, block_bytes);
        }
        CHECK_EQUAL(ext_contents_decrypt(&mount, &policy, first, 4, stored), STATUS_OK);
        CHECK(memcmp(stored, plain, 4 * block_bytes) == 0);
        CHECK_EQUAL(ext_contents_encrypt(&mount, &policy, first, 4, plain), STATUS_OK);
        for (uint32_t index = 0; index < 4; index++) {
            openssl_encrypt_block(key, first + index, stored + index * block_bytes, block_bytes);
        }
        CHECK(memcmp(stored, plain, 4 * block_bytes) == 0);
    }
}

static void hash_keys_agree(void)
{
    for (uint32_t round = 0; round < round_count; round++) {
        uint8_t key[siphash_key_bytes];
        uint8_t wanted[siphash_key_bytes];
        begin_round(round);
        CHECK_EQUAL(ext_directory_hash_key(&mount, &policy, key), STATUS_OK);
        openssl_derive(material, policy.nonce, 5, wanted, sizeof wanted);
        CHECK(memcmp(key, wanted, sizeof key) == 0);
    }
}

/* More inodes in turn than there are places for their keys. */
static void keys_of_many_inodes_are_kept_apart(void)
{
    static const char name[] = "name";
    struct ext_policy policies[3 * ext_inode_key_max];
    struct ext_stored_name first[3 * ext_inode_key_max];
    begin_round(0);
    for (uint32_t round = 0; round < 4; round++) {
        for (uint32_t index = 0; index < 3 * ext_inode_key_max; index++) {
            struct ext_stored_name stored;
            policies[index] = policy;
            policies[index].nonce[3] = (uint8_t)index;
            uint32_t inode = round == 2 ? index / 2 : index;
            CHECK_EQUAL(ext_name_encrypt(&mount, &policies[inode], name, 4, &stored), STATUS_OK);
            if (round == 0) {
                first[index] = stored;
            }
            CHECK(memcmp(stored.bytes, first[inode].bytes, stored.size_bytes) == 0);
            CHECK(index == 0 || memcmp(first[0].bytes, first[index].bytes, 16) != 0);
        }
    }
}

int main(void)
{
    TEST(names_agree);
    TEST(contents_agree);
    TEST(hash_keys_agree);
    TEST(keys_of_many_inodes_are_kept_apart);
    return check_report();
}
