/* SPDX-License-Identifier: ISC */
/*
 * Buffers that vfsd attached: mapped here, and known to the disk where it could take them. Memory
 * of a buffer stays as long as it is attached, because vfsd owns it.
 */
#pragma once

#include <lib/block/block.h>
#include <userlib/capability.h>

constexpr uint32_t buffers_max = 80;

struct buffer {
    uint8_t *bytes; /* nullptr: not in use */
    uint64_t size_bytes;
    uint32_t handle; /* block_handle_none: the disk does not know it */
};

struct buffers {
    struct buffer list[buffers_max];
};

/* `*id_out` names it from now on. NO_SPACE if there are too many. The capability stays the
 * caller's. */
enum status buffers_attach(struct buffers *buffers, struct frame_cap memory, uint32_t *id_out);

/* Neither we nor the disk touch it any more. NOT_FOUND if there is no such buffer. */
enum status buffers_detach(struct buffers *buffers, uint32_t id);

/* A place in a buffer, as a request names it. */
struct buffer_place {
    uint32_t id;
    uint32_t offset_bytes;
    uint32_t length_bytes;
};

/* INVALID_ARGUMENT if the place is not inside one buffer. */
enum status buffers_find(
    const struct buffers *buffers, struct buffer_place place, struct block_buffer *found_out);
