/* SPDX-License-Identifier: ISC */
/* Directories that encrypt what is in them, or in which case does not matter. */
#pragma once

#include "ext_writable.h"

#include "../internal.h"

static const uint8_t protected_material[ext_key_material_bytes] = {0xe5, 1, 2, 3};

static inline bool protected_unlock(struct ext_mount *mount)
{
    uint8_t identifier[ext_key_identifier_bytes];
    return ext_key_add(mount, protected_material, sizeof protected_material, identifier) ==
           STATUS_OK;
}

static inline struct ext_name protected_name(const char *name)
{
    return (struct ext_name){.bytes = name, .size_bytes = (uint32_t)strlen(name)};
}

static inline enum status protected_encrypt(
    struct ext_mount *mount, uint64_t number, uint32_t padding_bytes)
{
    struct ext_encryption encryption = {.padding_bytes = padding_bytes};
    enum status status = ext_key_add(
        mount, protected_material, sizeof protected_material, encryption.key_identifier);
    return status == STATUS_OK ? ext_encrypt_directory(mount, number, &encryption) : status;
}

/* Sets or clears that case does not matter. */
static inline enum status protected_fold(struct ext_mount *mount, uint64_t number, bool folds)
{
    struct ext_file file;
    enum status status = ext_open(mount, number, &file);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t flags = file.inode.flags & ~inode_flag_casefold;
    struct ext_attributes attributes = {
        .set = EXT_SET_FLAGS, .flags = flags | (folds ? inode_flag_casefold : 0)};
    return ext_set_attributes(mount, &file, &attributes);
}

/* A directory of the root; padding_bytes 0: not encrypted. */
static inline bool protected_make(struct ext_mount *mount, const char *name, uint32_t padding_bytes,
    bool folds, uint64_t *number_out)
{
    struct ext_new_inode wanted = {.mode = 0040755};
    return ext_create(mount, ext_root_number, protected_name(name), &wanted, number_out) ==
               STATUS_OK &&
           (padding_bytes == 0 ||
               protected_encrypt(mount, *number_out, padding_bytes) == STATUS_OK) &&
           (!folds || protected_fold(mount, *number_out, true) == STATUS_OK);
}

/* Makes a file, or what else the mode says. */
static inline enum status protected_create(
    struct ext_mount *mount, uint64_t parent, const char *name, uint16_t mode, uint64_t *number_out)
{
    struct ext_new_inode wanted = {.mode = mode, .target = protected_name("a target")};
    return ext_create(mount, parent, protected_name(name), &wanted, number_out);
}

static inline enum status protected_lookup(
    struct ext_mount *mount, uint64_t parent, const char *name, uint64_t *number_out)
{
    struct ext_file directory;
    enum status status = ext_open(mount, parent, &directory);
    return status == STATUS_OK
               ? ext_lookup(mount, &directory, name, (uint32_t)strlen(name), number_out)
               : status;
}

static inline enum status protected_rename(struct ext_mount *mount, uint64_t source_parent,
    const char *source, uint64_t target_parent, const char *target)
{
    struct ext_rename request = {
        .source_parent = source_parent,
        .source = protected_name(source),
        .target_parent = target_parent,
        .target = protected_name(target),
    };
    return ext_rename(mount, &request);
}
