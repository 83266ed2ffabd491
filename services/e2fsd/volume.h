/* SPDX-License-Identifier: ISC */
/*
 * The mounted volume: its cache, in a frame that the disk knows, and the inodes opened last. As
 * nothing is written, an open inode stays true as long as the volume is mounted.
 */
#pragma once

#include <lib/ext/ext.h>

#include "partition_device.h"

constexpr uint32_t volume_memory_bits = 21;
constexpr uint32_t volume_memory_bytes = 1 << volume_memory_bits;
constexpr uint32_t volume_staging_bytes = 64 * 1024;
constexpr uint32_t volume_cache_entries =
    (volume_memory_bytes - volume_staging_bytes) / ext_block_bytes_max;
constexpr uint32_t volume_files_max = 64;

/* An open inode; used_at 0: none. */
struct volume_file {
    uint64_t used_at;
    struct ext_file file;
};

struct volume {
    bool mounted;
    uint32_t number; /* blockd's */
    uint8_t *memory; /* cache, then staging area; nullptr until volume_prepare */
    uint32_t memory_handle;
    struct partition_device partition;
    struct ext_mount mount;
    struct block_cache_entry entries[volume_cache_entries];
    uint64_t use_count;
    struct volume_file files[volume_files_max];
};

/* Gets the memory; once, before the first mount. */
enum status volume_prepare(struct volume *volume);

/* Mounts a partition by its GPT name; a refusal's reason is in the log. BUSY if one is mounted. */
enum status volume_mount(struct volume *volume, const char *name, uint32_t name_bytes);

void volume_unmount(struct volume *volume);

/* The inode, opened now or earlier; borrowed until the next call. NOT_FOUND if nothing is mounted,
 * else as ext_open. */
enum status volume_open(struct volume *volume, uint64_t number, struct ext_file **file_out);

/* Writes to the log what contradicts the format, if the status says CORRUPT. Returns the status. */
enum status volume_note(struct volume *volume, enum status status);
