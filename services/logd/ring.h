/* SPDX-License-Identifier: ISC */
/*
 * The ring of records.
 *
 * Invariants
 *  1. Records oldest..next-1 are there; record n is at n modulo ring_records_max.
 *  2. Numbers are never used twice, so a cursor stays meaningful when its record is gone.
 */
#pragma once

#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t ring_records_max = 2048;
constexpr uint32_t ring_text_bytes_max = 200;

struct ring_record {
    uint64_t time_ns;
    uint32_t process;
    uint32_t lost_count; /* records that its writer could not send before this one */
    uint32_t text_bytes;
    uint8_t level;
    bool is_marker;
    char text[ring_text_bytes_max];
};

struct ring {
    uint64_t next; /* number of the next record */
    struct ring_record records[ring_records_max];
};

/* Copies the record in; the oldest one goes if there is no room. */
void ring_append(struct ring *ring, const struct ring_record *record);

/* The oldest record with a number of at least `cursor`. END if there is none. `*lost_out` counts
 * those that were overwritten since `cursor`; `*next_cursor_out` is the number after the record. */
enum status ring_read(const struct ring *ring, uint64_t cursor,
    const struct ring_record **record_out, uint64_t *next_cursor_out, uint64_t *lost_out);
