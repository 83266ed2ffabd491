/* SPDX-License-Identifier: ISC */
/* shutdown: end the system. */
#include <erix/inspect.h>
#include <erix/program.h>
#include <err.h>
#include <unistd.h>

static const char help[] =
    "usage: shutdown [-r]\n"
    "Write everything to the disks, end all programs and switch the machine off.\n"
    "  -r  start it again\n";

int main(int argc, char **argv)
{
    enum erix_shutdown_mode mode = ERIX_SHUTDOWN_POWER_OFF;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "r"); option != -1; option = getopt(argc, argv, "r")) {
        if (option != 'r') {
            program_fail_usage();
        }
        mode = ERIX_SHUTDOWN_RESTART;
    }
    if (optind < argc) {
        program_fail_usage();
    }
    (void)erix_shutdown(mode); /* it returns only if it is refused */
    err(1, nullptr);
}
