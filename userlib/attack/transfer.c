/* SPDX-License-Identifier: ISC */
/* The layout is that of both protocols. */
#include <userlib/attack/transfer.h>

#include <protocol/block.h>
#include <protocol/disk.h>

#include <string.h>

static_assert(transfer_segments == disk_segments_max && transfer_segments == block_segments_max);
static_assert(sizeof(struct transfer_segment) == sizeof(struct disk_segment));
static_assert(sizeof(struct transfer_segment) == sizeof(struct block_segment));
static_assert(
    offsetof(struct transfer_segment, offset_bytes) == offsetof(struct disk_segment, offset_bytes));
static_assert(offsetof(struct transfer_segment, offset_bytes) ==
              offsetof(struct block_segment, offset_bytes));

void transfer_fill(void *segments, uint32_t buffer, uint64_t first_block)
{
    for (uint32_t index = 0; index < transfer_segments; index++) {
        const struct transfer_segment segment = {
            .first_block = first_block, .buffer = buffer, .block_count = 1};
        memcpy((uint8_t *)segments + index * sizeof segment, &segment, sizeof segment);
    }
}
