/* SPDX-License-Identifier: ISC */
/*
 * Deriving keys, encrypting names and links, encrypting and decrypting contents: no branch and no
 * address depends on a key, or on what is written. Runs under valgrind's memcheck as
 * lib/crypto/test/secrets_test.c does; the last test shows that what leaks is reported. Decrypted
 * names are looked at, as everybody must who shows them.
 */
#include <lib/ext/ext.h>

#include <lib/testing/check.h>

#include <valgrind/memcheck.h>

#include "../crypt.h"
#include "../protected_write.h"

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

static void contents_are_encrypted(void)
{
    uint8_t bytes[2048] = {};
    make_mount();
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, sizeof bytes);
    unsigned before = VALGRIND_COUNT_ERRORS;
    CHECK_EQUAL(ext_contents_encrypt(&mount, &policy, 5, 2, bytes), STATUS_OK);
    CHECK_EQUAL(VALGRIND_COUNT_ERRORS - before, 0);
    CHECK(VALGRIND_CHECK_MEM_IS_DEFINED(bytes, sizeof bytes) != 0);
}

static void links_are_encrypted(void)
{
    char target[] = "where this link leads to";
    uint8_t bytes[64] = {};
    make_mount();
    VALGRIND_MAKE_MEM_UNDEFINED(target, sizeof target);
    unsigned before = VALGRIND_COUNT_ERRORS;
    CHECK_EQUAL(ext_link_encrypt(&mount, &policy, target, sizeof target - 1, bytes), STATUS_OK);
    CHECK_EQUAL(VALGRIND_COUNT_ERRORS - before, 0);
    CHECK(VALGRIND_CHECK_MEM_IS_DEFINED(bytes + 2, 32) != 0);
}

/* Whole blocks and parts, through the cache; the mount's own memory is wiped behind it. */
static void pieces_are_written(void)
{
    static uint8_t device_bytes[16 * 1024];
    static uint8_t cache_bytes[8 * 1024];
    static struct block_cache_entry entries[8];
    struct block_memory memory;
    uint8_t bytes[2500] = {};
    make_mount();
    block_memory_init(&memory, device_bytes, sizeof device_bytes, 512);
    struct block_cache_memory cache_memory = {
        .entries = entries, .entry_count = 8, .buffer = block_buffer_plain(cache_bytes)};
    CHECK_EQUAL(block_cache_init(&mount.cache, &memory.device, 1024, cache_memory), STATUS_OK);
    VALGRIND_MAKE_MEM_UNDEFINED(bytes, sizeof bytes);
    struct ext_encrypted_piece piece = {
        .policy = &policy,
        .run = {.logical_block = 3, .physical_block = 5, .block_count = 3, .kind = EXT_RUN_DATA},
        .within = 100,
        .size_bytes = sizeof bytes,
        .bytes = bytes,
    };
    unsigned before = VALGRIND_COUNT_ERRORS;
    CHECK_EQUAL(ext_write_encrypted(&mount, &piece), STATUS_OK);
    CHECK_EQUAL(VALGRIND_COUNT_ERRORS - before, 0);
    CHECK(VALGRIND_CHECK_MEM_IS_DEFINED(mount.protected_unit, 1024) == 0);
    for (uint32_t index = 0; index < 1024; index++) {
        CHECK(mount.protected_unit[index] == 0);
    }
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
    TEST(contents_are_encrypted);
    TEST(links_are_encrypted);
    TEST(pieces_are_written);
    TEST(hash_keys_are_derived);
    TEST(keys_are_forgotten);
    TEST(canary_decrypted_names_are_reported);
    return check_report();
}
