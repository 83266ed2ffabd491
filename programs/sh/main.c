/* SPDX-License-Identifier: ISC */
/* sh: the shell. Where its commands come from: an argument, a file, a terminal, standard input. */
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

static const char help[] =
    "usage: sh [-c COMMANDS | FILE]\n"
    "Run commands: those given, those in a file, or those typed in or read from\n"
    "standard input. The exit status is that of the last command.\n"
    "The command `help` explains the language.\n";

constexpr size_t script_bytes_max = 262144;

/* The whole file as a string on the heap; ends the program with 127 if it cannot be read. */
static char *read_script(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(script_bytes_max);
    if (file == nullptr || text == nullptr) {
        err(errno == ENOENT ? EXIT_STATUS_UNKNOWN_COMMAND : EXIT_STATUS_NOT_EXECUTABLE, "%s", path);
    }
    size_t bytes = fread(text, 1, script_bytes_max, file);
    if (ferror(file)) {
        err(EXIT_STATUS_NOT_EXECUTABLE, "%s", path);
    }
    (void)fclose(file); /* it was only read */
    if (bytes == script_bytes_max || memchr(text, 0, bytes) != nullptr) {
        errx(EXIT_STATUS_NOT_EXECUTABLE, "%s: not a text, or longer than %zu bytes", path,
            script_bytes_max - 1);
    }
    text[bytes] = 0;
    return text;
}

static void run_file(struct shell *shell, const char *path)
{
    char *text = read_script(path);
    shell->source = path;
    run_text(shell, text);
    free(text);
}

/* Line by line, and reading no further than the line: the rest is for the programs that are run. */
static void run_input(struct shell *shell)
{
    char *line = nullptr;
    size_t line_bytes = 0;
    (void)setvbuf(stdin, nullptr, _IONBF, 0);
    while (!shell->exiting && !shell->interrupted && getline(&line, &line_bytes, stdin) >= 0) {
        run_text(shell, line);
    }
    if (ferror(stdin)) {
        warn("standard input");
        shell->status = EXIT_STATUS_FAILURE;
    }
    free(line);
}

int main(int argc, char **argv)
{
    struct shell shell = {};
    program_begin(argc, argv, help);
    bool commands = argc > 1 && strcmp(argv[1], "-c") == 0;
    if (argc > (commands ? 3 : 2) || (commands && argc != 3) || (argc == 2 && argv[1][0] == '-')) {
        program_fail_usage();
    }
    if (commands) {
        run_text(&shell, argv[2]);
    } else if (argc == 2) {
        run_file(&shell, argv[1]);
    } else if (isatty(STDIN_FILENO)) {
        shell.interactive = true;
        terminal_run(&shell);
    } else {
        run_input(&shell);
    }
    return shell.status;
}
