/* SPDX-License-Identifier: ISC */
/* head: print the first lines of files. */
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: head [-n COUNT] [FILE...]\n"
    "Print the first lines, 10 unless told otherwise, of files or standard input.\n";

static unsigned long long parse_number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (end == text || *end != 0 || errno != 0 || strchr(text, '-') != nullptr) {
        errno = EINVAL;
        err(2, "%s", text);
    }
    return number;
}

static bool show(const char *path, unsigned long long line_count)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *input = standard ? stdin : fopen(path, "r");
    if (input == nullptr) {
        warn("%s", path);
        return false;
    }
    char *line = nullptr;
    size_t line_bytes = 0;
    while (line_count > 0) {
        ssize_t bytes = getline(&line, &line_bytes, input);
        if (bytes < 0) {
            break;
        }
        (void)fwrite(line, 1, (size_t)bytes, stdout); /* program_end() sees a failure */
        line_count--;
    }
    bool failed = ferror(input) != 0;
    if (failed) {
        warn("%s", path);
    }
    free(line);
    if (!standard) {
        (void)fclose(input); /* it was only read */
    }
    return !failed;
}

int main(int argc, char **argv)
{
    unsigned long long line_count = 10;
    bool failed = false;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "n:"); option != -1; option = getopt(argc, argv, "n:")) {
        if (option != 'n') {
            program_fail_usage();
        }
        line_count = parse_number(optarg);
    }
    for (int index = optind; index < argc; index++) {
        if (argc - optind > 1) {
            (void)printf("%s==> %s <==\n", index > optind ? "\n" : "", argv[index]);
        }
        failed |= !show(argv[index], line_count);
    }
    if (optind == argc) {
        failed = !show("-", line_count);
    }
    return program_end(failed);
}
