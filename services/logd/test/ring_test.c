/* SPDX-License-Identifier: ISC */
/* Tests of the ring of records. */
#include <lib/testing/check.h>

#include "../ring.h"

static struct ring ring;

static void fill(uint64_t count)
{
    ring.next = 0;
    for (uint64_t i = 0; i < count; i++) {
        ring_append(&ring, &(struct ring_record){.time_ns = i, .process = 7});
    }
}

static void empty_ring_ends(void)
{
    const struct ring_record *record;
    uint64_t next;
    uint64_t lost;
    fill(0);
    CHECK_EQUAL(ring_read(&ring, 0, &record, &next, &lost), STATUS_END);
}

static void reads_in_order(void)
{
    const struct ring_record *record;
    uint64_t next = 0;
    uint64_t lost;
    fill(5);
    for (uint64_t i = 0; i < 5; i++) {
        CHECK_EQUAL(ring_read(&ring, next, &record, &next, &lost), STATUS_OK);
        CHECK_EQUAL(record->time_ns, i);
        CHECK_EQUAL(lost, 0);
    }
    CHECK_EQUAL(ring_read(&ring, next, &record, &next, &lost), STATUS_END);
}

static void slow_reader_is_told_what_it_lost(void)
{
    const struct ring_record *record;
    uint64_t next;
    uint64_t lost;
    fill(ring_records_max + 10);
    CHECK_EQUAL(ring_read(&ring, 3, &record, &next, &lost), STATUS_OK);
    CHECK_EQUAL(record->time_ns, 10);
    CHECK_EQUAL(lost, 7);
    CHECK_EQUAL(next, 11);
}

int main(void)
{
    TEST(empty_ring_ends);
    TEST(reads_in_order);
    TEST(slow_reader_is_told_what_it_lost);
    return check_report();
}
