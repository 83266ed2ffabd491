/* SPDX-License-Identifier: ISC */
/* A volume of ../test/linux in memory, for targets that change a few bytes of it at a time. */
#pragma once

#include <lib/ext/ext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../internal.h"

constexpr size_t volume_bytes = 8 << 20;
constexpr uint32_t volume_cache_blocks = 32;

static uint8_t volume[volume_bytes];
static struct ext_mount mount;
static struct block_memory volume_memory;
static struct block_cache_entry volume_entries[volume_cache_blocks];
static uint8_t volume_cache[volume_cache_blocks * ext_block_bytes_max];

static inline void require(bool condition)
{
    if (!condition) {
        __builtin_trap();
    }
}

static inline void volume_mount(void)
{
    struct ext_mount_memory memory = {
        .entries = volume_entries,
        .entry_count = volume_cache_blocks,
        .buffer = block_buffer_plain(volume_cache),
        .buffer_bytes = sizeof volume_cache,
    };
    struct ext_mount_options options = {.read_only = true};
    block_memory_init(&volume_memory, volume, sizeof volume, 512);
    require(ext_mount(&mount, &volume_memory.device, memory, options) == STATUS_OK);
}

/* Loads and mounts; the target is started in the root of the tree. */
static inline void volume_load(const char *name)
{
    char command[256];
    (void)snprintf(command, sizeof command, "gzip -dc lib/ext/test/linux/%s.img.gz", name);
    FILE *pipe = popen(command, "r");
    require(pipe != nullptr && fread(volume, 1, sizeof volume, pipe) == sizeof volume);
    require(pclose(pipe) == 0);
    volume_mount();
}

static inline struct ext_file volume_open(const char *path)
{
    struct ext_file file;
    require(ext_open(&mount, ext_root_number, &file) == STATUS_OK);
    while (*path != '\0') {
        uint64_t number;
        uint32_t name_bytes = (uint32_t)strcspn(path, "/");
        require(ext_lookup(&mount, &file, path, name_bytes, &number) == STATUS_OK);
        require(ext_open(&mount, number, &file) == STATUS_OK);
        path += name_bytes;
        path += *path == '/';
    }
    return file;
}

static inline uint8_t *volume_inode(const struct ext_file *file)
{
    struct block_cache_entry *entry;
    const uint8_t *raw;
    require(ext_inode_pin(&mount, (uint32_t)file->inode.number, &entry, &raw) == STATUS_OK);
    size_t within = (size_t)(raw - (const uint8_t *)entry->buffer.bytes);
    uint8_t *at = volume + (entry->block << mount.geometry.block_shift) + within;
    block_cache_put(&mount.cache, entry);
    return at;
}

static inline void volume_inode_seal(const struct ext_file *file, uint8_t *raw)
{
    uint32_t seed = ext_inode_checksum_seed(&mount, (uint32_t)file->inode.number, raw);
    ext_inode_checksum_store(&mount, seed, raw);
}

static inline uint8_t *volume_block(struct ext_file *file, uint64_t block)
{
    struct ext_run run = {};
    require(ext_map(&mount, file, block, &run) == STATUS_OK && run.kind == EXT_RUN_DATA);
    return volume + (run.physical_block << mount.geometry.block_shift);
}

/* Adds the next bytes of the input to those at `at`; done twice, everything is as it was. */
static inline void change(struct reader *input, uint8_t *at, size_t size_bytes)
{
    size_t count = size_bytes < input->left_bytes ? size_bytes : input->left_bytes;
    const uint8_t *difference = reader_take(input, count);
    for (size_t index = 0; index < count; index++) {
        at[index] ^= difference[index];
    }
}
