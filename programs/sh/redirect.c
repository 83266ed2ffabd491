/* SPDX-License-Identifier: ISC */
/* The streams of one command: its own descriptors instead of the shell's. */
#include <err.h>
#include <fcntl.h>
#include <unistd.h>

#include "sh.h"

struct target {
    int stream;
    int flags;
};

static const struct target targets[] = {
    [SHELLWORDS_INPUT] = {STDIN_FILENO, O_RDONLY},
    [SHELLWORDS_OUTPUT] = {STDOUT_FILENO, O_WRONLY | O_CREAT | O_TRUNC},
    [SHELLWORDS_APPEND] = {STDOUT_FILENO, O_WRONLY | O_CREAT | O_APPEND},
    [SHELLWORDS_ERROR_OUTPUT] = {STDERR_FILENO, O_WRONLY | O_CREAT | O_TRUNC},
    [SHELLWORDS_ERROR_APPEND] = {STDERR_FILENO, O_WRONLY | O_CREAT | O_APPEND},
};

void redirect_init(struct command *command)
{
    for (int stream = 0; stream < 3; stream++) {
        command->fds[stream] = stream;
    }
}

static void close_stream(struct command *command, int stream)
{
    if (command->fds[stream] != stream) {
        (void)close(command->fds[stream]); /* whoever wrote to it has seen his errors */
        command->fds[stream] = stream;
    }
}

bool redirect(struct command *command, enum shellwords_kind kind, const char *path)
{
    int fd = open(path, targets[kind].flags, 0666);
    if (fd < 0) {
        warn("%s", path);
        return false;
    }
    close_stream(command, targets[kind].stream);
    command->fds[targets[kind].stream] = fd;
    return true;
}

void redirect_end(struct command *command)
{
    for (int stream = 0; stream < 3; stream++) {
        close_stream(command, stream);
    }
}
