/* SPDX-License-Identifier: ISC */
/* mkdir: create directories. */
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: mkdir [-p] DIRECTORY...\n"
    "Create directories.\n"
    "  -p  create missing directories above as well; those that exist are fine\n";

static bool is_directory(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* Create one directory of a path; one that is there is fine. */
static bool create_or_accept(const char *path)
{
    if (mkdir(path, 0777) == 0) {
        return true;
    }
    int error = errno;
    bool exists = is_directory(path);
    errno = error;
    return exists;
}

static bool create_all(const char *path)
{
    static char part[PATH_MAX];
    if (strlen(path) >= sizeof(part)) {
        errno = ENAMETOOLONG;
        return false;
    }
    (void)strcpy(part, path);
    for (char *slash = strchr(part + 1, '/'); slash != nullptr; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (!create_or_accept(part)) {
            return false;
        }
        *slash = '/';
    }
    return create_or_accept(part);
}

int main(int argc, char **argv)
{
    bool parents = false;
    bool failed = false;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "p"); option != -1; option = getopt(argc, argv, "p")) {
        if (option != 'p') {
            program_fail_usage();
        }
        parents = true;
    }
    if (optind == argc) {
        program_fail_usage();
    }
    for (int index = optind; index < argc; index++) {
        bool created = parents && argv[index][0] != 0 ? create_all(argv[index])
                                                      : mkdir(argv[index], 0777) == 0;
        if (!created) {
            warn("%s", argv[index]);
            failed = true;
        }
    }
    return program_end(failed);
}
