/* SPDX-License-Identifier: ISC */
/*
 * Memory that a client attached to a service, to be named by a number from then on: mapped here for
 * as long, and owned by the client.
 */
#pragma once

#include <protocol/vspace.h>

#include <stdint.h>

constexpr uint32_t attached_count_max = 80;

struct attached_memory {
    uint8_t *bytes; /* nullptr: not in use */
    uint64_t size_bytes;
};

struct attached {
    struct attached_memory list[attached_count_max];
};

/* A place in attached memory, as a request names it. */
struct attached_place {
    uint32_t id;
    uint32_t offset_bytes;
    uint32_t length_bytes;
};

/*
 * Maps a frame readable and writable; `*id_out` names it until it is removed. The capability stays
 * the caller's, and may be deleted. NO_SPACE if there are too many; errors of vspace.map.
 */
enum status attached_add(
    struct attached *attached, struct vspace_cap vspace, struct frame_cap memory, uint32_t *id_out);

bool attached_has(const struct attached *attached, uint32_t id);

/* NOT_FOUND if there is none of that number. */
enum status attached_remove(struct attached *attached, struct vspace_cap vspace, uint32_t id);

/* INVALID_ARGUMENT if the place is not inside one of them. */
enum status attached_find(
    const struct attached *attached, struct attached_place place, uint8_t **bytes_out);
