/* SPDX-License-Identifier: ISC */
/*
 * Messages on stderr, "NAME: text" and, but for the functions with x, ": reason" by errno. A null
 * pointer as format leaves the text out. err and errx end the program.
 */
#pragma once

#include <stdarg.h>

void warn(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
void warnx(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
_Noreturn void err(int status, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));
_Noreturn void errx(int status, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));
