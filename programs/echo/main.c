/* SPDX-License-Identifier: ISC */
/* echo: print the arguments. */
#include <erix/program.h>
#include <stdio.h>
#include <string.h>

static const char help[] = "usage: echo [-n] [TEXT...]\n"
                           "Print the arguments with a blank between them, and a newline.\n"
                           "  -n  no newline at the end\n";

int main(int argc, char **argv)
{
    program_begin(argc, argv, help);
    bool newline = argc < 2 || strcmp(argv[1], "-n") != 0;
    int first = newline ? 1 : 2;
    for (int index = first; index < argc; index++) {
        (void)printf("%s%s", index > first ? " " : "", argv[index]);
    }
    (void)fputs(newline ? "\n" : "", stdout); /* program_end() sees a failure */
    return program_end(false);
}
