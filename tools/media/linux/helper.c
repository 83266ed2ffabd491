/* SPDX-License-Identifier: ISC */
/*
 * What a shell cannot ask of Linux's ext4: encryption, verity, folding, holes, fsync, open files
 * without names. Runs as root in the machine of linux.py; each call does one thing and ends with 1
 * if it cannot.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/fsverity.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

constexpr int casefold_flag = 0x40000000;
constexpr int key_bytes = 64;
constexpr int record_bytes = 16;
constexpr int orphan_bytes = 9000;

static int open_or_end(const char *path, int flags)
{
    int file = open(path, flags, 0644);
    if (file < 0) {
        perror(path);
        exit(1);
    }
    return file;
}

static int tell(const char *what, int result)
{
    if (result < 0) {
        perror(what);
    }
    return result < 0 ? 1 : 0;
}

/* casefold DIR */
static int fold(char **words)
{
    int directory = open_or_end(words[0], O_RDONLY);
    int flags;
    if (tell("flags", ioctl(directory, FS_IOC_GETFLAGS, &flags)) != 0) {
        return 1;
    }
    flags |= casefold_flag;
    return tell("casefold", ioctl(directory, FS_IOC_SETFLAGS, &flags));
}

/* key MOUNT: adds the key 00 01 02 ... 3f and prints its identifier. */
static int add_key(char **words)
{
    struct fscrypt_add_key_arg *request = calloc(1, sizeof *request + key_bytes);
    if (request == nullptr) {
        return 1;
    }
    request->key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
    request->raw_size = key_bytes;
    for (int index = 0; index < key_bytes; index++) {
        request->raw[index] = (uint8_t)index;
    }
    int mount = open_or_end(words[0], O_RDONLY);
    if (tell("key", ioctl(mount, FS_IOC_ADD_ENCRYPTION_KEY, request)) != 0) {
        return 1;
    }
    for (int index = 0; index < FSCRYPT_KEY_IDENTIFIER_SIZE; index++) {
        printf("%02x", request->key_spec.u.identifier[index]);
    }
    puts("");
    return 0;
}

/* policy DIR IDENTIFIER: AES-256-XTS contents, AES-256-CTS names, names padded to 32 bytes. */
static int set_policy(char **words)
{
    struct fscrypt_policy_v2 policy = {
        .version = FSCRYPT_POLICY_V2,
        .contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
        .filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS,
        .flags = FSCRYPT_POLICY_FLAGS_PAD_32,
    };
    for (int index = 0; index < FSCRYPT_KEY_IDENTIFIER_SIZE; index++) {
        char digits[3] = {words[1][2 * index], words[1][2 * index + 1]};
        policy.master_key_identifier[index] = (uint8_t)strtoul(digits, nullptr, 16);
    }
    int directory = open_or_end(words[0], O_RDONLY);
    return tell("policy", ioctl(directory, FS_IOC_SET_ENCRYPTION_POLICY, &policy));
}

/* verity FILE: SHA-256, blocks of 4096 bytes, no salt. */
static int enable_verity(char **words)
{
    struct fsverity_enable_arg request = {
        .version = 1, .hash_algorithm = FS_VERITY_HASH_ALG_SHA256, .block_size = 4096};
    int file = open_or_end(words[0], O_RDONLY);
    return tell("verity", ioctl(file, FS_IOC_ENABLE_VERITY, &request));
}

static int synchronise(char **words)
{
    return tell("fsync", fsync(open_or_end(words[0], O_RDONLY)));
}

/* stamp FILE TAG OFFSET BYTES: records of 16 bytes that say whose they are and where they stand. */
static int stamp(char **words)
{
    long offset_bytes = atol(words[2]);
    long end_bytes = offset_bytes + atol(words[3]);
    int file = open_or_end(words[0], O_RDWR | O_CREAT);
    for (long at_bytes = offset_bytes; at_bytes < end_bytes; at_bytes += record_bytes) {
        char record[record_bytes + 1];
        (void)snprintf(record, sizeof record, "%-6.6s %08lx\n", words[1], at_bytes);
        long left_bytes = end_bytes - at_bytes;
        size_t size_bytes = left_bytes < record_bytes ? (size_t)left_bytes : record_bytes;
        if (pwrite(file, record, size_bytes, at_bytes) != (ssize_t)size_bytes) {
            perror(words[0]);
            return 1;
        }
    }
    return tell("fsync", fsync(file));
}

/* cut FILE BYTES */
static int cut(char **words)
{
    int file = open_or_end(words[0], O_RDWR);
    return tell("truncate", ftruncate(file, atol(words[1]))) | tell("fsync", fsync(file));
}

/* punch FILE OFFSET BYTES */
static int punch(char **words)
{
    int file = open_or_end(words[0], O_RDWR);
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return tell("punch", fallocate(file, mode, atol(words[1]), atol(words[2]))) |
           tell("fsync", fsync(file));
}

/* orphans DIR COUNT: leaves that many unlinked files open, says so, and waits to be killed. */
static int hold_orphans(char **words)
{
    static const char bytes[orphan_bytes] = "orphan";
    for (int index = 0; index < atoi(words[1]); index++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/orphan%d", words[0], index);
        int file = open_or_end(path, O_RDWR | O_CREAT);
        if (write(file, bytes, sizeof bytes) != sizeof bytes || fsync(file) != 0 ||
            unlink(path) != 0) {
            perror(path);
            return 1;
        }
    }
    sync();
    puts("orphans held");
    (void)fflush(stdout);
    return pause();
}

static const struct command {
    const char *name;
    int word_count;
    int (*run)(char **words);
} commands[] = {
    {"casefold", 1, fold},
    {"key", 1, add_key},
    {"policy", 2, set_policy},
    {"verity", 1, enable_verity},
    {"fsync", 1, synchronise},
    {"stamp", 4, stamp},
    {"cut", 2, cut},
    {"punch", 3, punch},
    {"orphans", 2, hold_orphans},
};

int main(int count, char **words)
{
    for (size_t index = 0; index < sizeof commands / sizeof commands[0]; index++) {
        const struct command *command = &commands[index];
        if (count == command->word_count + 2 && strcmp(words[1], command->name) == 0) {
            return command->run(words + 2);
        }
    }
    (void)fprintf(stderr, "helper: no such command\n");
    return 2;
}
