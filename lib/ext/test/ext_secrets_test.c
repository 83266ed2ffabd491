/* SPDX-License-Identifier: ISC */
/*
 * Deriving keys, encrypting names and decrypting contents: no branch and no address depends on a
 * key. Runs under valgrind's memcheck as lib/crypto/test/secrets_test.c does; the last test shows
 * that what leaks is reported. Decrypted names are looked at, as everybody must who shows them.
 */
#include <lib/ext/ext.h>

#include <lib/testing/check.h>

#include <valgrind/memcheck.h>

#include "../crypt.h"

static struct ext_mount mount;
static const struct ext_policy policy = {.nonce = {1, 2, 3}, .padding_bytes = 32};

/* A mount with a key whose identifier is known to all and whose rest to nobody. */
static void make_mount(void)
{
    struct ext_keys *keys = &mount.keys;
    uint8_t material[ext_key_material_bytes] = {7};
    mount = (struct ext_mount){.geometry = {.block_bytes = 1024, .block_shift = 10}};
    hkdf_sha512_extract(&keys->masters[0].derivation, nullptr, 0, material, sizeof material);
    keys->master_count = 1;
    VALGRIND_MAKE_MEM_UNDEFINED(&keys->masters[0].derivation.keyed.inner.state, 64);
    VALGRIND_MAKE_MEM_UNDEFINED(&keys->masters[0].derivation.keyed.outer.state, 64);
}

static void names_are_encrypted(void)
{
    static const char name[] = "a name that is longer than a block of the cipher";
    struct ext_stored_name stored;
    make_mount();
    unsigned before = VALGRIND_COUNT_ERRORS;
    for (uint32_t name_bytes = 1; name_bytes < sizeof name; name_bytes++) {
        CHECK_EQUAL(ext_name_encrypt(&mount, &policy, name, name_bytes, &stored), STATUS_OK);
    }
    CHECK_EQUAL(VALGRIND_COUNT_ERRORS - before, 0);
    CHECK(VALGRIND_CHECK_MEM_IS_DEFINED(stored.bytes, stored.size_bytes) != 0);
}

static void contents_are_decrypted(void)
{
    uint8_t bytes[2048] = {};
    make_mount();
    unsigned before = VALGRIND_COUNT_ERRORS;
    CHECK_EQUAL(ext_contents_decrypt(&mount, &policy, 5, 2, bytes), STATUS_OK);
    CHECK_EQUAL(VALGRIND_COUNT_ERRORS - before, 0);
    CHECK(VALGRIND_CHECK_MEM_IS_DEFINED(bytes, sizeof bytes) != 0);
}

static void hash_keys_are_derived(void)
{
    uint8_t key[siphash_key_bytes];
    make_mount();
    unsigned before = VALGRIND_COUNT_ERRORS;
    CHECK_EQUAL(ext_directory_hash_key(&mount, &policy, key), STATUS_OK);
    CHECK_EQUAL(VALGRIND_COUNT_ERRORS - before, 0);
    CHECK(VALGRIND_CHECK_MEM_IS_DEFINED(key, sizeof key) != 0);
}

static void keys_are_forgotten(void)
{
    make_mount();
    ext_keys_forget(&mount);
    CHECK(VALGRIND_CHECK_MEM_IS_DEFINED(&mount.keys, sizeof mount.keys) == 0);
    const uint8_t *bytes = (const uint8_t *)&mount.keys;
    for (size_t index = 0; index < sizeof mount.keys; index++) {
        CHECK(bytes[index] == 0);
    }
}

/* Padding is counted by looking at what was decrypted. */
static void canary_decrypted_names_are_reported(void)
{
    struct ext_stored_name stored = {.size_bytes = 32};
    make_mount();
    unsigned before = VALGRIND_COUNT_ERRORS;
    enum status status = ext_name_decrypt(&mount, &policy, 0, &stored);
    CHECK(VALGRIND_COUNT_ERRORS - before > 0);
    VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
    CHECK(status != STATUS_NO_KEY);
}

int main(void)
{
    TEST(names_are_encrypted);
    TEST(contents_are_decrypted);
    TEST(hash_keys_are_derived);
    TEST(keys_are_forgotten);
    TEST(canary_decrypted_names_are_reported);
    return check_report();
}
