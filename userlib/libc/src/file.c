/* SPDX-License-Identifier: ISC */
/* The POSIX functions on descriptors and paths: resolve the path, ask the system, set errno. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "library.h"

static int open_with_mode(const char *path, int flags, mode_t mode)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : (int)library_result(system_open(absolute, flags, mode));
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return open_with_mode(path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open_with_mode(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int close(int fd)
{
    return (int)library_result(system_close(fd));
}

ssize_t read(int fd, void *buffer, size_t bytes)
{
    return library_result(system_read(fd, buffer, bytes));
}

ssize_t write(int fd, const void *buffer, size_t bytes)
{
    return library_result(system_write(fd, buffer, bytes));
}

ssize_t pread(int fd, void *buffer, size_t bytes, off_t offset)
{
    return library_result(system_pread(fd, buffer, bytes, offset));
}

ssize_t pwrite(int fd, const void *buffer, size_t bytes, off_t offset)
{
    return library_result(system_pwrite(fd, buffer, bytes, offset));
}

off_t lseek(int fd, off_t offset, int whence)
{
    return library_result(system_seek(fd, offset, whence));
}

int ftruncate(int fd, off_t bytes)
{
    return (int)library_result(system_truncate(fd, bytes));
}

int truncate(const char *path, off_t bytes)
{
    int fd = open_with_mode(path, O_WRONLY, 0);
    if (fd < 0) {
        return -1;
    }
    long result = system_truncate(fd, bytes);
    (void)system_close(fd); /* nothing was written through it that closing could lose */
    return (int)library_result(result);
}

int fsync(int fd)
{
    return (int)library_result(system_flush(fd));
}

int fdatasync(int fd)
{
    return fsync(fd);
}

void sync(void)
{
    (void)system_flush_all(); /* POSIX gives sync() no way to report */
}

int isatty(int fd)
{
    if (system_is_terminal(fd)) {
        return 1;
    }
    errno = ENOTTY;
    return 0;
}

int stat(const char *restrict path, struct stat *restrict stat_out)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : (int)library_result(system_stat(absolute, true, stat_out));
}

int lstat(const char *restrict path, struct stat *restrict stat_out)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : (int)library_result(system_stat(absolute, false, stat_out));
}

int fstat(int fd, struct stat *stat_out)
{
    return (int)library_result(system_stat_of(fd, stat_out));
}

int access(const char *path, int mode)
{
    struct stat found;
    if (stat(path, &found) < 0) {
        return -1;
    }
    /* R_OK, W_OK and X_OK are the bits of one permission class; any class counts. */
    mode_t given = (found.st_mode >> 6 | found.st_mode >> 3 | found.st_mode) & 7;
    if (((mode_t)mode & ~given) != 0) {
        errno = EACCES;
        return -1;
    }
    return 0;
}

int mkdir(const char *path, mode_t mode)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : (int)library_result(system_make_directory(absolute, mode));
}

int rmdir(const char *path)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : (int)library_result(system_remove_directory(absolute));
}

int unlink(const char *path)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : (int)library_result(system_remove_file(absolute));
}

int remove(const char *path)
{
    struct stat found;
    if (lstat(path, &found) < 0) {
        return -1;
    }
    return S_ISDIR(found.st_mode) ? rmdir(path) : unlink(path);
}

int rename(const char *from, const char *to)
{
    const char *from_absolute = path_resolve(from, PATH_FIRST);
    const char *to_absolute = path_resolve(to, PATH_SECOND);
    if (from_absolute == nullptr || to_absolute == nullptr) {
        return -1;
    }
    return (int)library_result(system_rename(from_absolute, to_absolute));
}

int symlink(const char *target, const char *path)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : (int)library_result(system_make_link(target, absolute));
}

ssize_t readlink(const char *restrict path, char *restrict buffer, size_t bytes)
{
    const char *absolute = path_resolve(path, PATH_FIRST);
    return absolute == nullptr ? -1 : library_result(system_read_link(absolute, buffer, bytes));
}

int utimensat(int directory_fd, const char *path, const struct timespec times[2], int flags)
{
    static const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    if (directory_fd != AT_FDCWD || flags != 0) {
        errno = ENOTSUP;
        return -1;
    }
    const char *absolute = path_resolve(path, PATH_FIRST);
    if (absolute == nullptr) {
        return -1;
    }
    return (int)library_result(system_set_times(absolute, times == nullptr ? now : times));
}
