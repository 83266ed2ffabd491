/* SPDX-License-Identifier: ISC */
/* The ring of records. */
#include "ring.h"

void ring_append(struct ring *ring, const struct ring_record *record)
{
    ring->records[ring->next % ring_records_max] = *record;
    ring->next++;
}

enum status ring_read(const struct ring *ring, uint64_t cursor,
    const struct ring_record **record_out, uint64_t *next_cursor_out, uint64_t *lost_out)
{
    if (cursor >= ring->next) {
        return STATUS_END;
    }
    uint64_t oldest = ring->next > ring_records_max ? ring->next - ring_records_max : 0;
    uint64_t number = cursor < oldest ? oldest : cursor;
    *record_out = &ring->records[number % ring_records_max];
    *next_cursor_out = number + 1;
    *lost_out = number - cursor;
    return STATUS_OK;
}
