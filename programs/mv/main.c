/* SPDX-License-Identifier: ISC */
/* mv: rename files; a plain file also moves to another file system, by copying. */
#include <erix/program.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: mv SOURCE... TARGET\n"
    "Give a file the path TARGET, or move files into the directory TARGET.\n";

static char buffer[65536];

static bool complain(const char *path)
{
    warn("%s", path);
    return false;
}

static bool copy_bytes(int source, int target)
{
    ssize_t count = read(source, buffer, sizeof(buffer));
    while (count > 0) {
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(target, buffer + done, (size_t)(count - done));
            if (written <= 0) {
                return false;
            }
            done += written;
        }
        count = read(source, buffer, sizeof(buffer));
    }
    return count == 0 && fsync(target) == 0;
}

/* The source is removed only when the copy is on the medium; a copy that failed is removed. */
static bool move_by_copy(const char *source, const char *target)
{
    struct stat found;
    if (lstat(source, &found) < 0) {
        return complain(source);
    }
    if (!S_ISREG(found.st_mode)) {
        errno = EXDEV;
        return complain(source);
    }
    int source_fd = open(source, O_RDONLY);
    if (source_fd < 0) {
        return complain(source);
    }
    int target_fd = open(target, O_WRONLY | O_CREAT | O_TRUNC, found.st_mode & 0777);
    bool copied = target_fd >= 0 && copy_bytes(source_fd, target_fd);
    int error = errno;
    copied = (target_fd < 0 || close(target_fd) == 0) && copied;
    (void)close(source_fd); /* it was only read */
    if (!copied) {
        errno = error;
        (void)complain(target);
        (void)unlink(target); /* what is reported is why the copy failed */
        return false;
    }
    return unlink(source) == 0 || complain(source);
}

static bool move(const char *source, const char *target)
{
    struct stat found;
    if (lstat(source, &found) < 0) {
        return complain(source);
    }
    if (rename(source, target) == 0) {
        return true;
    }
    return errno == EXDEV ? move_by_copy(source, target) : complain(target);
}

static bool move_into(const char *source, const char *directory)
{
    static char target[PATH_MAX];
    size_t end = strlen(source);
    while (end > 1 && source[end - 1] == '/') {
        end--;
    }
    size_t first = end;
    while (first > 0 && source[first - 1] != '/') {
        first--;
    }
    int bytes =
        snprintf(target, sizeof(target), "%s/%.*s", directory, (int)(end - first), source + first);
    if (bytes < 0 || (size_t)bytes >= sizeof(target)) {
        errno = ENAMETOOLONG;
        return complain(source);
    }
    return move(source, target);
}

int main(int argc, char **argv)
{
    bool failed = false;
    struct stat found;
    program_begin(argc, argv, help);
    if (getopt(argc, argv, "") != -1 || argc - optind < 2) {
        program_fail_usage();
    }
    const char *target = argv[argc - 1];
    bool into = stat(target, &found) == 0 && S_ISDIR(found.st_mode);
    if (argc - optind > 2 && !into) {
        errno = ENOTDIR;
        err(1, "%s", target);
    }
    for (int index = optind; index < argc - 1; index++) {
        failed |= !(into ? move_into(argv[index], target) : move(argv[index], target));
    }
    return program_end(failed);
}
