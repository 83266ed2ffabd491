/* SPDX-License-Identifier: ISC */
/* mounts: list the mounted file systems. */
#include <erix/inspect.h>
#include <erix/program.h>
#include <err.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static struct erix_mount mount;
    uint64_t cursor = 0;
    program_begin(
        argc, argv, "usage: mounts\nList the mounted file systems: source, path, type, access.\n");
    if (argc > 1) {
        program_fail_usage();
    }
    int found = erix_mount_next(&cursor, &mount);
    for (; found > 0; found = erix_mount_next(&cursor, &mount)) {
        const char *source = mount.source[0] != '\0' ? mount.source : mount.type;
        (void)printf("%s on %s type %s (%s)\n", source, mount.path, mount.type,
            mount.read_only ? "read-only" : "read-write");
    }
    if (found < 0) {
        err(1, nullptr);
    }
    return program_end(false);
}
