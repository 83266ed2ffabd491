/* SPDX-License-Identifier: ISC */
/*
 * An image mounted by lib/ext, with what its device is asked for counted. One at a time.
 */
#pragma once

#include <lib/ext/ext_write.h>

struct volume_counters {
    uint64_t cache_requests; /* blocks asked of the cache */
    uint64_t reads;          /* operations of the device */
    uint64_t writes;
    uint64_t bytes; /* moved by it, both ways */
};

/* Mounts the image for writing; false after the reason was told. */
bool volume_start(const char *path);

/* Unmounts it; false after the reason was told. */
bool volume_finish(void);

struct ext_mount *volume_mount(void);

/* Since the start. */
struct volume_counters volume_counters(void);

/* True if the status is OK; else tells what failed. */
bool volume_told(enum status status, const char *what);

struct ext_name volume_name(const char *text);

/* An empty file in the top directory. */
bool volume_create(const char *name);
