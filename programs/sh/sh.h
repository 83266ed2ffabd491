/* SPDX-License-Identifier: ISC */
/*
 * The shell: what its files share.
 *
 *     main.c       options, and where commands come from
 *     terminal.c   lines from a terminal, with editing and history
 *     run.c        a text of commands: checked whole, then run one by one
 *     launch.c     one command that is a program: found, started, waited for
 *     redirect.c   the streams of one command
 *     builtin.c    commands of the shell itself
 *     variables.c  variables, exported or not
 */
#pragma once

#include <lib/shellwords/shellwords.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum exit_status {
    EXIT_STATUS_SUCCESS = 0,
    EXIT_STATUS_FAILURE = 1,
    EXIT_STATUS_USAGE = 2, /* also a text that is no sequence of commands */
    EXIT_STATUS_NOT_EXECUTABLE = 126,
    EXIT_STATUS_UNKNOWN_COMMAND = 127,
    EXIT_STATUS_INTERRUPTED = 130,
    EXIT_STATUS_FAULTED = 134
};

/* Limits of one command. */
constexpr size_t word_count_max = 512;
constexpr size_t word_bytes_max = 32768;

struct shell {
    int status;       /* of the last command; the value of $? */
    bool exiting;     /* `exit` was run */
    bool interrupted; /* a program was ended by ^C: what follows it is not run */
    bool interactive;
    const char *source; /* for messages: the file that commands come from, or a null pointer */
};

/* One command, expanded. */
struct command {
    char **words; /* argv: `count` words and a null pointer */
    size_t count;
    int fds[3]; /* input, output, error output */
};

/* run.c */

/* Check `text` and run its commands; their last status is in the shell. */
void run_text(struct shell *shell, const char *text);

/* launch.c */

/* Run a program and wait for it; its status. */
int launch(struct shell *shell, const struct command *command);

/* redirect.c */

/* The streams of a command before any redirection. */
void redirect_init(struct command *command);

/* Open `path` as one of the streams. False, reported, if that fails. */
bool redirect(struct command *command, enum shellwords_kind kind, const char *path);

/* Close what was opened; safe after a failure, too. */
void redirect_end(struct command *command);

/* builtin.c */

/* A command of the shell itself; prints to `out`, complains on stderr, returns the status. */
typedef int builtin(struct shell *shell, const struct command *command, FILE *out);

/* The builtin of that name, or a null pointer. */
builtin *builtin_find(const char *name);

/* variables.c */

const char *variables_get(const char *name);

/* Set a variable; one that is exported stays so. False, with errno, without memory. */
bool variables_set(const char *name, const char *value);

/* Let children see a variable. */
bool variables_export(const char *name);
void variables_unset(const char *name);

/* Print all as NAME=VALUE, those of the shell alone first. */
void variables_print(FILE *out);

/* terminal.c */

/* Read commands from the terminal and run them until it ends or the shell exits. */
void terminal_run(struct shell *shell);

void terminal_print_history(FILE *out);
