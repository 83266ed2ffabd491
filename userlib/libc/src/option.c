/* SPDX-License-Identifier: ISC */
/* getopt: options of one letter, grouped or not, with values attached or following. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *optarg;
int optind = 1;
int opterr = 1;
int optopt;

static size_t next_letter; /* inside argv[optind], 0 at the start of an argument */

static int complain(char *const argv[], const char *options, const char *what)
{
    if (opterr && *options != ':') {
        (void)dprintf(STDERR_FILENO, "%s: %s -- '%c'\n", argv[0], what, optopt);
    }
    return '?';
}

/* Find the value of an option that has one: the rest of the argument, or the next argument. */
static int take_value(int argc, char *const argv[], const char *options)
{
    const char *rest = argv[optind] + next_letter;
    next_letter = 0;
    optind++;
    if (*rest != 0) {
        optarg = (char *)rest;
        return optopt;
    }
    if (optind >= argc) {
        (void)complain(argv, options, "option needs a value");
        return *options == ':' ? ':' : '?';
    }
    optarg = argv[optind++];
    return optopt;
}

int getopt(int argc, char *const argv[], const char *options)
{
    optarg = nullptr;
    if (next_letter == 0) {
        if (optind >= argc || argv[optind][0] != '-' || argv[optind][1] == 0) {
            return -1;
        }
        if (strcmp(argv[optind], "--") == 0) {
            optind++;
            return -1;
        }
        next_letter = 1;
    }
    optopt = (unsigned char)argv[optind][next_letter++];
    const char *option = optopt == ':' ? nullptr : strchr(options, optopt);
    if (option != nullptr && option[1] == ':') {
        return take_value(argc, argv, options);
    }
    if (argv[optind][next_letter] == 0) {
        next_letter = 0;
        optind++;
    }
    return option == nullptr ? complain(argv, options, "unknown option") : optopt;
}
