/* SPDX-License-Identifier: ISC */
/*
 * erixfs: looks into file-system images with EriX's own libraries. Needs no root, mounts nothing
 * on the host and never writes to an image.
 */
#include "commands.h"
#include "unlock.h"

#include <stdio.h>
#include <string.h>

/* Exit statuses. */
constexpr int exit_well = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

struct command {
    const char *name;
    const char *arguments;
    const char *help;
    bool (*run)(struct volume *volume, const char *path);
};

static const struct command commands[] = {
    {"info", "IMAGE", "what the volume is: size, features, state", command_info},
    {"ls", "IMAGE [PATH]", "the entries of a directory", command_list},
    {"cat", "IMAGE PATH", "the contents of a file", command_cat},
    {"tree", "IMAGE [PATH]", "everything below a directory", command_tree},
    {"stat", "IMAGE [PATH]", "attributes of a file and where its blocks are", command_stat},
};

constexpr size_t command_count = sizeof commands / sizeof commands[0];

static int usage(FILE *stream)
{
    (void)fprintf(stream, "usage: erixfs COMMAND [OPTION VALUE]... IMAGE [PATH]\n\n");
    for (size_t index = 0; index < command_count; index++) {
        (void)fprintf(stream, "  %-5s %-13s %s\n", commands[index].name, commands[index].arguments,
            commands[index].help);
    }
    (void)fprintf(stream, "\nIMAGE is a file with an ext2, ext3 or ext4 volume from its first byte"
                          " on. It is only read.\n"
                          "\n  --key HEX            a master key of 64 bytes, for encrypted files\n"
                          "  --trust sha256:HEX   the digest of a sealed file; or sha512:HEX\n");
    return stream == stdout ? exit_well : exit_usage;
}

/* Mounts, unlocks, runs, closes. */
static bool run(
    const struct command *command, const struct unlock *unlock, const char *image, const char *path)
{
    static struct volume volume;
    if (!volume_open(&volume, image)) {
        return false;
    }
    enum status status = unlock_apply(unlock, &volume.mount);
    if (status != STATUS_OK) {
        volume_complain(&volume, nullptr, status);
    }
    bool well = status == STATUS_OK && command->run(&volume, path);
    volume_close(&volume);
    return well;
}

static const struct command *find_command(const char *name)
{
    for (size_t index = 0; index < command_count; index++) {
        if (strcmp(commands[index].name, name) == 0) {
            return &commands[index];
        }
    }
    return nullptr;
}

int main(int argument_count, char **arguments)
{
    static struct unlock unlock;
    if (argument_count == 2 && strcmp(arguments[1], "--help") == 0) {
        return usage(stdout);
    }
    if (argument_count < 3) {
        return usage(stderr);
    }
    const struct command *command = find_command(arguments[1]);
    if (command == nullptr) {
        (void)fprintf(stderr, "erixfs: no command '%s'\n\n", arguments[1]);
        return usage(stderr);
    }
    int at = 2;
    while (at < argument_count && strncmp(arguments[at], "--", 2) == 0) {
        if (!unlock_parse(&unlock, arguments + at, argument_count - at)) {
            return exit_usage;
        }
        at += 2;
    }
    if (argument_count - at < 1 || argument_count - at > 2) {
        return usage(stderr);
    }
    const char *path = argument_count - at == 2 ? arguments[at + 1] : "/";
    bool well = run(command, &unlock, arguments[at], path);
    if (fflush(stdout) != 0) {
        perror("erixfs");
        return exit_failed;
    }
    return well ? exit_well : exit_failed;
}
