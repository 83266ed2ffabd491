/* SPDX-License-Identifier: ISC */
/* Control of the terminal behind a descriptor. All return 0, or -1 with errno (ENOTTY: no
 * terminal). */
#pragma once

#include <sys/types.h>

enum terminal_mode {
    TERMINAL_LINE, /* the terminal edits and echoes lines; ^D ends input, ^C ends the foreground */
    TERMINAL_RAW   /* each byte is delivered as it comes, without echo; CR stays CR */
};

int terminal_set_mode(int fd, enum terminal_mode mode);

/* The process that ^C ends; 0 for none. */
int terminal_set_foreground(int fd, pid_t process);
