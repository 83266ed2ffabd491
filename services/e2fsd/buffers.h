/* SPDX-License-Identifier: ISC */
/*
 * Buffers that vfsd attached: mapped here, and known to the disk where it could take them. Memory
 * of a buffer stays as long as it is attached, because vfsd owns it.
 */
#pragma once

#include <lib/block/block.h>
#include <userlib/attached.h>

struct buffers {
    struct attached attached;
    uint32_t handles[attached_count_max]; /* block_handle_none: the disk does not know it */
};

/* `*id_out` names it from now on. NO_SPACE if there are too many. The capability stays the
 * caller's. */
enum status buffers_attach(struct buffers *buffers, struct frame_cap memory, uint32_t *id_out);

/* Neither we nor the disk touch it any more. NOT_FOUND if there is no such buffer. */
enum status buffers_detach(struct buffers *buffers, uint32_t id);

/* INVALID_ARGUMENT if the place is not inside one buffer. */
enum status buffers_find(
    const struct buffers *buffers, struct attached_place place, struct block_buffer *found_out);
