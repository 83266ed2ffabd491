/* SPDX-License-Identifier: ISC */
/* e2fsck as a judge of what tests of lib/ext wrote. */
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

constexpr int fsck_limit_ms = 60'000;
constexpr size_t fsck_output_max = 8192;

extern char **environ;

/* What e2fsck says, until it ends or its time is up; its wait status. */
static inline int fsck_read_output(pid_t child, int pipe_end, char *output)
{
    size_t size = 0;
    struct pollfd poll_entry = {.fd = pipe_end, .events = POLLIN};
    while (poll(&poll_entry, 1, fsck_limit_ms) > 0 && size + 1 < fsck_output_max) {
        ssize_t count = read(pipe_end, output + size, fsck_output_max - 1 - size);
        if (count <= 0) {
            break;
        }
        size += (size_t)count;
    }
    output[size] = '\0';
    (void)close(pipe_end);
    int wait_status = -1;
    if (waitpid(child, &wait_status, size + 1 < fsck_output_max ? 0 : WNOHANG) != child) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, &wait_status, 0);
    }
    return wait_status;
}

/* Runs e2fsck with one more option word on file `name`; its exit status, or -1. */
static inline int fsck_run(const char *mode, const char *name, char *output)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return -1;
    }
    char *arguments[] = {(char *)"e2fsck", (char *)mode, (char *)"-E",
        (char *)"no_optimize_extents", (char *)name, nullptr};
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    (void)posix_spawn_file_actions_addclose(&actions, ends[0]);
    (void)posix_spawn_file_actions_addclose(&actions, ends[1]);
    pid_t child;
    int error = posix_spawnp(&child, "e2fsck", &actions, nullptr, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    if (error != 0) {
        (void)close(ends[0]);
        return -1;
    }
    int wait_status = fsck_read_output(child, ends[0], output);
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

static inline bool fsck_is_silent(const char *output)
{
    static const char *const words[] = {
        "?", "gnored", "GNORED", "kipping", "arning", "WARNING", "rror"};
    for (size_t index = 0; index < sizeof words / sizeof words[0]; index++) {
        if (strstr(output, words[index]) != nullptr) {
            return false;
        }
    }
    return true;
}

/*
 * Whether e2fsck finds nothing to say about file `name`: status 0, and no word of a question, of
 * something ignored or left out. Prints what it says otherwise. It is not asked whether extents
 * could be packed more densely: any tree with three nodes that are half full could.
 */
static inline bool fsck_is_clean(const char *name)
{
    static char output[fsck_output_max];
    int status = fsck_run("-fn", name, output);
    bool clean = status == 0 && fsck_is_silent(output);
    if (!clean) {
        printf("e2fsck -fn: status %d\n%s\n", status, output);
    }
    return clean;
}
