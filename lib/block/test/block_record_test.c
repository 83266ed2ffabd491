/* SPDX-License-Identifier: ISC */
/*
 * A record of writes, and the states that it builds.
 */
#include <lib/block/block.h>
#include <lib/testing/check.h>

#include <string.h>

constexpr uint32_t block_bytes = 512;
constexpr uint32_t block_count = 16;

static uint8_t live_bytes[block_bytes * block_count];
static uint8_t state_bytes[block_bytes * block_count];
static struct block_memory live;
static struct block_memory state;
static struct block_record record;
static struct block_record_event events[8];
static uint8_t data[block_bytes * 12];

static void begin(void)
{
    memset(live_bytes, 0, sizeof live_bytes);
    block_memory_init(&live, live_bytes, sizeof live_bytes, block_bytes);
    block_memory_init(&state, state_bytes, sizeof state_bytes, block_bytes);
    struct block_record_memory memory = {
        .events = events,
        .event_count_max = sizeof events / sizeof events[0],
        .data = data,
        .data_bytes = sizeof data,
    };
    block_record_init(&record, &live.device, memory);
}

static enum status write(uint64_t first_block, uint32_t count, uint8_t value)
{
    static uint8_t bytes[block_bytes * block_count];
    memset(bytes, value, sizeof bytes);
    struct block_transfer transfer = {
        .first_block = first_block, .block_count = count, .buffer = block_buffer_plain(bytes)};
    return block_write(&record.device, &transfer, 1);
}

/* Block 1 := 1, flush, blocks 2-5 := 2, block 1 := 3. */
static void write_some(void)
{
    begin();
    CHECK_EQUAL(write(1, 1, 1), STATUS_OK);
    CHECK_EQUAL(block_flush(&record.device), STATUS_OK);
    CHECK_EQUAL(write(2, 4, 2), STATUS_OK);
    CHECK_EQUAL(write(1, 1, 3), STATUS_OK);
    CHECK_EQUAL(record.event_count, 4);
}

/* The first byte of each of blocks 1 to 5 after a crash, as a number of five digits. */
static uint32_t state_after(struct block_record_crash crash)
{
    uint32_t number = 0;
    memset(state_bytes, 0, sizeof state_bytes);
    CHECK_EQUAL(block_record_rebuild(&record, crash, &state.device), STATUS_OK);
    for (uint32_t block = 1; block <= 5; block++) {
        number = number * 10 + state_bytes[block * block_bytes];
    }
    return number;
}

static void everything_goes_to_the_device_below(void)
{
    write_some();
    CHECK_EQUAL(live_bytes[block_bytes], 3);
    uint8_t bytes[block_bytes];
    struct block_transfer transfer = {
        .first_block = 5, .block_count = 1, .buffer = block_buffer_plain(bytes)};
    CHECK_EQUAL(block_read(&record.device, &transfer, 1), STATUS_OK);
    CHECK_EQUAL(bytes[0], 2);
}

static void a_crash_leaves_what_it_says(void)
{
    write_some();
    CHECK_EQUAL(state_after((struct block_record_crash){.event_count = 0}), 0);
    CHECK_EQUAL(state_after((struct block_record_crash){.event_count = 1}), 10000);
    CHECK_EQUAL(state_after((struct block_record_crash){.event_count = 3}), 12222);
    CHECK_EQUAL(state_after((struct block_record_crash){.event_count = 4}), 32222);
    struct block_record_crash crash = {.event_count = 4, .kind = BLOCK_RECORD_OMIT, .index = 2};
    CHECK_EQUAL(state_after(crash), 30000);
    crash.kind = BLOCK_RECORD_TEAR;
    crash.part = (struct block_record_part){.block_count = 1};
    CHECK_EQUAL(state_after(crash), 32000);
    crash.part = (struct block_record_part){.skipped_blocks = 3, .block_count = UINT32_MAX};
    CHECK_EQUAL(state_after(crash), 30002);
}

static void what_was_flushed_is_never_lost(void)
{
    write_some();
    CHECK_EQUAL(block_record_first_unflushed(&record, 4), 2);
    CHECK_EQUAL(block_record_first_unflushed(&record, 1), 0);
    struct block_record_crash omit = {.event_count = 4, .kind = BLOCK_RECORD_OMIT, .index = 0};
    CHECK_EQUAL(state_after(omit), 32222);
    omit.event_count = 1;
    CHECK_EQUAL(state_after(omit), 0);
}

static void random_crashes_show_every_state(void)
{
    uint32_t torn_count = 0;
    bool seen[4] = {};
    write_some();
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct block_record_crash crash = {
            .event_count = 4, .kind = BLOCK_RECORD_RANDOM, .seed = seed};
        uint32_t number = state_after(crash);
        uint32_t first = number / 10000;
        uint32_t rest = number % 10000;
        CHECK(first == 1 || first == 3);
        bool whole = rest == 2222;
        torn_count += rest != 0 && !whole;
        seen[(first == 3) + 2 * whole] = true;
        CHECK_EQUAL(state_after(crash), number);
    }
    CHECK(seen[0] && seen[1] && seen[2] && seen[3]);
    CHECK(torn_count > 10);
}

static void a_full_record_fails_the_write(void)
{
    begin();
    CHECK_EQUAL(write(0, 12, 1), STATUS_OK);
    CHECK(!record.overflowed);
    CHECK_EQUAL(write(0, 1, 1), STATUS_NO_MEMORY);
    CHECK(record.overflowed);
    block_record_restart(&record);
    for (uint32_t index = 0; index < 8; index++) {
        CHECK_EQUAL(block_flush(&record.device), STATUS_OK);
    }
    CHECK(!record.overflowed);
    CHECK_EQUAL(block_flush(&record.device), STATUS_NO_MEMORY);
    CHECK(record.overflowed);
}

int main(void)
{
    TEST(everything_goes_to_the_device_below);
    TEST(a_crash_leaves_what_it_says);
    TEST(what_was_flushed_is_never_lost);
    TEST(random_crashes_show_every_state);
    TEST(a_full_record_fails_the_write);
    return check_report();
}
