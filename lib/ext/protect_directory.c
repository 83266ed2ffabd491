/* SPDX-License-Identifier: ISC */
/*
 * How an empty directory will keep names from now on: encrypted, or so that case does not matter.
 */
#include "protect_directory.h"

#include <lib/ext/ext_write.h>

#include "directory.h"

/* Whether the directory is empty and keeps no hashes of names that would be wrong afterwards. */
static enum status check_unused(
    struct ext_mount *mount, struct ext_file *directory, uint32_t other_flag)
{
    enum status status = ext_directory_check_empty(mount, directory);
    if (status != STATUS_OK) {
        return status;
    }
    bool hashes_change =
        ext_is_indexed(mount, &directory->inode) && (directory->inode.flags & other_flag) != 0;
    return hashes_change ? STATUS_UNSUPPORTED : STATUS_OK;
}

enum status ext_check_fold(struct ext_mount *mount, const struct ext_inode *inode)
{
    struct ext_file directory = {.inode = *inode, .change_count = mount->change_count};
    if (!ext_has(mount, EXT_INCOMPAT, incompat_casefold)) {
        return STATUS_UNSUPPORTED;
    }
    if (inode->type != EXT_TYPE_DIRECTORY) {
        return STATUS_NOT_DIRECTORY;
    }
    return check_unused(mount, &directory, inode_flag_encrypted);
}

/* ---- Encryption ------------------------------------------------------------------------------ */

struct encrypt_step {
    uint64_t number;
    struct ext_policy policy; /* without a nonce */
};

static bool padding_possible(uint32_t padding_bytes)
{
    return padding_bytes == 4 || padding_bytes == 8 || padding_bytes == 16 || padding_bytes == 32;
}

/* One that is encrypted alike is left as it is: EXISTS for another policy. */
static enum status compare_policy(
    struct ext_mount *mount, const struct ext_inode *inode, const struct ext_policy *wanted)
{
    struct ext_policy policy;
    enum status status = ext_policy_read(mount, inode, &policy);
    if (status != STATUS_OK) {
        return status;
    }
    return ext_policy_same(&policy, wanted) ? STATUS_OK : STATUS_EXISTS;
}

static enum status check_directory(struct ext_mount *mount, struct ext_file *directory)
{
    const struct ext_inode *inode = &directory->inode;
    if (inode->type != EXT_TYPE_DIRECTORY) {
        return STATUS_NOT_DIRECTORY;
    }
    /* Repair puts what it finds into a directory of the root, which must not be encrypted. */
    bool frozen = (inode->flags & (inode_flag_immutable | inode_flag_append)) != 0;
    if (frozen || inode->number == ext_root_number) {
        return STATUS_DENIED;
    }
    return check_unused(mount, directory, inode_flag_casefold);
}

static enum status encrypt(
    struct ext_mount *mount, struct ext_file *directory, struct ext_policy *policy)
{
    struct ext_inode *inode = &directory->inode;
    enum status status = ext_policy_draw_nonce(mount, policy);
    if (status == STATUS_OK && (inode->flags & inode_flag_inline_data) != 0) {
        status = ext_inline_directory_grow(mount, directory);
    }
    if (status == STATUS_OK) {
        status = ext_policy_store(mount, inode, policy);
    }
    inode->flags |= inode_flag_encrypted;
    inode->changed = mount->now;
    return status == STATUS_OK ? ext_store_inode(mount, inode) : status;
}

static enum status run_encrypt(struct ext_mount *mount, void *context)
{
    struct encrypt_step *step = context;
    const struct aes256 *key;
    struct ext_file directory = {};
    enum status status = ext_open(mount, step->number, &directory);
    if (status == STATUS_OK && ext_is_encrypted(&directory.inode)) {
        return compare_policy(mount, &directory.inode, &step->policy);
    }
    if (status == STATUS_OK) {
        status = check_directory(mount, &directory);
    }
    if (status == STATUS_OK) {
        status = ext_names_key(mount, &step->policy, &key);
    }
    return status == STATUS_OK ? encrypt(mount, &directory, &step->policy) : status;
}

enum status ext_encrypt_directory(
    struct ext_mount *mount, uint64_t number, const struct ext_encryption *wanted)
{
    if (!padding_possible(wanted->padding_bytes)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (!ext_has(mount, EXT_INCOMPAT, incompat_encrypt)) {
        return STATUS_UNSUPPORTED;
    }
    struct encrypt_step step = {
        .number = number,
        .policy = {.padding_bytes = wanted->padding_bytes},
    };
    memcpy(step.policy.key_identifier, wanted->key_identifier, ext_key_identifier_bytes);
    return ext_change(mount, (struct ext_step){run_encrypt, &step, ext_change_block_max});
}
