/* SPDX-License-Identifier: ISC */
/*
 * Encryption policies, as "fscrypt" of Linux defines them: which key and which ciphers an encrypted
 * inode has. Private to lib/ext.
 */
#pragma once

#include "internal.h"

/* A policy that we follow, version 2: AES-256-XTS for contents, AES-256-CTS for names. */
struct ext_policy {
    uint8_t key_identifier[ext_key_identifier_bytes];
    uint8_t nonce[ext_nonce_bytes]; /* of this inode */
    uint32_t padding_bytes;         /* names are padded to a multiple of it */
    uint8_t unit_shift;             /* as it is stored: 0, or that of a block */
};

/*
 * The policy of an encrypted inode. UNSUPPORTED, with the reason, if it asks for what we do not do;
 * CORRUPT if it contradicts itself or is missing. No key is needed to know.
 */
enum status ext_policy_read(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_policy *policy_out);

/* Whether files of one belong into a directory of the other. */
bool ext_policy_same(const struct ext_policy *left, const struct ext_policy *right);

/* Gives a policy to an inode that has none, inside a change; the caller stores the inode. */
enum status ext_policy_store(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_policy *policy);

/* A nonce for one more inode. UNSUPPORTED, with the reason, if the mount has no source of them. */
enum status ext_policy_draw_nonce(struct ext_mount *mount, struct ext_policy *policy);
