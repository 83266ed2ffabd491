/* SPDX-License-Identifier: ISC */
/* Messages to blockd. */
#include "partition.h"

#include <protocol/block.h>
#include <slots/e2fsd.h>

#include <string.h>

static const struct block_cap blockd = {SLOT_PEER_BLOCKD};

enum status partition_open(
    const char *name, uint32_t name_bytes, uint32_t *volume_out, struct partition_shape *shape_out)
{
    struct block_open_request request = {.name_bytes = name_bytes};
    if (name_bytes > block_open_name_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    memcpy(request.name, name, name_bytes);
    struct block_open_reply reply;
    enum status status = block_open(blockd, &request, &reply);
    if (status == STATUS_OK) {
        *volume_out = reply.volume;
        *shape_out = (struct partition_shape){reply.block_bytes, reply.block_count};
    }
    return status;
}

enum status partition_attach(uint32_t frame_slot, uint32_t *handle_out)
{
    struct block_attach_reply reply;
    enum status status = block_attach(blockd, (struct frame_cap){frame_slot}, &reply);
    if (status == STATUS_OK) {
        *handle_out = partition_handle(reply.buffer);
    }
    return status;
}

enum status partition_detach(uint32_t handle)
{
    const struct block_detach_request request = {.buffer = handle - 1};
    return block_detach(blockd, &request);
}

static enum status read(void *self, const struct partition_segment *segments, uint32_t count)
{
    static_assert(partition_segments_max <= block_segments_max);
    const uint32_t *volume = self;
    struct block_read_request request = {.volume = *volume, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        request.segments[i] = (struct block_segment){
            .first_block = segments[i].first_block,
            .buffer = segments[i].buffer,
            .offset_bytes = segments[i].offset_bytes,
            .block_count = segments[i].block_count,
        };
    }
    return block_read(blockd, &request);
}

struct partition_transport partition_transport(uint32_t *volume)
{
    return (struct partition_transport){.read = read, .self = volume};
}
