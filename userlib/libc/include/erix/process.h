/* SPDX-License-Identifier: ISC */
/*
 * Starting programs and waiting for them.
 *
 * A child gets exactly what the request names: arguments, environment and three streams. There is
 * no fork, and no other descriptor is inherited.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_request {
    const char *path;       /* of the ELF file; relative to the working directory if not absolute */
    char *const *arguments; /* ends with a null pointer; arguments[0] is the program's name */
    char *const *environment; /* NAME=VALUE, ends with a null pointer */
    int stdin_fd;             /* descriptors of the caller that become 0, 1 and 2 of the child; */
    int stdout_fd;            /* they stay open in the caller, and the offset of a file is shared */
    int stderr_fd;
};

enum process_ending {
    PROCESS_EXITED,     /* by exit(); `code` is its status, 0 to 255 */
    PROCESS_FAULTED,    /* by a fault of its own, abort() included; `code` is the fault's number */
    PROCESS_INTERRUPTED /* ended from outside, for instance by ^C at its terminal; `code` is 0 */
};

/* The last three tell more of a fault: the processor's error code, the instruction, and what
 * address a page fault was about. Otherwise they are 0. */
struct process_result {
    enum process_ending ending;
    uint32_t code;
    uint32_t error_code;
    uint64_t instruction_pointer;
    uint64_t address;
};

/*
 * Start a program. The process id, or -1 with errno: ENOENT no such file, EACCES it may not be
 * executed, ENOEXEC it is no program of this system, E2BIG too many arguments, ENOMEM, EBADF.
 */
pid_t process_spawn(const struct process_request *request);

/* Wait until that child has ended and forget it. 0, or -1 with errno ECHILD. */
int process_wait(pid_t process, struct process_result *result_out);
