/* SPDX-License-Identifier: ISC */
/* true: do nothing, successfully. */
#include <erix/program.h>

int main(int argc, char **argv)
{
    program_begin(argc, argv, "usage: true\nDo nothing, with exit status 0.\n");
    return 0;
}
