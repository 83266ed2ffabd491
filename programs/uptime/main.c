/* SPDX-License-Identifier: ISC */
/* uptime: print how long the system has been running. */
#include <erix/program.h>
#include <err.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct timespec now;
    program_begin(argc, argv, "usage: uptime\nPrint how long the system has been running.\n");
    if (argc > 1) {
        program_fail_usage();
    }
    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0) {
        err(1, nullptr);
    }
    long long seconds = now.tv_sec;
    (void)printf("up %lld days %02lld:%02lld:%02lld.%03ld\n", seconds / 86400, seconds / 3600 % 24,
        seconds / 60 % 60, seconds % 60, now.tv_nsec / 1'000'000);
    return program_end(false);
}
