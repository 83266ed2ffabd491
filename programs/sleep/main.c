/* SPDX-License-Identifier: ISC */
/* sleep: wait. */
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    constexpr unsigned long seconds_max = 1'000'000'000;
    program_begin(argc, argv, "usage: sleep SECONDS\nWait that long.\n");
    if (argc != 2) {
        program_fail_usage();
    }
    char *end;
    unsigned long seconds = strtoul(argv[1], &end, 10);
    if (end == argv[1] || *end != 0 || seconds > seconds_max) {
        errno = EINVAL;
        err(2, "%s", argv[1]);
    }
    if (sleep((unsigned)seconds) != 0) {
        err(1, nullptr);
    }
    return 0;
}
