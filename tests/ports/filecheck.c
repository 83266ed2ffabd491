/* SPDX-License-Identifier: ISC */
/*
 * filecheck DIR: what POSIX promises about files, directories, times and memory, tried in DIR. It
 * uses only what POSIX has, so that it can be run on another system for comparison. Each promise
 * that is not kept is a line; the last line is "filecheck NUMBER broken".
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    big_bytes = 300000,
    file_count = 100
};

static char written[big_bytes];
static char found[big_bytes];
static int broken;

static void check(bool holds, const char *promise)
{
    if (!holds) {
        broken++;
        printf("filecheck: %s (errno %d)\n", promise, errno);
    }
}

static bool fails(long result, int error)
{
    return result == -1 && errno == error;
}

static void check_offsets(void)
{
    struct stat status;
    int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0644);
    for (size_t at = 0; at < big_bytes; at++) {
        written[at] = (char)(at * 7 + at / 251);
    }
    check(write(fd, written, big_bytes) == big_bytes, "a large write is whole");
    check(lseek(fd, 0, SEEK_CUR) == big_bytes, "writing moves the offset");
    check(lseek(fd, 0, SEEK_SET) == 0, "the offset goes back");
    check(read(fd, found, big_bytes) == big_bytes, "a large read is whole");
    check(memcmp(written, found, big_bytes) == 0, "what is read is what was written");
    check(read(fd, found, 1) == 0, "the end of a file reads as nothing");
    check(pread(fd, found, 100, 65530) == 100, "pread reads across a boundary");
    check(memcmp(found, written + 65530, 100) == 0, "pread reads the right bytes");
    check(pwrite(fd, "XYZ", 3, 10) == 3, "pwrite writes");
    check(lseek(fd, 0, SEEK_CUR) == big_bytes, "pread and pwrite leave the offset alone");
    check(lseek(fd, -10, SEEK_END) == big_bytes - 10, "the end can be sought");
    check(read(fd, found, 100) == 10, "a read stops at the end");
    check(fails(lseek(fd, -1, SEEK_SET), EINVAL), "no offset is negative");
    check(fstat(fd, &status) == 0 && status.st_size == big_bytes, "fstat knows the size");
    check(ftruncate(fd, 5) == 0 && fstat(fd, &status) == 0 && status.st_size == 5, "truncation");
    check(fsync(fd) == 0, "fsync");
    check(close(fd) == 0 && fails(close(fd), EBADF), "a descriptor is closed once");
}

/* Small reads one after the other, with changes in between. */
static void check_small_reads(void)
{
    char byte = 0;
    int fd = open("small", O_RDWR | O_CREAT | O_TRUNC, 0644);
    int other = open("small", O_WRONLY);
    check(write(fd, "abcdefgh", 8) == 8 && lseek(fd, 0, SEEK_SET) == 0, "a small file");
    check(read(fd, &byte, 1) == 1 && byte == 'a', "the first byte");
    check(read(fd, &byte, 1) == 1 && byte == 'b', "the second byte");
    check(pwrite(other, "X", 1, 2) == 1, "another descriptor writes");
    check(read(fd, &byte, 1) == 1 && byte == 'X', "a read sees what was written before it");
    check(read(fd, &byte, 1) == 1 && byte == 'd', "the byte after it");
    check(lseek(fd, 7, SEEK_SET) == 7 && read(fd, &byte, 1) == 1 && byte == 'h', "after a seek");
    check(read(fd, &byte, 1) == 0, "the end");
    check(pwrite(other, "i", 1, 8) == 1, "the file grows");
    check(read(fd, &byte, 1) == 1 && byte == 'i', "what is new is seen");
    check(fails(read(other, &byte, 1), EBADF), "a descriptor for writing does not read");
    close(other);
    close(fd);
    fd = open("small", O_WRONLY | O_APPEND);
    check(write(fd, "jk", 2) == 2 && lseek(fd, 0, SEEK_CUR) == 11, "appending");
    close(fd);
    check(fails(open("small", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST), "exclusive creation");
    check(unlink("small") == 0, "unlink");
}

static int count_entries(DIR *directory)
{
    int count = 0;
    while (readdir(directory) != NULL) {
        count++;
    }
    return count;
}

static void check_directories(void)
{
    struct stat status;
    char name[40];
    check(mkdir("dir", 0755) == 0 && fails(mkdir("dir", 0755), EEXIST), "mkdir");
    check(rename("big", "dir/moved") == 0, "rename into a directory");
    check(fails(rmdir("dir"), ENOTEMPTY), "a full directory stays");
    check(symlink("moved", "dir/link") == 0, "symlink");
    check(
        readlink("dir/link", found, big_bytes) == 5 && memcmp(found, "moved", 5) == 0, "readlink");
    check(stat("dir/link", &status) == 0 && status.st_size == 5, "stat follows a link");
    check(lstat("dir/link", &status) == 0 && S_ISLNK(status.st_mode), "lstat does not");
    for (int index = 0; index < file_count; index++) {
        snprintf(name, sizeof name, "dir/file%d", index);
        check(close(open(name, O_CREAT | O_WRONLY, 0600)) == 0, "a file is created");
    }
    DIR *directory = opendir("dir");
    check(
        directory != NULL && count_entries(directory) == file_count + 4, "all entries are listed");
    rewinddir(directory);
    check(count_entries(directory) == file_count + 4, "and listed again");
    closedir(directory);
    for (int index = 0; index < file_count; index++) {
        snprintf(name, sizeof name, "dir/file%d", index);
        check(unlink(name) == 0, "a file is removed");
    }
    check(unlink("dir") == -1, "a directory is not unlinked");
    check(unlink("dir/link") == 0 && unlink("dir/moved") == 0 && rmdir("dir") == 0, "clean up");
}

static void check_errors(void)
{
    int fds[80];
    int count = 0;
    check(fails(open("/bin/sh/x", O_RDONLY), ENOTDIR), "a file is no directory");
    check(fails(open("/bin", O_WRONLY), EISDIR), "a directory is not written");
    check(fails(open("nothing", O_RDONLY), ENOENT), "what is not there is not opened");
    check(fails(lseek(STDOUT_FILENO, 0, SEEK_CUR), ESPIPE), "a terminal has no offset");
    check(isatty(STDOUT_FILENO) == 1, "standard output is the terminal");
    while (count < 80 && (fds[count] = open("/bin/sh", O_RDONLY)) >= 0) {
        count++;
    }
    check(errno == EMFILE && count == 61, "64 descriptors");
    while (count > 0) {
        close(fds[--count]);
    }
}

static void check_times(void)
{
    struct stat status;
    struct timespec before;
    struct timespec after;
    const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 2000}};
    clock_gettime(CLOCK_MONOTONIC, &before);
    usleep(20000);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long long slept_ns =
        (long long)(after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
    check(slept_ns >= 20000000, "a sleep is as long as was asked for");
    close(open("times", O_CREAT | O_WRONLY, 0640));
    check(utimensat(AT_FDCWD, "times", times, 0) == 0 && stat("times", &status) == 0, "utimensat");
    check(status.st_atime == 1000 && status.st_mtime == 2000, "times are kept");
    check((status.st_mode & 0777) == 0640, "the mode is kept");
    check(unlink("times") == 0, "unlink");
}

int main(int argc, char **argv)
{
    char *memory = malloc(8 << 20);
    check(memory != NULL && memset(memory, 1, 8 << 20) == memory, "8 MiB of memory");
    free(memory);
    check(chdir(argc > 1 ? argv[1] : "/tmp") == 0, "chdir");
    argv[0][0] = 'F'; /* a program may write to its arguments */
    check_offsets();
    check_small_reads();
    check_directories();
    check_errors();
    check_times();
    printf("filecheck %d broken\n", broken);
    return broken == 0 ? 0 : 1;
}
