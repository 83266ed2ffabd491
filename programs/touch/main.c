/* SPDX-License-Identifier: ISC */
/* touch: create files, or give them the present time. */
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: touch FILE...\n"
    "Create each file that does not exist; set the times of others to now.\n";

static bool touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (fd >= 0) {
        return close(fd) == 0;
    }
    return errno == EEXIST && utimensat(AT_FDCWD, path, nullptr, 0) == 0;
}

int main(int argc, char **argv)
{
    bool failed = false;
    program_begin(argc, argv, help);
    if (argc < 2) {
        program_fail_usage();
    }
    for (int index = 1; index < argc; index++) {
        if (!touch(argv[index])) {
            warn("%s", argv[index]);
            failed = true;
        }
    }
    return program_end(failed);
}
