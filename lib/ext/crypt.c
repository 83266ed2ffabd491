/* SPDX-License-Identifier: ISC */
/* Names, links and blocks, encrypted and decrypted with the keys of their inodes. */
#include "crypt.h"

#include <string.h>

constexpr uint32_t stored_name_bytes_min = aes_block_bytes;
constexpr uint32_t link_length_bytes = 2; /* before the encrypted target of a symbolic link */

/* Length up to the NULs that padding put at the end. */
static uint32_t length_without_padding(const uint8_t *bytes, uint32_t size_bytes)
{
    while (size_bytes > 0 && bytes[size_bytes - 1] == 0) {
        size_bytes--;
    }
    return size_bytes;
}

/* The length of what is padded and then encrypted, which has room for `max_bytes`. */
static uint32_t padded_bytes(
    const struct ext_policy *policy, uint32_t size_bytes, uint32_t max_bytes)
{
    size_bytes = size_bytes > stored_name_bytes_min ? size_bytes : stored_name_bytes_min;
    size_bytes = (uint32_t)align_up(size_bytes, policy->padding_bytes);
    return size_bytes < max_bytes ? size_bytes : max_bytes;
}

enum status ext_name_encrypt(struct ext_mount *mount, const struct ext_policy *policy,
    const char *name, uint32_t name_bytes, struct ext_stored_name *stored_out)
{
    const struct aes256 *key;
    enum status status = ext_names_key(mount, policy, &key);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t size_bytes = padded_bytes(policy, name_bytes, ext_name_bytes_max);
    memset(stored_out->bytes, 0, size_bytes);
    memcpy(stored_out->bytes, name, name_bytes);
    stored_out->size_bytes = size_bytes;
    aes256_cts_encrypt(key, stored_out->bytes, size_bytes);
    return STATUS_OK;
}

enum status ext_name_decrypt(struct ext_mount *mount, const struct ext_policy *policy,
    uint64_t block, struct ext_stored_name *stored)
{
    const struct aes256 *key;
    enum status status = ext_names_key(mount, policy, &key);
    if (status != STATUS_OK) {
        return status;
    }
    if (stored->size_bytes < stored_name_bytes_min) {
        return ext_corrupt(mount, "length of an encrypted name", block);
    }
    aes256_cts_decrypt(key, stored->bytes, stored->size_bytes);
    stored->size_bytes = length_without_padding(stored->bytes, stored->size_bytes);
    for (uint32_t index = 0; index < stored->size_bytes; index++) {
        if (stored->bytes[index] == '\0' || stored->bytes[index] == '/') {
            return ext_corrupt(mount, "encrypted name", block);
        }
    }
    return stored->size_bytes > 0 ? STATUS_OK : ext_corrupt(mount, "encrypted name", block);
}

enum status ext_contents_policy(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_policy *policy_out)
{
    const struct aes256_xts *key;
    enum status status = ext_policy_read(mount, inode, policy_out);
    return status == STATUS_OK ? ext_contents_key(mount, policy_out, &key) : status;
}

/* One direction of the cipher for contents. */
typedef void transform(const struct aes256_xts *key, const uint8_t tweak[static aes_block_bytes],
    uint8_t *bytes, size_t size_bytes);

/* Blocks of a file that follow each other. */
struct span {
    uint64_t first_block;
    uint64_t block_count;
    uint8_t *bytes;
};

static enum status transform_contents(struct ext_mount *mount, const struct ext_policy *policy,
    struct span span, transform *transform)
{
    uint32_t block_bytes = mount->geometry.block_bytes;
    const struct aes256_xts *key;
    enum status status = ext_contents_key(mount, policy, &key);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint64_t index = 0; index < span.block_count; index++) {
        uint8_t tweak[aes_block_bytes] = {};
        store_le64(tweak, span.first_block + index);
        transform(key, tweak, span.bytes + index * block_bytes, block_bytes);
    }
    return STATUS_OK;
}

enum status ext_contents_encrypt(struct ext_mount *mount, const struct ext_policy *policy,
    uint64_t first_block, uint64_t block_count, uint8_t *bytes)
{
    struct span span = {first_block, block_count, bytes};
    return transform_contents(mount, policy, span, aes256_xts_encrypt);
}

enum status ext_contents_decrypt(struct ext_mount *mount, const struct ext_policy *policy,
    uint64_t first_block, uint64_t block_count, uint8_t *bytes)
{
    struct span span = {first_block, block_count, bytes};
    return transform_contents(mount, policy, span, aes256_xts_decrypt);
}

/* ---- Symbolic links: the length, then the target ----------------------------------------------
 */

uint32_t ext_link_stored_bytes(
    const struct ext_mount *mount, const struct ext_policy *policy, uint32_t target_bytes)
{
    uint32_t room_bytes = mount->geometry.block_bytes - link_length_bytes - 1; /* and a NUL */
    return target_bytes > room_bytes
               ? 0
               : link_length_bytes + padded_bytes(policy, target_bytes, room_bytes);
}

enum status ext_link_encrypt(struct ext_mount *mount, const struct ext_policy *policy,
    const char *target, uint32_t target_bytes, uint8_t *bytes)
{
    const struct aes256 *key;
    enum status status = ext_names_key(mount, policy, &key);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t size_bytes = ext_link_stored_bytes(mount, policy, target_bytes) - link_length_bytes;
    store_le16(bytes, (uint16_t)size_bytes);
    memset(bytes + link_length_bytes, 0, size_bytes);
    memcpy(bytes + link_length_bytes, target, target_bytes);
    aes256_cts_encrypt(key, bytes + link_length_bytes, size_bytes);
    return STATUS_OK;
}

enum status ext_link_decrypt(struct ext_mount *mount, const struct ext_inode *inode, uint8_t *bytes,
    uint32_t size_bytes, uint32_t *target_bytes_out)
{
    struct ext_policy policy;
    const struct aes256 *key;
    enum status status = ext_policy_read(mount, inode, &policy);
    if (status == STATUS_OK) {
        status = ext_names_key(mount, &policy, &key);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t stored_bytes = size_bytes < link_length_bytes ? 0 : load_le16(bytes);
    if (stored_bytes < aes_block_bytes || stored_bytes > size_bytes - link_length_bytes) {
        return ext_corrupt(mount, "length of an encrypted symbolic link", 0);
    }
    memmove(bytes, bytes + link_length_bytes, stored_bytes);
    aes256_cts_decrypt(key, bytes, stored_bytes);
    *target_bytes_out = length_without_padding(bytes, stored_bytes);
    return *target_bytes_out > 0 ? STATUS_OK : ext_corrupt(mount, "encrypted symbolic link", 0);
}
