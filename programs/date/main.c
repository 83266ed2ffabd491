/* SPDX-License-Identifier: ISC */
/* date: print the date and time. */
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] = "usage: date [-d @SECONDS] [+FORMAT]\n"
                           "Print the date and time in UTC, or in the form of strftime's FORMAT.\n"
                           "  -d @SECONDS  that time since 1970 instead of now\n";

static time_t parse_time(const char *text)
{
    char *end;
    errno = 0;
    time_t time = strtoll(text + (*text == '@'), &end, 10);
    if (*text != '@' || end == text + 1 || *end != 0 || errno != 0) {
        errno = EINVAL;
        err(2, "%s", text);
    }
    return time;
}

int main(int argc, char **argv)
{
    static char text[512];
    const char *format = "%a %b %e %H:%M:%S UTC %Y";
    time_t when = 0;
    int index = 1;
    struct tm calendar;
    program_begin(argc, argv, help);
    if (index + 1 < argc && strcmp(argv[index], "-d") == 0) {
        when = parse_time(argv[index + 1]);
        index += 2;
    } else if (time(&when) < 0) {
        err(1, nullptr);
    }
    if (index < argc && argv[index][0] == '+') {
        format = argv[index++] + 1;
    }
    if (index < argc) {
        program_fail_usage();
    }
    if (gmtime_r(&when, &calendar) == nullptr) {
        err(1, "%lld", (long long)when);
    }
#pragma clang diagnostic ignored                                                                   \
    "-Wformat-nonliteral" /* the format is the user's: that is its use */
    if (strftime(text, sizeof(text), format, &calendar) == 0 && *format != 0) {
        errx(1, "%s: the result is empty or too long", format);
    }
    (void)puts(text); /* program_end() sees a failure */
    return program_end(false);
}
