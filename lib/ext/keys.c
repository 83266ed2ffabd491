/* SPDX-License-Identifier: ISC */
/*
 * Master keys and the keys of single inodes that are derived from them (HKDF-SHA512; the name of
 * the scheme, a byte for the purpose, and the inode's nonce go into each).
 *
 * Expanded keys are kept for the inodes used last.
 */
#include "crypt.h"

#include <string.h>

/* Purposes of derived keys. */
enum derivation : uint8_t {
    DERIVE_IDENTIFIER = 1,
    DERIVE_INODE_KEY = 2,
    DERIVE_DIRECTORY_HASH = 5,
};

constexpr char scheme[8] = "fscrypt"; /* with its NUL */

static void derive(const struct ext_master_key *master, enum derivation purpose,
    const uint8_t *nonce, uint8_t *key, size_t key_bytes)
{
    uint8_t info[sizeof scheme + 1 + ext_nonce_bytes];
    size_t info_bytes = sizeof scheme + 1;
    memcpy(info, scheme, sizeof scheme);
    info[sizeof scheme] = purpose;
    if (nonce != nullptr) {
        memcpy(info + info_bytes, nonce, ext_nonce_bytes);
        info_bytes += ext_nonce_bytes;
    }
    hkdf_sha512_expand(&master->derivation, info, info_bytes, key, key_bytes);
}

static struct ext_master_key *find_master(
    struct ext_mount *mount, const uint8_t identifier[static ext_key_identifier_bytes])
{
    struct ext_keys *keys = &mount->keys;
    for (uint32_t index = 0; index < keys->master_count; index++) {
        if (memcmp(keys->masters[index].identifier, identifier, ext_key_identifier_bytes) == 0) {
            return &keys->masters[index];
        }
    }
    return nullptr;
}

enum status ext_key_add(struct ext_mount *mount, const uint8_t *material, size_t material_bytes,
    uint8_t identifier_out[static ext_key_identifier_bytes])
{
    struct ext_keys *keys = &mount->keys;
    if (material_bytes != ext_key_material_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    struct ext_master_key master = {};
    hkdf_sha512_extract(&master.derivation, nullptr, 0, material, material_bytes);
    derive(&master, DERIVE_IDENTIFIER, nullptr, master.identifier, sizeof master.identifier);
    enum status status = STATUS_OK;
    if (find_master(mount, master.identifier) == nullptr) {
        if (keys->master_count < ext_master_key_max) {
            keys->masters[keys->master_count++] = master;
        } else {
            status = STATUS_NO_SPACE;
        }
    }
    if (status == STATUS_OK) {
        memcpy(identifier_out, master.identifier, ext_key_identifier_bytes);
    }
    crypto_wipe(&master, sizeof master);
    return status;
}

void ext_keys_forget(struct ext_mount *mount)
{
    crypto_wipe(&mount->keys, sizeof mount->keys);
}

/* The slot that was not used for the longest time. */
static struct ext_inode_key *oldest_slot(struct ext_keys *keys)
{
    struct ext_inode_key *oldest = &keys->inode_keys[0];
    for (uint32_t index = 1; index < ext_inode_key_max; index++) {
        if (keys->inode_keys[index].used_at < oldest->used_at) {
            oldest = &keys->inode_keys[index];
        }
    }
    return oldest;
}

static void fill_slot(struct ext_inode_key *slot, const struct ext_master_key *master,
    const struct ext_policy *policy, enum ext_key_purpose purpose)
{
    uint8_t key[aes256_xts_key_bytes];
    memcpy(slot->key_identifier, policy->key_identifier, sizeof slot->key_identifier);
    memcpy(slot->nonce, policy->nonce, sizeof slot->nonce);
    slot->purpose = purpose;
    if (purpose == EXT_KEY_CONTENTS) {
        derive(master, DERIVE_INODE_KEY, policy->nonce, key, aes256_xts_key_bytes);
        aes256_xts_init(&slot->cipher, key);
    } else {
        derive(master, DERIVE_INODE_KEY, policy->nonce, key, aes256_key_bytes);
        aes256_init(&slot->cipher.data, key);
    }
    crypto_wipe(key, sizeof key);
}

static enum status find_slot(struct ext_mount *mount, const struct ext_policy *policy,
    enum ext_key_purpose purpose, struct ext_inode_key **slot_out)
{
    struct ext_keys *keys = &mount->keys;
    const struct ext_master_key *master = find_master(mount, policy->key_identifier);
    if (master == nullptr) {
        return STATUS_NO_KEY;
    }
    keys->use_count++;
    for (uint32_t index = 0; index < ext_inode_key_max; index++) {
        struct ext_inode_key *slot = &keys->inode_keys[index];
        if (slot->purpose == purpose &&
            memcmp(slot->nonce, policy->nonce, sizeof slot->nonce) == 0 &&
            memcmp(slot->key_identifier, policy->key_identifier, sizeof slot->key_identifier) ==
                0) {
            slot->used_at = keys->use_count;
            *slot_out = slot;
            return STATUS_OK;
        }
    }
    *slot_out = oldest_slot(keys);
    (*slot_out)->used_at = keys->use_count;
    fill_slot(*slot_out, master, policy, purpose);
    return STATUS_OK;
}

enum status ext_contents_key(
    struct ext_mount *mount, const struct ext_policy *policy, const struct aes256_xts **key_out)
{
    struct ext_inode_key *slot;
    enum status status = find_slot(mount, policy, EXT_KEY_CONTENTS, &slot);
    if (status == STATUS_OK) {
        *key_out = &slot->cipher;
    }
    return status;
}

enum status ext_names_key(
    struct ext_mount *mount, const struct ext_policy *policy, const struct aes256 **key_out)
{
    struct ext_inode_key *slot;
    enum status status = find_slot(mount, policy, EXT_KEY_NAMES, &slot);
    if (status == STATUS_OK) {
        *key_out = &slot->cipher.data;
    }
    return status;
}

enum status ext_directory_hash_key(struct ext_mount *mount, const struct ext_policy *policy,
    uint8_t key_out[static siphash_key_bytes])
{
    const struct ext_master_key *master = find_master(mount, policy->key_identifier);
    if (master == nullptr) {
        return STATUS_NO_KEY;
    }
    derive(master, DERIVE_DIRECTORY_HASH, policy->nonce, key_out, siphash_key_bytes);
    return STATUS_OK;
}
