/* SPDX-License-Identifier: ISC */
/*
 * A file under test: by the library on an image, or by the kernel in a folder. Results are 0 or
 * more, or -1 after the subject has said why.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct subject;

struct subject_operations {
    int64_t (*read)(struct subject *subject, void *bytes, size_t size_bytes, uint64_t offset_bytes);
    int (*write)(
        struct subject *subject, const void *bytes, size_t size_bytes, uint64_t offset_bytes);
    int (*truncate)(struct subject *subject, uint64_t size_bytes);
    /* 1: it cannot, which is no failure. */
    int (*allocate)(
        struct subject *subject, uint64_t offset_bytes, uint64_t size_bytes, bool keep_size);
    int (*sync)(struct subject *subject);
    int (*reopen)(struct subject *subject); /* as new: closed, and the volume unmounted if it can */
    int (*map_write)(
        struct subject *subject, const void *bytes, size_t size_bytes, uint64_t offset_bytes);
    int64_t (*size)(struct subject *subject);
    int (*close)(struct subject *subject);
};

struct subject {
    const struct subject_operations *operations;
    const char *path;
    int descriptor; /* of the kernel's */
};

/* File `path` of a folder of the host; made if need be. */
struct subject *subject_of_kernel(const char *path);

/* File /subject of an image. */
struct subject *subject_of_library(const char *image);
