/* SPDX-License-Identifier: ISC */
/* Names between the medium and the user: encryption and case. */
#include "names.h"

#include <string.h>

#include "casefold.h"

constexpr uint32_t stored_hash_bytes = 8; /* after an encrypted name where case does not matter */

bool ext_name_is_dot(const char *name, uint32_t name_bytes)
{
    return (name_bytes == 1 || name_bytes == 2) && memcmp(name, "..", name_bytes) == 0;
}

const char *ext_stored_name_fault(
    const struct ext_inode *directory, const char *name, uint32_t name_bytes, uint32_t record_bytes)
{
    if (ext_is_encrypted(directory) && !ext_name_is_dot(name, name_bytes)) {
        uint32_t hash_bytes = ext_ignores_case(directory) ? stored_hash_bytes : 0;
        if (name_bytes < aes_block_bytes) {
            return "length of an encrypted name";
        }
        return align_up(entry_header_bytes + name_bytes, 4) + hash_bytes > record_bytes
                   ? "encrypted name without a hash"
                   : nullptr;
    }
    for (uint32_t index = 0; index < name_bytes; index++) {
        if (name[index] == '/' || name[index] == '\0') {
            return "name of a directory entry";
        }
    }
    return name_bytes > 0 ? nullptr : "name of a directory entry";
}

static enum status read_policy(struct ext_names *names)
{
    if (names->policy_known) {
        return STATUS_OK;
    }
    enum status status = ext_policy_read(names->mount, names->directory, &names->policy);
    names->policy_known = status == STATUS_OK;
    return status;
}

enum status ext_names_show(
    struct ext_names *names, const char **name, uint32_t *name_bytes, uint64_t block)
{
    if (ext_name_is_dot(*name, *name_bytes)) {
        return STATUS_OK;
    }
    if (ext_is_encrypted(names->directory)) {
        enum status status = read_policy(names);
        if (status == STATUS_OK) {
            memcpy(names->converted.bytes, *name, *name_bytes);
            names->converted.size_bytes = *name_bytes;
            status = ext_name_decrypt(names->mount, &names->policy, block, &names->converted);
        }
        if (status != STATUS_OK) {
            return status;
        }
        *name = (const char *)names->converted.bytes;
        *name_bytes = names->converted.size_bytes;
    }
    if (ext_ignores_case(names->directory) && !ext_name_encoded(names->mount, *name, *name_bytes)) {
        return ext_corrupt(names->mount, "name that is no UTF-8", block);
    }
    return STATUS_OK;
}

enum status ext_names_stored(struct ext_names *names, struct ext_name *name)
{
    if (ext_ignores_case(names->directory)) {
        name->folding = names;
        return ext_name_encoded(names->mount, name->bytes, name->size_bytes)
                   ? STATUS_OK
                   : STATUS_INVALID_ARGUMENT;
    }
    if (!ext_is_encrypted(names->directory)) {
        return STATUS_OK;
    }
    enum status status = read_policy(names);
    if (status == STATUS_OK) {
        status = ext_name_encrypt(
            names->mount, &names->policy, name->bytes, name->size_bytes, &names->converted);
    }
    name->bytes = (const char *)names->converted.bytes;
    name->size_bytes = names->converted.size_bytes;
    return status;
}

enum status ext_names_alike(
    struct ext_name stored, struct ext_name name, uint64_t block, bool *equal_out)
{
    enum status status = ext_names_show(name.folding, &stored.bytes, &stored.size_bytes, block);
    if (status == STATUS_OK) {
        *equal_out =
            ext_names_fold_alike(stored.bytes, stored.size_bytes, name.bytes, name.size_bytes);
    }
    return status;
}

enum status ext_names_check_child(struct ext_names *names, uint64_t number)
{
    struct ext_inode child;
    struct ext_policy policy;
    if (!ext_is_encrypted(names->directory)) {
        return STATUS_OK;
    }
    enum status status = ext_read_inode(names->mount, number, &child);
    if (status != STATUS_OK) {
        return status;
    }
    bool has_contents = child.type == EXT_TYPE_FILE || child.type == EXT_TYPE_DIRECTORY ||
                        child.type == EXT_TYPE_LINK;
    if (!has_contents) {
        return STATUS_OK;
    }
    status = read_policy(names);
    if (status == STATUS_OK && ext_is_encrypted(&child)) {
        status = ext_policy_read(names->mount, &child, &policy);
        if (status != STATUS_OK || ext_policy_same(&policy, &names->policy)) {
            return status;
        }
    }
    return status == STATUS_OK ? ext_corrupt(names->mount, "file with another policy", 0) : status;
}
