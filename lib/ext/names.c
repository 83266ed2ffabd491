/* SPDX-License-Identifier: ISC */
/* Names between the medium and the user: encryption and case. */
#include "names.h"

#include <string.h>

#include "directory.h"

bool ext_name_is_dot(const char *name, uint32_t name_bytes)
{
    return (name_bytes == 1 || name_bytes == 2) && memcmp(name, "..", name_bytes) == 0;
}

const char *ext_stored_name_fault(
    const struct ext_inode *directory, const char *name, uint32_t name_bytes, uint32_t record_bytes)
{
    if (ext_is_encrypted(directory) && !ext_name_is_dot(name, name_bytes)) {
        if (name_bytes < aes_block_bytes) {
            return "length of an encrypted name";
        }
        return ext_record_name_end(name_bytes) + ext_record_hash_bytes(directory) > record_bytes
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

enum status ext_names_entry(
    struct ext_names *names, struct ext_name name, struct ext_new_entry *entry)
{
    entry->name = name;
    enum status status = ext_names_stored(names, &entry->name);
    entry->stored = entry->name;
    if (status != STATUS_OK || ext_record_hash_bytes(names->directory) == 0) {
        return status;
    }
    status =
        ext_name_hash(names->mount, names->directory, EXT_HASH_SIPHASH, entry->name, &entry->hash);
    if (status == STATUS_OK) {
        status = read_policy(names);
    }
    if (status == STATUS_OK) {
        status = ext_name_encrypt(
            names->mount, &names->policy, name.bytes, name.size_bytes, &names->converted);
    }
    entry->stored.bytes = (const char *)names->converted.bytes;
    entry->stored.size_bytes = names->converted.size_bytes;
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

enum status ext_names_fit_child(
    struct ext_names *names, const struct ext_inode *child, bool *fits_out)
{
    *fits_out = true;
    if (!ext_is_encrypted(names->directory) || !ext_has_secrets(child->type)) {
        return STATUS_OK;
    }
    enum status status = read_policy(names);
    *fits_out = ext_is_encrypted(child);
    if (status != STATUS_OK || !*fits_out) {
        return status;
    }
    struct ext_policy policy;
    status = ext_policy_read(names->mount, child, &policy);
    *fits_out = status == STATUS_OK && ext_policy_same(&policy, &names->policy);
    return status;
}

enum status ext_names_check_child(struct ext_names *names, uint64_t number)
{
    struct ext_inode child;
    if (!ext_is_encrypted(names->directory)) {
        return STATUS_OK;
    }
    bool fits = false;
    enum status status = ext_read_inode(names->mount, number, &child);
    if (status == STATUS_OK) {
        status = ext_names_fit_child(names, &child, &fits);
    }
    return status == STATUS_OK && !fits ? ext_corrupt(names->mount, ext_names_misfit, 0) : status;
}
