/* SPDX-License-Identifier: ISC */
/* rm: remove files, and with -r whole trees. */
#include <dirent.h>
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] = "usage: rm [-r] [-f] FILE...\n"
                           "Remove files.\n"
                           "  -r  remove directories and all that is in them\n"
                           "  -f  files that do not exist are fine\n";

static struct {
    bool recursive;
    bool force;
    char path[PATH_MAX]; /* of what is being removed */
} rm;

static bool remove_path(void);

static bool complain(void)
{
    warn("%s", rm.path);
    return false;
}

static int is_child(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Remove one child of the directory at rm.path, which is `path_bytes` long. */
static bool remove_child(size_t path_bytes, const char *name)
{
    if (path_bytes + 1 + strlen(name) >= sizeof(rm.path)) {
        errno = ENAMETOOLONG;
        return complain();
    }
    rm.path[path_bytes] = '/';
    (void)strcpy(rm.path + path_bytes + 1, name);
    bool removed = remove_path();
    rm.path[path_bytes] = 0;
    return removed;
}

/* The names are read before anything is removed: a listing need not survive changes. */
static bool remove_children(void)
{
    struct dirent **children;
    size_t path_bytes = strlen(rm.path);
    int count = scandir(rm.path, &children, is_child, nullptr);
    if (count < 0) {
        return complain();
    }
    bool removed = true;
    for (int index = 0; index < count; index++) {
        removed &= remove_child(path_bytes, children[index]->d_name);
        free(children[index]);
    }
    free(children);
    return removed;
}

/* Remove what rm.path names; failures are reported. The depth is bounded by PATH_MAX. */
static bool remove_path(void)
{
    struct stat found;
    if (lstat(rm.path, &found) < 0) {
        return (rm.force && errno == ENOENT) || complain();
    }
    if (!S_ISDIR(found.st_mode)) {
        return unlink(rm.path) == 0 || complain();
    }
    if (!rm.recursive) {
        errno = EISDIR;
        return complain();
    }
    return remove_children() && (rmdir(rm.path) == 0 || complain());
}

/* "/", "." and ".." are never removed: that is always a mistake. */
static bool is_protected(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash == nullptr ? path : slash + 1;
    return strspn(path, "/") == strlen(path) || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

static bool remove_argument(const char *path)
{
    if (*path != 0 && is_protected(path)) {
        warnx("%s: refusing to remove it", path);
        return false;
    }
    if (strlen(path) >= sizeof(rm.path)) {
        errno = ENAMETOOLONG;
        warn("%s", path);
        return false;
    }
    (void)strcpy(rm.path, path);
    return remove_path();
}

int main(int argc, char **argv)
{
    bool failed = false;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "rf"); option != -1; option = getopt(argc, argv, "rf")) {
        if (option == '?') {
            program_fail_usage();
        }
        rm.recursive |= option == 'r';
        rm.force |= option == 'f';
    }
    if (optind == argc && !rm.force) {
        program_fail_usage();
    }
    for (int index = optind; index < argc; index++) {
        failed |= !remove_argument(argv[index]);
    }
    return program_end(failed);
}
