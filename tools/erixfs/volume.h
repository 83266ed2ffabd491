/* SPDX-License-Identifier: ISC */
/*
 * A mounted image file, paths in it, and what to tell people when something fails.
 */
#pragma once

#include <lib/block/host/file_device.h>
#include <lib/ext/ext.h>

constexpr uint32_t volume_cache_blocks = 256;

struct volume {
    const char *path; /* of the image */
    struct block_file file;
    struct ext_mount mount;
    struct block_cache_entry entries[volume_cache_blocks];
    uint8_t cache[volume_cache_blocks * ext_block_bytes_max];
};

/* Opens and mounts an image, reading only; says what is wrong and returns false if it cannot. */
bool volume_open(struct volume *volume, const char *path);
void volume_close(struct volume *volume);

/*
 * The node of an absolute path (a leading '/' may be left out). Links in the middle are followed,
 * one at the end if `follow`. LOOP after too many links.
 */
enum status volume_find(
    struct volume *volume, const char *path, bool follow, struct ext_file *file_out);

/* One line on the standard error: which image, which path, what, and why as the mount noted it. */
void volume_complain(const struct volume *volume, const char *path, enum status status);
