/* SPDX-License-Identifier: ISC */
/* false: do nothing, unsuccessfully. */
#include <erix/program.h>

int main(int argc, char **argv)
{
    program_begin(argc, argv, "usage: false\nDo nothing, with exit status 1.\n");
    return 1;
}
