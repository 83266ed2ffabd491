/* SPDX-License-Identifier: ISC */
/*
 * Frames that were attached for DMA. A buffer's number is its place, from 1. A frame that was taken
 * back by its owner is stale: its number is refused, and its place is used again when it is needed.
 */
#pragma once

#include <abi/status.h>
#include <userlib/capability.h>

#include <stdint.h>

constexpr uint32_t buffers_max = 64;

struct buffer {
    struct frame_cap frame; /* owned; slot_null: the place is free */
    uint16_t rights;
    uint64_t address;
    uint64_t size_bytes;
    uint32_t in_flight_count; /* requests that use it */
};

struct buffers {
    struct buffer places[buffers_max];
};

/* Takes over the frame. DENIED without RIGHT_DMA, NO_SPACE if all places are used. */
enum status buffers_attach(struct buffers *buffers, struct frame_cap frame, uint32_t *number_out);

/* NOT_FOUND if there is no such buffer, BUSY while the device may use it. */
enum status buffers_detach(struct buffers *buffers, uint32_t number);

/* The buffer, if its frame is still what was attached; else nullptr. */
struct buffer *buffers_find(struct buffers *buffers, uint32_t number);
