/* SPDX-License-Identifier: ISC */
/*
 * The system layer on a Linux host, for tests: files, processes and terminals by system calls of
 * Linux, without its C library. Numbers of errors and open flags are the same there by design.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include <userlib/libc/src/system.h>

enum linux_call {
    LINUX_READ = 0,
    LINUX_WRITE = 1,
    LINUX_OPEN = 2,
    LINUX_CLOSE = 3,
    LINUX_FSTAT = 5,
    LINUX_LSEEK = 8,
    LINUX_MMAP = 9,
    LINUX_RT_SIGACTION = 13,
    LINUX_IOCTL = 16,
    LINUX_PREAD64 = 17,
    LINUX_PWRITE64 = 18,
    LINUX_NANOSLEEP = 35,
    LINUX_GETPID = 39,
    LINUX_FORK = 57,
    LINUX_EXECVE = 59,
    LINUX_WAIT4 = 61,
    LINUX_KILL = 62,
    LINUX_FSYNC = 74,
    LINUX_FTRUNCATE = 77,
    LINUX_RENAME = 82,
    LINUX_MKDIR = 83,
    LINUX_RMDIR = 84,
    LINUX_UNLINK = 87,
    LINUX_SYMLINK = 88,
    LINUX_READLINK = 89,
    LINUX_SYNC = 162,
    LINUX_GETDENTS64 = 217,
    LINUX_CLOCK_GETTIME = 228,
    LINUX_EXIT_GROUP = 231,
    LINUX_NEWFSTATAT = 262,
    LINUX_UTIMENSAT = 280,
    LINUX_DUP3 = 292,
    LINUX_PIPE2 = 293,
    LINUX_CLOSE_RANGE = 436
};

constexpr size_t heap_bytes = 1024 * 1024; /* what a program of EriX gets if it asks for no more */
constexpr int child_reserved_fd = 100;     /* above the descriptors that the tests use */

struct linux_stat {
    uint64_t device;
    uint64_t inode;
    uint64_t link_count;
    uint32_t mode;
    uint32_t user;
    uint32_t group;
    uint32_t padding;
    uint64_t special_device;
    int64_t size_bytes;
    int64_t block_bytes;
    int64_t block_count;
    struct timespec access_time;
    struct timespec modification_time;
    struct timespec change_time;
    int64_t reserved[3];
};

static_assert(sizeof(struct linux_stat) == 144);

struct linux_terminal {
    uint32_t input;
    uint32_t output;
    uint32_t control;
    uint32_t local;
    uint8_t discipline;
    uint8_t characters[19];
};

struct linux_action {
    void *handler;
    uint64_t flags;
    void *restorer;
    uint64_t mask;
};

/* An argument of a system call: a number, or an address by address_of(). */
static uintptr_t address_of(const void *pointer)
{
    return (uintptr_t)pointer;
}

static long call6(enum linux_call call, const uintptr_t arguments[6])
{
    long result = call;
    register uintptr_t fourth __asm__("r10") = arguments[3];
    register uintptr_t fifth __asm__("r8") = arguments[4];
    register uintptr_t sixth __asm__("r9") = arguments[5];
    __asm__ volatile("syscall"
        : "+a"(result)
        : "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(fourth), "r"(fifth),
        "r"(sixth)
        : "rcx", "r11", "memory");
    return result;
}

static long call4(
    enum linux_call call, uintptr_t first, uintptr_t second, uintptr_t third, uintptr_t fourth)
{
    return call6(call, (uintptr_t[6]){first, second, third, fourth});
}

static long call2(enum linux_call call, uintptr_t first, uintptr_t second)
{
    return call4(call, first, second, 0, 0);
}

long system_open(const char *path, int flags, mode_t mode)
{
    return call4(LINUX_OPEN, address_of(path), (uintptr_t)(flags | O_CLOEXEC), mode, 0);
}

long system_close(int fd)
{
    return call2(LINUX_CLOSE, (uintptr_t)fd, 0);
}

long system_read(int fd, void *buffer, size_t bytes)
{
    return call4(LINUX_READ, (uintptr_t)fd, address_of(buffer), bytes, 0);
}

long system_write(int fd, const void *buffer, size_t bytes)
{
    return call4(LINUX_WRITE, (uintptr_t)fd, address_of(buffer), bytes, 0);
}

long system_pread(int fd, void *buffer, size_t bytes, off_t offset)
{
    return call4(LINUX_PREAD64, (uintptr_t)fd, address_of(buffer), bytes, (uintptr_t)offset);
}

long system_pwrite(int fd, const void *buffer, size_t bytes, off_t offset)
{
    return call4(LINUX_PWRITE64, (uintptr_t)fd, address_of(buffer), bytes, (uintptr_t)offset);
}

