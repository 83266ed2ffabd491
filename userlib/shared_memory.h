/* SPDX-License-Identifier: ISC */
/*
 * Memory that is a frame at the same time: to be shared with another program, or given to a device.
 * Thin over protocol vspace; the caller's cap to vspaced needs the right map.
 */
#pragma once

#include <protocol/vspace.h>

#include <stddef.h>
#include <stdint.h>

struct shared_memory {
    uint8_t *bytes; /* mapped readable and, unless it was mapped read-only, writable */
    size_t size_bytes;
    struct frame_cap frame; /* owned */
};

/* Fresh zeroed memory of 2^bits bytes (12 to 21). Errors of vspace.allocate. */
enum status shared_memory_make(
    struct vspace_cap vspace, uint32_t bits, struct shared_memory *memory_out);

/* Map a frame that was received; it belongs to *memory_out afterwards, on failure to the caller
 * still. `flags` are vspace_map_read and so on. INVALID_CAPABILITY if it is no frame. */
enum status shared_memory_map(struct vspace_cap vspace, struct frame_cap frame, uint32_t flags,
    struct shared_memory *memory_out);

/* Unmap it and delete the frame capability; *memory is empty afterwards. Empty memory does nothing.
 */
void shared_memory_close(struct vspace_cap vspace, struct shared_memory *memory);
