/* SPDX-License-Identifier: ISC */
/* What the files of the C library share among themselves. */
#pragma once

#include "system.h"

#include <stdarg.h>

/* The C form of a result of the system layer: itself, or -1 with errno set. */
long library_result(long result);

/*
 * The absolute, normal form of a path in one of two static buffers: valid until the next call with
 * the same place, so a function of one path uses PATH_FIRST and does not keep the result. A null
 * pointer with errno ENOENT (empty) or ENAMETOOLONG.
 */
enum path_place {
    PATH_FIRST,
    PATH_SECOND
};

const char *path_resolve(const char *path, enum path_place place);

/* Take the working directory from PWD, or "/" if that is missing or not absolute. */
void path_start(void);

/* Keep the name for messages: the last part of argv[0], which stays valid. */
void program_set_name(const char *path);

/* Send what streams hold back; part of exit(). */
void stream_flush_all(void);

/* Where formatted text goes. `put` may be called many times; `total` counts what it was given. */
struct format_sink {
    void (*put)(struct format_sink *sink, const char *bytes, size_t count);
    size_t total;
};

/* The number of bytes put, or -1 with errno EOVERFLOW if that is above INT_MAX. */
int format_text(struct format_sink *sink, const char *format, va_list arguments)
    __attribute__((__format__(__printf__, 2, 0)));