long system_seek(int fd, off_t offset, int whence)
{
    return call4(LINUX_LSEEK, (uintptr_t)fd, (uintptr_t)offset, (uintptr_t)whence, 0);
}

long system_truncate(int fd, off_t bytes)
{
    return call2(LINUX_FTRUNCATE, (uintptr_t)fd, (uintptr_t)bytes);
}

long system_flush(int fd)
{
    return call2(LINUX_FSYNC, (uintptr_t)fd, 0);
}

long system_flush_all(void)
{
    return call2(LINUX_SYNC, 0, 0);
}

static void convert_stat(const struct linux_stat *from, struct stat *to)
{
    *to = (struct stat){
        .st_dev = from->device,
        .st_ino = from->inode,
        .st_mode = from->mode,
        .st_uid = from->user,
        .st_gid = from->group,
        .st_nlink = from->link_count,
        .st_rdev = from->special_device,
        .st_size = from->size_bytes,
        .st_blksize = from->block_bytes,
        .st_blocks = from->block_count,
        .st_atim = from->access_time,
        .st_mtim = from->modification_time,
        .st_ctim = from->change_time,
    };
}

long system_stat_of(int fd, struct stat *stat_out)
{
    struct linux_stat found = {};
    long result = call2(LINUX_FSTAT, (uintptr_t)fd, address_of(&found));
    if (result == 0) {
        convert_stat(&found, stat_out);
    }
    return result;
}

long system_stat(const char *path, bool follow_link, struct stat *stat_out)
{
    constexpr uintptr_t no_follow = 0x100;
    struct linux_stat found = {};
    long result = call4(LINUX_NEWFSTATAT, (uintptr_t)AT_FDCWD, address_of(path), address_of(&found),
        follow_link ? 0 : no_follow);
    if (result == 0) {
        convert_stat(&found, stat_out);
    }
    return result;
}

long system_make_directory(const char *path, mode_t mode)
{
    return call2(LINUX_MKDIR, address_of(path), mode);
}

long system_remove_directory(const char *path)
{
    return call2(LINUX_RMDIR, address_of(path), 0);
}

long system_remove_file(const char *path)
{
    return call2(LINUX_UNLINK, address_of(path), 0);
}

long system_rename(const char *from, const char *to)
{
    return call2(LINUX_RENAME, address_of(from), address_of(to));
}

long system_make_link(const char *target, const char *path)
{
    return call2(LINUX_SYMLINK, address_of(target), address_of(path));
}

long system_read_link(const char *path, char *buffer, size_t bytes)
{
    return call4(LINUX_READLINK, address_of(path), address_of(buffer), bytes, 0);
}

long system_set_times(const char *path, const struct timespec times[2])
{
    return call4(LINUX_UTIMENSAT, (uintptr_t)AT_FDCWD, address_of(path), address_of(times), 0);
}

/* Linux packs entries: inode 8, offset 8, length 2, type 1, name. */
long system_read_directory(int fd, struct dirent *entries, size_t count)
{
    uint8_t packed[512];
    (void)
        count; /* a buffer of this size holds at most 21 entries, fewer than the library asks for */
    long bytes = call4(LINUX_GETDENTS64, (uintptr_t)fd, address_of(packed), sizeof(packed), 0);
    long filled = 0;
    for (long at = 0; at < bytes; filled++) {
        uint16_t length;
        memcpy(&entries[filled].d_ino, packed + at, sizeof(entries[filled].d_ino));
        memcpy(&length, packed + at + 16, sizeof(length));
        entries[filled].d_type = packed[at + 18];
        strcpy(entries[filled].d_name, (const char *)packed + at + 19);
        at += length;
    }
    return bytes < 0 ? bytes : filled;
}

long system_clock(clockid_t clock, struct timespec *time_out)
{
    return call2(LINUX_CLOCK_GETTIME, (uintptr_t)clock, address_of(time_out));
}

