/* SPDX-License-Identifier: ISC */
/* env: print the environment. */
#include <erix/program.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    program_begin(argc, argv, "usage: env\nPrint the variables of the environment, one a line.\n");
    if (argc > 1) {
        program_fail_usage();
    }
    for (char **variable = environ; *variable != nullptr; variable++) {
        (void)puts(*variable); /* program_end() sees a failure */
    }
    return program_end(false);
}
