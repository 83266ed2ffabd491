/* SPDX-License-Identifier: ISC */
/* pwd: print the working directory. */
#include <erix/program.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char path[PATH_MAX];
    program_begin(argc, argv, "usage: pwd\nPrint the path of the working directory.\n");
    if (argc > 1) {
        program_fail_usage();
    }
    if (getcwd(path, sizeof(path)) == nullptr) {
        err(1, "working directory");
    }
    (void)puts(path); /* program_end() sees a failure */
    return program_end(false);
}
