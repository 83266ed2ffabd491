/* SPDX-License-Identifier: ISC */
/*
 * What only the kernel can do to files of ext4, for media.sh, which runs it inside a machine:
 *
 *   protect key MOUNT HEX                 add a master key; prints its identifier
 *   protect policy FOLDER IDENTIFIER N    encrypt an empty folder; N is the padding flag, 0 to 3
 *   protect casefold FOLDER               make an empty folder ignore case
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#ifndef FS_CASEFOLD_FL
#define FS_CASEFOLD_FL 0x40000000
#endif

static size_t from_hex(const char *text, unsigned char *bytes, size_t room)
{
    size_t count = strlen(text) / 2;
    for (size_t index = 0; index < count && index < room; index++) {
        char digits[3] = {text[2 * index], text[2 * index + 1], 0};
        bytes[index] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return count;
}

static int add_key(int folder, const char *hex)
{
    struct fscrypt_add_key_arg *request = calloc(1, sizeof *request + FSCRYPT_MAX_KEY_SIZE);
    request->key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
    request->raw_size = (unsigned)from_hex(hex, request->raw, FSCRYPT_MAX_KEY_SIZE);
    if (ioctl(folder, FS_IOC_ADD_ENCRYPTION_KEY, request) != 0) {
        return -1;
    }
    for (size_t index = 0; index < FSCRYPT_KEY_IDENTIFIER_SIZE; index++) {
        printf("%02x", request->key_spec.u.identifier[index]);
    }
    return printf("\n") > 0 ? 0 : -1;
}

static int set_policy(int folder, const char *identifier, const char *padding)
{
    struct fscrypt_policy_v2 policy = {
        .version = FSCRYPT_POLICY_V2,
        .contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
        .filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS,
        .flags = (unsigned char)atoi(padding),
    };
    from_hex(identifier, policy.master_key_identifier, sizeof policy.master_key_identifier);
    return ioctl(folder, FS_IOC_SET_ENCRYPTION_POLICY, &policy);
}

static int set_casefold(int folder)
{
    int flags;
    if (ioctl(folder, FS_IOC_GETFLAGS, &flags) != 0) {
        return -1;
    }
    flags |= FS_CASEFOLD_FL;
    return ioctl(folder, FS_IOC_SETFLAGS, &flags);
}

int main(int count, char **words)
{
    int folder = count < 3 ? -1 : open(words[2], O_RDONLY);
    int done = -1;
    if (folder >= 0 && count == 4 && strcmp(words[1], "key") == 0) {
        done = add_key(folder, words[3]);
    } else if (folder >= 0 && count == 5 && strcmp(words[1], "policy") == 0) {
        done = set_policy(folder, words[3], words[4]);
    } else if (folder >= 0 && count == 3 && strcmp(words[1], "casefold") == 0) {
        done = set_casefold(folder);
    }
    if (done != 0) {
        perror(count > 1 ? words[1] : "protect");
    }
    return done == 0 ? 0 : 1;
}
