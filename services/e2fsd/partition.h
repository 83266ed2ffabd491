/* SPDX-License-Identifier: ISC */
/*
 * Partitions of blockd. This header knows nothing of lib/block, and partition.c does not include
 * it: protocol block and lib/block both have a block_read().
 *
 * Handles are blockd's numbers of buffers plus one, because in a block buffer 0 means no handle.
 */
#pragma once

#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t partition_segments_max = 24; /* of one message */

/* As block.segment. */
struct partition_segment {
    uint64_t first_block;
    uint32_t buffer; /* blockd's number */
    uint32_t offset_bytes;
    uint32_t block_count;
};

struct partition_shape {
    uint32_t block_bytes;
    uint64_t block_count;
};

/* Reads up to partition_segments_max segments. */
struct partition_transport {
    enum status (*read)(void *self, const struct partition_segment *segments, uint32_t count);
    void *self;
};

static inline uint32_t partition_handle(uint32_t buffer)
{
    return buffer + 1;
}

/* A partition by its GPT name; `*volume_out`, blockd's number of it, is the transport's self. */
enum status partition_open(
    const char *name, uint32_t name_bytes, uint32_t *volume_out, struct partition_shape *shape_out);

/* Makes a frame known to the disk. The capability stays the caller's. */
enum status partition_attach(uint32_t frame_slot, uint32_t *handle_out);

/* The disk does not use the memory any more when this returns. */
enum status partition_detach(uint32_t handle);

/* Messages to blockd; `*volume` must stay. */
struct partition_transport partition_transport(uint32_t *volume);
