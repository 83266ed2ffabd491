/* SPDX-License-Identifier: ISC */
/* Files and processes by their descriptors and paths. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2

#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4

#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif

extern char **environ;

int close(int fd);
ssize_t read(int fd, void *buffer, size_t bytes);
ssize_t write(int fd, const void *buffer, size_t bytes);
ssize_t pread(int fd, void *buffer, size_t bytes, off_t offset);
ssize_t pwrite(int fd, const void *buffer, size_t bytes, off_t offset);
off_t lseek(int fd, off_t offset, int whence);
int ftruncate(int fd, off_t bytes);
int truncate(const char *path, off_t bytes);
int fsync(int fd);
int fdatasync(int fd);
void sync(void);
int isatty(int fd);

/* Existence and the permission bits of the file; what the system allows is seen at open(). */
int access(const char *path, int mode);
int unlink(const char *path);
int rmdir(const char *path);
int symlink(const char *target, const char *path);
ssize_t readlink(const char *restrict path, char *restrict buffer, size_t bytes);

/*
 * The working directory is a string of the program, handed on through PWD; ".." and "." are removed
 * from paths as text before the system sees them.
 */
int chdir(const char *path);
char *getcwd(char *buffer, size_t bytes);

pid_t getpid(void);
unsigned sleep(unsigned seconds);
int usleep(unsigned microseconds);
_Noreturn void _exit(int status);

extern char *optarg;
extern int optind;
extern int opterr;
extern int optopt;
int getopt(int argc, char *const argv[], const char *options);
