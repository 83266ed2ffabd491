/* SPDX-License-Identifier: ISC */
/*
 * A partition as a `struct block_device`, over whatever carries messages to blockd. Pure.
 */
#pragma once

#include <lib/block/block.h>

#include "partition.h"

constexpr uint32_t partition_alignment_bytes = 512; /* of places that a disk fills */

struct partition_device {
    struct block_device device; /* use this; it points into this struct, which must not move */
    struct partition_transport transport;
    struct block_buffer staging; /* for memory that the disk cannot fill; both sides present */
    uint32_t staging_bytes;
};

/* Fills device; transport and staging are the caller's to set before, staging_bytes at least one
 * block. Read-only. */
void partition_device_init(struct partition_device *partition, struct partition_shape shape);
