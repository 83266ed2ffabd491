/* SPDX-License-Identifier: ISC */
/* Messages of a program about itself: its name, its errors, its help. */
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"

static const char *name = ""; /* borrowed from argv */
static const char *help_text = "";

void program_set_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    name = slash == nullptr ? path : slash + 1;
}

__attribute__((__format__(__printf__, 1, 0))) static void print_message(
    const char *format, va_list arguments, const char *reason)
{
    (void)fflush(stdout); /* the message comes after what was printed before; stdout keeps errors */
    (void)setvbuf(stderr, nullptr, _IOLBF, 0); /* the parts leave together */
    (void)fprintf(stderr, "%s: ", name);
    if (format != nullptr) {
        (void)vfprintf(stderr, format, arguments);
    }
    (void)fprintf(stderr, "%s%s\n", format != nullptr && *reason != 0 ? ": " : "", reason);
    (void)setvbuf(stderr, nullptr, _IONBF, 0);
}

void warn(const char *format, ...)
{
    const char *reason = strerror(errno);
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments, reason);
    va_end(arguments);
}

void warnx(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments, "");
    va_end(arguments);
}

_Noreturn void err(int status, const char *format, ...)
{
    const char *reason = strerror(errno);
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments, reason);
    va_end(arguments);
    exit(status);
}

_Noreturn void errx(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_message(format, arguments, "");
    va_end(arguments);
    exit(status);
}

void program_begin(int argc, char **argv, const char *help)
{
    help_text = help;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        (void)fputs(help, stdout); /* program_end() sees a failure */
        exit(program_end(false));
    }
}

_Noreturn void program_fail_usage(void)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "%.*s\n", (int)strcspn(help_text, "\n"), help_text);
    exit(2);
}

int program_end(bool failed)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        warn("standard output");
        failed = true;
    }
    return failed ? 1 : 0;
}
