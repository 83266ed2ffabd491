/* SPDX-License-Identifier: ISC */
/*
 * Directories that encrypt what is made in them, or in which case does not matter.
 */
#include "commands.h"

#include <stdio.h>
#include <string.h>

/* Lengths of names tell the least with it. */
constexpr uint32_t padding_bytes = 32;

bool command_encrypt(struct volume *volume, const struct words *words)
{
    struct ext_file file;
    struct ext_encryption encryption = {.padding_bytes = padding_bytes};
    if (!volume->key_given) {
        (void)fprintf(stderr, "erixfs: encrypt: with which key? --key HEX says so\n");
        return false;
    }
    memcpy(encryption.key_identifier, volume->key_identifier, sizeof encryption.key_identifier);
    return volume_need(volume, words->at[0], true, &file) &&
           report(volume, words->at[0],
               ext_encrypt_directory(&volume->mount, file.inode.number, &encryption));
}

bool command_fold(struct volume *volume, const struct words *words)
{
    struct ext_file file;
    if (!volume_need(volume, words->at[0], true, &file)) {
        return false;
    }
    struct ext_attributes wanted = {
        .set = EXT_SET_FLAGS, .flags = file.inode.flags | ext_flag_casefold};
    return report(volume, words->at[0], ext_set_attributes(&volume->mount, &file, &wanted));
}
