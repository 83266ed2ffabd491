/* SPDX-License-Identifier: ISC */
/*
 * The boundary below the C library: what the system layer implements, in terms of C types only. On
 * EriX it is userlib over messages to vfsd, procd and the others; in tests on a host it is
 * libc/test/host_system.c.
 *
 * Rules for the implementer:
 *   1. A result >= 0 is success, a negative one the negated errno. `error_of_status` (below) is the
 *      one place that turns an `enum status` into such a number.
 *   2. Paths are absolute and normal: they start with '/', have no empty, "." or ".." component and
 *      no '/' at the end (but for "/" itself), and are shorter than PATH_MAX. Symbolic links are
 * the system's to follow.
 *   3. Descriptors are small numbers from 0; open gives the lowest one that is free. 0, 1 and 2 are
 *      there at the start. An open file has one offset, shared with children that are given it.
 *   4. Reads and writes may be short; a read returns 0 only at the end. Sizes are at most
 * SSIZE_MAX.
 *   5. Nothing here is called from more than one thread.
 */
#pragma once

#include <erix/inspect.h>
#include <erix/process.h>
#include <erix/terminal.h>

#include <abi/status.h>
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

/* Files. `flags` are the O_ of fcntl.h; `mode` counts only if a file is created. */
long system_open(const char *path, int flags, mode_t mode);
long system_close(int fd);
long system_read(int fd, void *buffer, size_t bytes);
long system_write(int fd, const void *buffer, size_t bytes);
long system_pread(int fd, void *buffer, size_t bytes, off_t offset);
long system_pwrite(int fd, const void *buffer, size_t bytes, off_t offset);
long system_seek(int fd, off_t offset, int whence); /* the new offset; -ESPIPE on a terminal */
long system_truncate(int fd, off_t bytes);
long system_flush(int fd); /* everything of this file is on the medium */
long system_flush_all(void);
long system_stat_of(int fd, struct stat *stat_out);

/* Names. */
long system_stat(const char *path, bool follow_link, struct stat *stat_out);
long system_make_directory(const char *path, mode_t mode);
long system_remove_directory(const char *path);
long system_remove_file(const char *path);
long system_rename(const char *from, const char *to);
long system_make_link(const char *target, const char *path); /* symbolic; target is any text */
long system_read_link(const char *path, char *buffer, size_t bytes);     /* length, no NUL */
long system_set_times(const char *path, const struct timespec times[2]); /* access, modification */

/* Up to `count` next entries of a directory opened with O_DIRECTORY; how many, 0 at the end. */
long system_read_directory(int fd, struct dirent *entries, size_t count);

/* Time. */
long system_clock(clockid_t clock, struct timespec *time_out);
long system_sleep(uint64_t duration_ns);

/* Terminals. */
bool system_is_terminal(int fd);
long system_set_terminal_mode(int fd, enum terminal_mode mode);
long system_set_foreground(int fd, pid_t process);

/* Processes. The path in the request is absolute and normal, nothing in it is a null pointer. */
long system_spawn(const struct process_request *request);
long system_wait(pid_t process, struct process_result *result_out);
pid_t system_process_id(void);
_Noreturn void system_exit(int status);
_Noreturn void system_abort(void); /* by a fault that crash reports can show */

/* The one region for malloc: 16-byte aligned, zero-filled, mapped on demand; asked for once. */
void system_heap(void **base_out, size_t *bytes_out);

/* Inspection, as in erix/inspect.h. */
long system_mount_next(uint64_t *cursor, struct erix_mount *mount_out);
long system_volume_of(const char *path, struct erix_volume *volume_out);
long system_process_next(uint64_t *cursor, struct erix_process *process_out);
long system_capability_next(
    uint64_t process, uint64_t *cursor, struct erix_capability *capability_out);
long system_log_next(uint64_t *cursor, struct erix_log_record *record_out);
long system_shutdown(enum erix_shutdown_mode mode);

/*
 * What the C library offers to the system layer.
 */

/* Run the program: set up the library, call main, exit with its result. Called once, by the entry.
 */
_Noreturn void library_start(int argc, char **argv, char **environment);

/* The errno, above 0, of a status other than OK; EIO for one that is not known. */
int error_of_status(enum status status);
