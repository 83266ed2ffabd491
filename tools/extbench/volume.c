/* SPDX-License-Identifier: ISC */
/* The cache is large enough that nothing is read twice; between it and the file transfers are
 * counted. */
#include "volume.h"

#include <lib/base/base.h>
#include <lib/block/host/file_device.h>

#include <stdio.h>
#include <string.h>

constexpr uint32_t cache_blocks = 8192;
constexpr uint32_t pending_count = 4096;
constexpr uint32_t sector_bytes = 512;
constexpr int64_t now_seconds = 1'767'225'600;

static struct block_file image;
static struct block_device counting;
static struct volume_counters counters;
static struct ext_mount mount;
static struct block_cache_entry entries[cache_blocks];
static uint8_t cache[(size_t)cache_blocks * ext_block_bytes_max];
static uint8_t undo[ext_undo_bytes];
static struct ext_pending pending[pending_count];

static void count_bytes(const struct block_transfer *transfers, uint32_t transfer_count)
{
    for (uint32_t index = 0; index < transfer_count; index++) {
        counters.bytes += (uint64_t)transfers[index].block_count * sector_bytes;
    }
}

static enum status read_counted(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    counters.reads++;
    count_bytes(transfers, transfer_count);
    return block_read(device->context, transfers, transfer_count);
}

static enum status write_counted(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    counters.writes++;
    count_bytes(transfers, transfer_count);
    return block_write(device->context, transfers, transfer_count);
}

static enum status flush_below(struct block_device *device)
{
    return block_flush(device->context);
}

static const struct block_device_operations operations = {
    .read = read_counted, .write = write_counted, .flush = flush_below};

bool volume_told(enum status status, const char *what)
{
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "extbench: %s: %s\n", what, status_text(status));
    }
    return status == STATUS_OK;
}

bool volume_start(const char *path)
{
    const struct ext_mount_memory memory = {
        .entries = entries,
        .entry_count = cache_blocks,
        .buffer = block_buffer_plain(cache),
        .buffer_bytes = sizeof cache,
        .undo = undo,
        .pending = pending,
        .pending_count = pending_count,
    };
    const struct ext_mount_options options = {.now = {.seconds = now_seconds}};
    if (!volume_told(block_file_open(&image, path, sector_bytes, true), path)) {
        return false;
    }
    counters = (struct volume_counters){};
    counting = image.device;
    counting.operations = &operations;
    counting.context = &image.device;
    return volume_told(ext_mount(&mount, &counting, memory, options), path);
}

bool volume_finish(void)
{
    const bool well = volume_told(ext_unmount(&mount), "unmount");
    block_file_close(&image);
    return well;
}

struct ext_mount *volume_mount(void)
{
    return &mount;
}

struct volume_counters volume_counters(void)
{
    const struct block_cache_counters *asked = &mount.cache.counters;
    struct volume_counters now = counters;
    now.cache_requests = asked->hit_count + asked->miss_count;
    return now;
}

struct ext_name volume_name(const char *text)
{
    return (struct ext_name){.bytes = text, .size_bytes = (uint32_t)strlen(text)};
}

bool volume_create(const char *name)
{
    uint64_t number = 0;
    const struct ext_new_inode wanted = {.mode = 0100644};
    return volume_told(
        ext_create(&mount, ext_root_number, volume_name(name), &wanted, &number), name);
}
