/* SPDX-License-Identifier: ISC */
/*
 * Encryption of names, symbolic links and contents, as "fscrypt" of Linux does it. Private to
 * lib/ext. All calls but ext_crypt_init read the policy of an inode first; NO_KEY if the master key
 * that it names was not given.
 */
#pragma once

#include "policy.h"

static inline bool ext_is_encrypted(const struct ext_inode *inode)
{
    return (inode->flags & inode_flag_encrypted) != 0;
}

/* Whether inodes of a type have contents or names that are encrypted. */
static inline bool ext_has_secrets(enum ext_type type)
{
    return type == EXT_TYPE_FILE || type == EXT_TYPE_DIRECTORY || type == EXT_TYPE_LINK;
}

/* A name as the medium has it. */
struct ext_stored_name {
    uint32_t size_bytes;
    uint8_t bytes[ext_name_bytes_max];
};

/* ---- keys.c ---------------------------------------------------------------------------------- */

/* The keys of an inode; borrowed until the next call for another inode. */
enum status ext_contents_key(
    struct ext_mount *mount, const struct ext_policy *policy, const struct aes256_xts **key_out);
enum status ext_names_key(
    struct ext_mount *mount, const struct ext_policy *policy, const struct aes256 **key_out);

/* The key of the hash of names in an encrypted directory that ignores case. */
enum status ext_directory_hash_key(struct ext_mount *mount, const struct ext_policy *policy,
    uint8_t key_out[static siphash_key_bytes]);

/* ---- crypt.c --------------------------------------------------------------------------------- */

/*
 * A name as it is stored in an encrypted directory: padded, encrypted, at most ext_name_bytes_max
 * bytes. "." and ".." are stored as they are, which is the caller's affair.
 */
enum status ext_name_encrypt(struct ext_mount *mount, const struct ext_policy *policy,
    const char *name, uint32_t name_bytes, struct ext_stored_name *stored_out);

/* The other way; `stored`, from a block, is replaced. CORRUPT if no possible name comes out. */
enum status ext_name_decrypt(struct ext_mount *mount, const struct ext_policy *policy,
    uint64_t block, struct ext_stored_name *stored);

/* The policy of an encrypted inode whose contents key is there. */
enum status ext_contents_policy(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_policy *policy_out);

/* Whole blocks of a file in place, numbered from first_block on. */
enum status ext_contents_encrypt(struct ext_mount *mount, const struct ext_policy *policy,
    uint64_t first_block, uint64_t block_count, uint8_t *bytes);
enum status ext_contents_decrypt(struct ext_mount *mount, const struct ext_policy *policy,
    uint64_t first_block, uint64_t block_count, uint8_t *bytes);

/* What an encrypted symbolic link with a target of that length holds; 0 if no block has room. */
uint32_t ext_link_stored_bytes(
    const struct ext_mount *mount, const struct ext_policy *policy, uint32_t target_bytes);

/* Fills `bytes`, ext_link_stored_bytes of them. */
enum status ext_link_encrypt(struct ext_mount *mount, const struct ext_policy *policy,
    const char *target, uint32_t target_bytes, uint8_t *bytes);

/*
 * What an encrypted symbolic link holds becomes its target, in place; the target has no NUL.
 * CORRUPT if that is impossible.
 */
enum status ext_link_decrypt(struct ext_mount *mount, const struct ext_inode *inode, uint8_t *bytes,
    uint32_t size_bytes, uint32_t *target_bytes_out);