long system_sleep(uint64_t duration_ns)
{
    struct timespec duration = {.tv_sec = (time_t)(duration_ns / 1'000'000'000),
        .tv_nsec = (long)(duration_ns % 1'000'000'000)};
    return call2(LINUX_NANOSLEEP, address_of(&duration), 0);
}

constexpr uintptr_t terminal_get = 0x5401;
constexpr uintptr_t terminal_set = 0x5402;

bool system_is_terminal(int fd)
{
    struct linux_terminal terminal;
    return call4(LINUX_IOCTL, (uintptr_t)fd, terminal_get, address_of(&terminal), 0) == 0;
}

static void set_interrupt(uintptr_t handler)
{
    constexpr uintptr_t interrupt_signal = 2;
    struct linux_action action = {.handler = (void *)handler};
    (void)call4(LINUX_RT_SIGACTION, interrupt_signal, address_of(&action), 0, 8);
}

long system_set_terminal_mode(int fd, enum terminal_mode mode)
{
    constexpr uint32_t line_input = 0x0100; /* CR to NL */
    constexpr uint32_t line_local =
        0x0001 | 0x0002 | 0x0008 | 0x10; /* signals, lines, echo, erase */
    struct linux_terminal terminal;
    long result = call4(LINUX_IOCTL, (uintptr_t)fd, terminal_get, address_of(&terminal), 0);
    if (result < 0) {
        return result;
    }
    bool raw = mode == TERMINAL_RAW;
    terminal.input = raw ? terminal.input & ~line_input : terminal.input | line_input;
    terminal.local = raw ? terminal.local & ~line_local : terminal.local | line_local;
    terminal.characters[6] = 1; /* a read waits for one byte */
    terminal.characters[5] = 0;
    set_interrupt(1); /* whoever sets modes is a shell: ^C is for its children */
    return call4(LINUX_IOCTL, (uintptr_t)fd, terminal_set, address_of(&terminal), 0);
}

long system_set_foreground(int fd, pid_t process)
{
    (void)process; /* Linux sends ^C to the whole group, in which the shell ignores it */
    return system_is_terminal(fd) ? 0 : -ENOTTY;
}

/* In the child: place the streams and become the program. Returns only the error. */
static long become(const struct process_request *request, int report_fd)
{
    const int given[3] = {request->stdin_fd, request->stdout_fd, request->stderr_fd};
    for (int fd = 0; fd < 3; fd++) {
        long result = call4(
            LINUX_DUP3, (uintptr_t)given[fd], (uintptr_t)(child_reserved_fd + fd), O_CLOEXEC, 0);
        if (result < 0) {
            return result;
        }
    }
    (void)call4(LINUX_DUP3, (uintptr_t)report_fd, child_reserved_fd + 3, O_CLOEXEC, 0);
    for (int fd = 0; fd < 3; fd++) {
        (void)call4(LINUX_DUP3, (uintptr_t)(child_reserved_fd + fd), (uintptr_t)fd, 0, 0);
    }
    set_interrupt(0);
    return call4(LINUX_EXECVE, address_of(request->path), address_of(request->arguments),
        address_of(request->environment), 0);
}

long system_spawn(const struct process_request *request)
{
    int report[2];
    long failure = 0;
    long result = call2(LINUX_PIPE2, address_of(report), O_CLOEXEC);
    if (result < 0) {
        return result;
    }
    long child = call2(LINUX_FORK, 0, 0);
    if (child == 0) {
        failure = become(request, report[1]);
        (void)system_write(child_reserved_fd + 3, &failure, sizeof(failure));
        (void)call2(LINUX_EXIT_GROUP, 127, 0);
    }
    (void)system_close(report[1]);
    if (child > 0 && system_read(report[0], &failure, sizeof(failure)) == sizeof(failure)) {
        (void)call4(LINUX_WAIT4, (uintptr_t)child, 0, 0, 0);
        child = failure;
    }
    (void)system_close(report[0]);
    return child;
}

long system_wait(pid_t process, struct process_result *result_out)
{
    uint32_t status = 0;
    long result = call4(LINUX_WAIT4, (uintptr_t)process, address_of(&status), 0, 0);
    if (result < 0) {
        return result;
    }
    uint32_t signal = status & 0x7f;
    if (signal == 0) {
        *result_out = (struct process_result){.ending = PROCESS_EXITED, .code = status >> 8 & 0xff};
    } else if (signal == 2) {
        *result_out = (struct process_result){.ending = PROCESS_INTERRUPTED};
    } else {
        *result_out = (struct process_result){.ending = PROCESS_FAULTED, .code = signal};
    }
    return 0;
}

pid_t system_process_id(void)
{
    return (pid_t)call2(LINUX_GETPID, 0, 0);
}

_Noreturn void system_exit(int status)
{
    for (;;) {
        (void)call2(LINUX_EXIT_GROUP, (uintptr_t)status, 0);
    }
}

_Noreturn void system_abort(void)
{
    constexpr uintptr_t abort_signal = 6;
    (void)call2(LINUX_KILL, (uintptr_t)system_process_id(), abort_signal);
    system_exit(134);
}

void system_heap(void **base_out, size_t *bytes_out)
{
    constexpr uintptr_t read_write = 3;
    constexpr uintptr_t private_anonymous = 0x22;
    long base =
        call6(LINUX_MMAP, (uintptr_t[6]){0, heap_bytes, read_write, private_anonymous, ~0UL, 0});
    if (base < 0) {
        system_abort();
    }
    *base_out = (void *)base;
    *bytes_out = heap_bytes;
}
