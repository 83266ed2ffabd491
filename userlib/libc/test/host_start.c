/* SPDX-License-Identifier: ISC */
/* The entry of a program of EriX that is built for tests on a host. */
#include <userlib/libc/src/system.h>

#undef main

int main(int argc, char **argv, char **environment);

int main(int argc, char **argv, char **environment)
{
    library_start(argc, argv, environment);
}
