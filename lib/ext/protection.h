/* SPDX-License-Identifier: ISC */
/*
 * Keys for encrypted files and trust in sealed ones: what a mount is given to read them with.
 * Included by ext.h. The fields of all structs are private to lib/ext.
 *
 * Encrypted names, contents and symbolic links are those of Linux' "fscrypt", policies of version 2
 * with AES-256-XTS and AES-256-CTS. Sealed files are those of "fs-verity" with SHA-256 or SHA-512.
 */
#pragma once

#include <lib/crypto/crypto.h>

struct ext_mount;

/* ---- Keys ------------------------------------------------------------------------------------ */

constexpr size_t ext_key_material_bytes = 64;
constexpr size_t ext_key_identifier_bytes = 16;
constexpr uint32_t ext_master_key_max = 4;
constexpr uint32_t ext_inode_key_max = 4;

/*
 * Makes a master key known to the mount; policies name keys by the identifier that is computed from
 * the material. Adding one again is no error. INVALID_ARGUMENT for material of another size than
 * ext_key_material_bytes; NO_SPACE beyond ext_master_key_max keys.
 *
 * Without the key of an inode, reading its names, contents or target ends with NO_KEY.
 */
enum status ext_key_add(struct ext_mount *mount, const uint8_t *material, size_t material_bytes,
    uint8_t identifier_out[static ext_key_identifier_bytes]);

/* Wipes all keys; do so before the mount is forgotten. */
void ext_keys_forget(struct ext_mount *mount);

constexpr size_t ext_nonce_bytes = 16;

/*
 * Where the nonces of new encrypted inodes come from, since nothing in here is random: bytes that
 * nobody can foresee, never the same twice. They are stored; two inodes with the same nonce have
 * the same keys. A status other than OK ends what needed the nonce with that.
 */
struct ext_nonce_source {
    enum status (*draw)(void *context, uint8_t nonce_out[static ext_nonce_bytes]);
    void *context;
};

struct ext_master_key {
    uint8_t identifier[ext_key_identifier_bytes];
    struct hkdf_sha512 derivation;
};

enum ext_key_purpose : uint32_t {
    EXT_KEY_NONE,
    EXT_KEY_CONTENTS,
    EXT_KEY_NAMES,
};

/* The expanded key of one inode; for names only the half `data` of the cipher. */
struct ext_inode_key {
    enum ext_key_purpose purpose;
    uint8_t key_identifier[ext_key_identifier_bytes];
    uint8_t nonce[ext_nonce_bytes];
    uint64_t used_at;
    struct aes256_xts cipher;
};

struct ext_keys {
    struct ext_master_key masters[ext_master_key_max];
    uint32_t master_count;
    struct ext_inode_key inode_keys[ext_inode_key_max];
    uint64_t use_count;
};

/* ---- Seals ----------------------------------------------------------------------------------- */

/* The numbers are those of the format. */
enum ext_verity_algorithm : uint32_t {
    EXT_VERITY_SHA256 = 1,
    EXT_VERITY_SHA512 = 2,
};

constexpr uint32_t ext_verity_root_max = 32;
constexpr uint32_t ext_verity_level_max = 8;
constexpr uint32_t ext_verity_block_bytes_max = 4096;

/*
 * Declares the digest of a sealed file (what `fsverity measure` prints) as trusted. A sealed file
 * with another digest is not read: UNTRUSTED. INVALID_ARGUMENT if digest_bytes is not that of the
 * algorithm; NO_SPACE beyond ext_verity_root_max digests.
 */
enum status ext_verity_trust(struct ext_mount *mount, enum ext_verity_algorithm algorithm,
    const uint8_t *digest, size_t digest_bytes);

struct ext_verity_root {
    enum ext_verity_algorithm algorithm;
    uint8_t digest[sha512_digest_bytes];
};

/* What is trusted, and the sealed file that was read last. */
struct ext_verity {
    struct ext_verity_root roots[ext_verity_root_max];
    uint32_t root_count;
    uint64_t inode_number; /* 0: none was read */
    uint32_t generation;
    uint64_t change_count; /* of the mount when the seal was read */
    enum ext_verity_algorithm algorithm;
    uint32_t digest_bytes;
    uint32_t block_shift;
    uint32_t salt_bytes;
    uint8_t salt[32];
    uint8_t root_hash[sha512_digest_bytes];
    uint32_t level_count;                         /* above the file */
    uint64_t level_offsets[ext_verity_level_max]; /* in the file, lowest level first */
    bool leaf_known;
    uint64_t leaf_index;
    uint8_t leaf[ext_verity_block_bytes_max]; /* a checked block of the lowest level */
};
