/* SPDX-License-Identifier: ISC */
/* caps: print what a program may do, that is, the capabilities that it was started with. */
#include <erix/inspect.h>
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: caps [PROCESS]\n"
    "Print the capabilities that a process was started with: slot, kind, name and\n"
    "rights. What is not in the list, it cannot do. Without a process: this one.\n";

static uint64_t parse_process(const char *text)
{
    char *end;
    uint64_t process = strtoull(text, &end, 10);
    if (end == text || *end != 0 || process == 0) {
        errno = EINVAL;
        err(2, "%s", text);
    }
    return process;
}

int main(int argc, char **argv)
{
    struct erix_capability capability;
    uint64_t cursor = 0;
    program_begin(argc, argv, help);
    if (argc > 2) {
        program_fail_usage();
    }
    uint64_t process = argc == 2 ? parse_process(argv[1]) : 0;
    int found = erix_capability_next(process, &cursor, &capability);
    if (found >= 0) {
        (void)printf("%4s  %-14s %-20s %s\n", "slot", "kind", "name", "rights");
    }
    for (; found > 0; found = erix_capability_next(process, &cursor, &capability)) {
        (void)printf("%4llu  %-14s %-20s %s\n", (unsigned long long)capability.slot,
            capability.kind, capability.name, capability.rights);
    }
    if (found < 0) {
        err(1, "%s", argc == 2 ? argv[1] : "this process");
    }
    return program_end(false);
}
