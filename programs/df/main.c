/* SPDX-License-Identifier: ISC */
/* df: print how full file systems are. */
#include <erix/inspect.h>
#include <erix/program.h>
#include <err.h>
#include <stdio.h>

static const char help[] =
    "usage: df [PATH...]\n"
    "Print size and use of all mounted file systems, in KiB, or of those that\n"
    "hold the paths.\n";

static void print_title(void)
{
    (void)printf(
        "%-20s %12s %12s %12s %5s  %s\n", "source", "size", "used", "free", "used", "path");
}

static bool print_volume(const char *source, const char *path)
{
    struct erix_volume volume;
    if (erix_volume_of(path, &volume) < 0) {
        warn("%s", path);
        return false;
    }
    uint64_t used_count = volume.block_count - volume.block_free_count;
    uint64_t percent = volume.block_count == 0
                           ? 0
                           : (used_count * 100 + volume.block_count - 1) / volume.block_count;
    (void)printf("%-20s %12llu %12llu %12llu %4llu%%  %s\n", source,
        (unsigned long long)(volume.block_count * volume.block_bytes / 1024),
        (unsigned long long)(used_count * volume.block_bytes / 1024),
        (unsigned long long)(volume.block_free_count * volume.block_bytes / 1024),
        (unsigned long long)percent, path);
    return true;
}

static bool print_mounts(void)
{
    static struct erix_mount mount;
    uint64_t cursor = 0;
    bool complete = true;
    int found = erix_mount_next(&cursor, &mount);
    for (; found > 0; found = erix_mount_next(&cursor, &mount)) {
        const char *source = mount.source[0] != '\0' ? mount.source : mount.type;
        complete &= print_volume(source, mount.path);
    }
    if (found < 0) {
        err(1, nullptr);
    }
    return complete;
}

int main(int argc, char **argv)
{
    bool failed = false;
    program_begin(argc, argv, help);
    print_title();
    for (int index = 1; index < argc; index++) {
        failed |= !print_volume("-", argv[index]);
    }
    if (argc < 2) {
        failed = !print_mounts();
    }
    return program_end(failed);
}
