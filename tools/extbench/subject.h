/* SPDX-License-Identifier: ISC */
/*
 * What is measured: a file system behind one small interface. One file at a time is open. Calls
 * return false after they have told on the standard error what failed.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct subject {
    const char *name;
    bool (*start)(const char *place); /* mounts an image, or enters a folder */
    bool (*create)(const char *name); /* an empty file in the top directory; it is not open */
    bool (*remove)(const char *name);
    bool (*open)(const char *name);
    bool (*write)(const void *bytes, size_t size_bytes, uint64_t offset_bytes);
    bool (*read)(void *bytes, size_t size_bytes, uint64_t offset_bytes);
    bool (*close)(void);
    bool (*sync)(void);
    bool (*finish)(void); /* everything is on the medium, and unmounted */
};

extern const struct subject subject_erix;  /* lib/ext in this process */
extern const struct subject subject_e2fs;  /* libext2fs in this process: it writes no journal */
extern const struct subject subject_posix; /* a folder of this system */
