/* SPDX-License-Identifier: ISC */
/*
 * Records of a directory listing, as protocols filesystem and vfs pass them through a buffer: node
 * u64, next cursor u64, kind u32, name bytes u32, name, zeros up to a multiple of 8. Providers
 * write them, the system layer of programs reads them.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr size_t dirrecord_head_bytes = 24;
constexpr uint32_t dirrecord_name_bytes_max = 255;

struct dirrecord {
    uint64_t node;
    uint64_t next_cursor;
    uint32_t kind;
    uint32_t name_bytes;
    const char *name; /* borrowed; not ended by NUL */
};

/* Where records go, and how far it is filled. */
struct dirrecord_writer {
    uint8_t *bytes; /* borrowed */
    size_t room_bytes;
    size_t done_bytes;
};

/* False, and nothing written, if there is no room left. */
bool dirrecord_put(struct dirrecord_writer *writer, const struct dirrecord *record);

/* Records that are read one after the other; the bytes are foreign. */
struct dirrecord_reader {
    const uint8_t *bytes; /* borrowed */
    size_t size_bytes;
    size_t at;
};

/* False at the end and at a record that is not whole; record_out->name points into the bytes. */
bool dirrecord_next(struct dirrecord_reader *reader, struct dirrecord *record_out);
