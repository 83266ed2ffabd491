/* SPDX-License-Identifier: ISC */
/* The life of the program: start, exit, abort, failed assertions; and the life of its children. */
#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "library.h"

int main(int argc, char **argv, char **environment);

static struct {
    void (*functions[ATEXIT_MAX])(void);
    size_t count;
} at_exit;

_Noreturn void library_start(int argc, char **argv, char **environment)
{
    program_set_name(argc > 0 ? argv[0] : "");
    environ = environment;
    path_start();
    exit(main(argc, argv, environment));
}

int atexit(void (*function)(void))
{
    if (at_exit.count == ATEXIT_MAX) {
        return -1;
    }
    at_exit.functions[at_exit.count++] = function;
    return 0;
}

_Noreturn void exit(int status)
{
    while (at_exit.count > 0) {
        at_exit.functions[--at_exit.count]();
    }
    stream_flush_all();
    system_exit(status & 0xff);
}

_Noreturn void _Exit(int status)
{
    system_exit(status & 0xff);
}

_Noreturn void _exit(int status)
{
    system_exit(status & 0xff);
}

_Noreturn void abort(void)
{
    system_abort();
}

_Noreturn void assert_failed(
    const char *condition, const char *file, int line, const char *function)
{
    (void)dprintf(STDERR_FILENO, "%s:%d: %s: does not hold: %s\n", file, line, function, condition);
    system_abort();
}

pid_t process_spawn(const struct process_request *request)
{
    if (request->path == nullptr || request->arguments == nullptr ||
        request->environment == nullptr) {
        errno = EINVAL;
        return -1;
    }
    struct process_request resolved = *request;
    resolved.path = path_resolve(request->path, PATH_FIRST);
    if (resolved.path == nullptr) {
        return -1;
    }
    return (pid_t)library_result(system_spawn(&resolved));
}

int process_wait(pid_t process, struct process_result *result_out)
{
    return (int)library_result(system_wait(process, result_out));
}

pid_t getpid(void)
{
    return system_process_id();
}

int terminal_set_mode(int fd, enum terminal_mode mode)
{
    return (int)library_result(system_set_terminal_mode(fd, mode));
}

int terminal_set_foreground(int fd, pid_t process)
{
    return (int)library_result(system_set_foreground(fd, process));
}
