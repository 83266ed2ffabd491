/* SPDX-License-Identifier: ISC */
/* stat: print what is known about files. */
#include <erix/program.h>
#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char help[] = "usage: stat [-L] FILE...\n"
                           "Print type, size, mode, owner and times of files.\n"
                           "  -L  of the file that a link leads to, not of the link\n";

static const char *type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return "file";
    case S_IFDIR:
        return "directory";
    case S_IFLNK:
        return "link";
    case S_IFCHR:
        return "character device";
    case S_IFBLK:
        return "block device";
    case S_IFIFO:
        return "pipe";
    case S_IFSOCK:
        return "socket";
    default:
        return "unknown";
    }
}

static void print_time(const char *title, struct timespec time)
{
    char text[32];
    struct tm calendar = {};
    (void)gmtime_r(&time.tv_sec, &calendar); /* a time out of range is shown as zeros */
    (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &calendar);
    (void)printf("%-9s %s.%09ld\n", title, text, time.tv_nsec);
}

static bool show(const char *path, bool follow)
{
    static char target[PATH_MAX];
    struct stat found;
    int result = follow ? stat(path, &found) : lstat(path, &found);
    if (result < 0) {
        warn("%s", path);
        return false;
    }
    (void)printf("path      %s\n", path);
    if (S_ISLNK(found.st_mode)) {
        ssize_t bytes = readlink(path, target, sizeof(target));
        (void)printf("target    %.*s\n", bytes < 0 ? 1 : (int)bytes, bytes < 0 ? "?" : target);
    }
    (void)printf("type      %s\n", type_of(found.st_mode));
    (void)printf("size      %lld\n", (long long)found.st_size);
    (void)printf("blocks    %lld of 512 bytes\n", (long long)found.st_blocks);
    (void)printf("mode      %04o\n", found.st_mode & 07777);
    (void)printf("owner     %u:%u\n", found.st_uid, found.st_gid);
    (void)printf("inode     %llu\n", (unsigned long long)found.st_ino);
    (void)printf("device    %llu\n", (unsigned long long)found.st_dev);
    (void)printf("links     %llu\n", (unsigned long long)found.st_nlink);
    print_time("accessed", found.st_atim);
    print_time("modified", found.st_mtim);
    print_time("changed", found.st_ctim);
    return true;
}

int main(int argc, char **argv)
{
    bool follow = false;
    bool failed = false;
    program_begin(argc, argv, help);
    for (int option = getopt(argc, argv, "L"); option != -1; option = getopt(argc, argv, "L")) {
        if (option != 'L') {
            program_fail_usage();
        }
        follow = true;
    }
    if (optind == argc) {
        program_fail_usage();
    }
    for (int index = optind; index < argc; index++) {
        (void)fputs(index > optind ? "\n" : "", stdout);
        failed |= !show(argv[index], follow);
    }
    return program_end(failed);
}
