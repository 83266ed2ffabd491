/* SPDX-License-Identifier: ISC */
/*
 * What the small programs of EriX have in common: --help, wrong usage, and an exit status that
 * tells the truth about output.
 *
 * Exit statuses: 0 all went well, 1 something failed and was reported, 2 wrong usage.
 */
#pragma once

#include <stdbool.h>

/*
 * If the first argument is --help, print `help` and exit with 0. The help begins with a line
 * "usage: NAME ...". To be called first in main().
 */
void program_begin(int argc, char **argv, const char *help);

/* Print the first line of the help on stderr and exit with 2. */
_Noreturn void program_fail_usage(void);

/* The status for main() to return: 0, or 1 if something `failed` or output could not be written. */
int program_end(bool failed);
