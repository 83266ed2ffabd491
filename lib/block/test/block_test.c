/* SPDX-License-Identifier: ISC */
/*
 * Devices and cache against plain arrays: ranges, replacement, pins, write-back order, every
 * failure of the device below.
 */
#include <lib/base/base.h>
#include <lib/block/block.h>
#include <lib/testing/check.h>
#include <lib/testing/random.h>

#include <string.h>

constexpr uint32_t disk_block_bytes = 512;
constexpr uint32_t disk_block_count = 64;
constexpr uint32_t cached_block_bytes = 1024;
constexpr uint32_t cached_block_count = disk_block_count / 2;
constexpr uint32_t entry_count = 5;
constexpr uint32_t entry_count_many = 24; /* reads ahead up to a quarter of it */

struct disk {
    uint8_t bytes[disk_block_bytes * disk_block_count];
    struct block_memory memory;
    struct block_fault fault;
    struct block_cache cache;
    struct block_cache_entry entries[entry_count_many];
    uint8_t cached[entry_count_many * cached_block_bytes];
};

static void disk_init_with(struct disk *disk, uint32_t count)
{
    for (size_t index = 0; index < sizeof disk->bytes; index++) {
        disk->bytes[index] = (uint8_t)(index / disk_block_bytes);
    }
    block_memory_init(&disk->memory, disk->bytes, sizeof disk->bytes, disk_block_bytes);
    block_fault_init(&disk->fault, &disk->memory.device);
    struct block_cache_memory memory = {
        .entries = disk->entries,
        .entry_count = count,
        .buffer = block_buffer_plain(disk->cached),
    };
    CHECK(block_cache_init(&disk->cache, &disk->fault.device, cached_block_bytes, memory) ==
          STATUS_OK);
}

static void disk_init(struct disk *disk)
{
    disk_init_with(disk, entry_count);
}

static void transfers_outside_are_refused(void)
{
    static struct disk disk;
    disk_init(&disk);
    struct block_device *device = &disk.memory.device;
    uint8_t bytes[2 * disk_block_bytes];
    struct block_transfer last = {
        .first_block = disk_block_count - 2,
        .block_count = 2,
        .buffer = block_buffer_plain(bytes),
    };
    CHECK(block_read(device, &last, 1) == STATUS_OK);
    CHECK_EQUAL(bytes[0], disk_block_count - 2);
    struct block_transfer beyond = last;
    beyond.first_block++;
    CHECK(block_read(device, &beyond, 1) == STATUS_INVALID_ARGUMENT);
    CHECK(block_write(device, &beyond, 1) == STATUS_INVALID_ARGUMENT);
    beyond.first_block = UINT64_MAX;
    CHECK(block_read(device, &beyond, 1) == STATUS_INVALID_ARGUMENT);
    struct block_transfer empty = last;
    empty.block_count = 0;
    CHECK(block_read(device, &empty, 1) == STATUS_INVALID_ARGUMENT);
    struct block_transfer invisible = last;
    invisible.buffer = (struct block_buffer){.handle = 7};
    CHECK(block_read(device, &invisible, 1) == STATUS_INVALID_ARGUMENT);
    CHECK(block_read(device, &last, 0) == STATUS_INVALID_ARGUMENT);
    struct block_transfer many[block_transfer_count_max + 1];
    for (uint32_t index = 0; index <= block_transfer_count_max; index++) {
        many[index] = last;
    }
    CHECK(block_read(device, many, block_transfer_count_max) == STATUS_OK);
    CHECK(block_read(device, many, block_transfer_count_max + 1) == STATUS_INVALID_ARGUMENT);
}

static void read_only_refuses_writes(void)
{
    static struct disk disk;
    disk_init(&disk);
    uint8_t bytes[disk_block_bytes] = {99};
    struct block_transfer one = {.block_count = 1, .buffer = block_buffer_plain(bytes)};
    disk.memory.device.read_only = true;
    CHECK(block_write(&disk.memory.device, &one, 1) == STATUS_READ_ONLY);
    CHECK_EQUAL(disk.bytes[0], 0);
    disk.memory.device.read_only = false;
    CHECK(block_write(&disk.memory.device, &one, 1) == STATUS_OK);
    CHECK_EQUAL(disk.bytes[0], 99);
}

static void buffers_skip_on_both_sides(void)
{
    uint8_t bytes[8];
    struct block_buffer buffer = {.handle = 3, .offset_bytes = 10, .bytes = bytes};
    struct block_buffer skipped = block_buffer_skip(buffer, 4);
    CHECK_EQUAL(skipped.handle, 3);
    CHECK_EQUAL(skipped.offset_bytes, 14);
    CHECK(skipped.bytes == bytes + 4);
    buffer.bytes = nullptr;
    CHECK(block_buffer_skip(buffer, 4).bytes == nullptr);
}

static void faults_strike_as_planned(void)
{
    static struct disk disk;
    disk_init(&disk);
    struct block_device *device = &disk.fault.device;
    uint8_t bytes[4 * disk_block_bytes];
    memset(bytes, 0xee, sizeof bytes);
    struct block_transfer four = {.block_count = 4, .buffer = block_buffer_plain(bytes)};
    struct block_fault_plan plan = {.kinds = BLOCK_FAULT_WRITE,
        .effect = BLOCK_FAULT_TEAR,
        .status = STATUS_IO,
        .first = 1,
        .count = 1};
    block_fault_arm(&disk.fault, plan);
    struct block_transfer other = four;
    other.first_block = 8;
    CHECK(block_write(device, &other, 1) == STATUS_OK);
    CHECK(block_write(device, &four, 1) == STATUS_IO);
    CHECK_EQUAL(disk.bytes[disk_block_bytes], 0xee);
    CHECK_EQUAL(disk.bytes[2 * disk_block_bytes], 2);
    CHECK_EQUAL(disk.fault.hit_count, 1);
    CHECK_EQUAL(disk.fault.operation_count, 2);
    plan.effect = BLOCK_FAULT_DROP;
    plan.first = 0;
    block_fault_arm(&disk.fault, plan);
    CHECK(block_write(device, &four, 1) == STATUS_OK);
    CHECK_EQUAL(disk.bytes[2 * disk_block_bytes], 2);
    CHECK_EQUAL(disk.fault.hit_count, 1);
    CHECK(block_write(device, &four, 1) == STATUS_OK);
    CHECK_EQUAL(disk.bytes[2 * disk_block_bytes], 0xee);
    plan = (struct block_fault_plan){.kinds = BLOCK_FAULT_FLUSH | BLOCK_FAULT_READ,
        .effect = BLOCK_FAULT_FAIL,
        .status = STATUS_TIMED_OUT,
        .count = UINT64_MAX};
    block_fault_arm(&disk.fault, plan);
    CHECK(block_flush(device) == STATUS_TIMED_OUT);
    CHECK(block_read(device, &four, 1) == STATUS_TIMED_OUT);
    CHECK_EQUAL(disk.fault.hit_count, 2);
}

static void spoiled_places_stay_bad(void)
{
    static struct disk disk;
    disk_init(&disk);
    struct block_device *device = &disk.fault.device;
    uint8_t bytes[4 * disk_block_bytes];
    struct block_transfer four = {
        .first_block = 8, .block_count = 4, .buffer = block_buffer_plain(bytes)};
    struct block_transfer in_it = {
        .first_block = 11, .block_count = 4, .buffer = block_buffer_plain(bytes)};
    struct block_transfer behind = {
        .first_block = 12, .block_count = 4, .buffer = block_buffer_plain(bytes)};
    struct block_fault_plan plan = {.kinds = BLOCK_FAULT_READ,
        .effect = BLOCK_FAULT_SPOIL,
        .status = STATUS_IO,
        .first = 1,
        .count = 1};
    block_fault_arm(&disk.fault, plan);
    CHECK(block_read(device, &in_it, 1) == STATUS_OK);
    CHECK(block_read(device, &four, 1) == STATUS_IO);
    CHECK(block_read(device, &four, 1) == STATUS_IO);
    CHECK(block_read(device, &in_it, 1) == STATUS_IO);
    CHECK(block_read(device, &behind, 1) == STATUS_OK);
    CHECK_EQUAL(disk.fault.hit_count, 1);
    block_fault_arm(&disk.fault, (struct block_fault_plan){});
    CHECK(block_read(device, &four, 1) == STATUS_OK);
}

static void cache_refuses_impossible_geometry(void)
{
    static struct disk disk;
    disk_init(&disk);
    struct block_cache cache;
    struct block_cache_memory memory = {
        .entries = disk.entries, .entry_count = 1, .buffer = block_buffer_plain(disk.cached)};
    struct block_device *device = &disk.memory.device;
    CHECK(block_cache_init(&cache, device, 1024, memory) == STATUS_OK);
    CHECK(block_cache_init(&cache, device, 256, memory) == STATUS_INVALID_ARGUMENT);
    CHECK(block_cache_init(&cache, device, 1536, memory) == STATUS_INVALID_ARGUMENT);
    memory.entry_count = 0;
    CHECK(block_cache_init(&cache, device, 1024, memory) == STATUS_INVALID_ARGUMENT);
}

static void cache_replaces_the_oldest(void)
{
    static struct disk disk;
    disk_init(&disk);
    struct block_cache_entry *entry;
    for (uint64_t block = 0; block < entry_count; block++) {
        CHECK(block_cache_get(&disk.cache, block, &entry) == STATUS_OK);
        CHECK_EQUAL(((uint8_t *)entry->buffer.bytes)[0], 2 * block);
        block_cache_put(&disk.cache, entry);
    }
    CHECK(block_cache_get(&disk.cache, 0, &entry) == STATUS_OK);
    entry->owner_mark = 5;
    block_cache_put(&disk.cache, entry);
    CHECK(block_cache_get(&disk.cache, 20, &entry) == STATUS_OK);
    block_cache_put(&disk.cache, entry);
    CHECK(block_cache_get(&disk.cache, 0, &entry) == STATUS_OK);
    CHECK_EQUAL(entry->owner_mark, 5);
    block_cache_put(&disk.cache, entry);
    CHECK_EQUAL(disk.cache.counters.hit_count, 2);
    CHECK_EQUAL(disk.cache.counters.miss_count, entry_count + 1);
    CHECK_EQUAL(disk.cache.counters.eviction_count, 1);
    CHECK(block_cache_get(&disk.cache, 1, &entry) == STATUS_OK);
    CHECK_EQUAL(disk.cache.counters.miss_count, entry_count + 2);
    CHECK_EQUAL(entry->owner_mark, 0);
    block_cache_put(&disk.cache, entry);
    CHECK(block_cache_get(&disk.cache, cached_block_count, &entry) == STATUS_INVALID_ARGUMENT);
}

static void pinned_entries_stay(void)
{
    static struct disk disk;
    disk_init(&disk);
    struct block_cache_entry *held[entry_count];
    struct block_cache_entry *entry;
    for (uint64_t block = 0; block < entry_count; block++) {
        CHECK(block_cache_get(&disk.cache, block, &held[block]) == STATUS_OK);
    }
    CHECK(block_cache_get(&disk.cache, 9, &entry) == STATUS_NO_MEMORY);
    CHECK(block_cache_get(&disk.cache, 3, &entry) == STATUS_OK);
    CHECK(entry == held[3]);
    block_cache_pin(entry);
    CHECK(block_cache_discard(&disk.cache, 0, cached_block_count) == STATUS_BUSY);
    CHECK(block_cache_discard(&disk.cache, 3, 1) == STATUS_BUSY);
    for (uint64_t block = 0; block < entry_count; block++) {
        block_cache_put(&disk.cache, held[block]);
    }
    block_cache_put(&disk.cache, held[3]);
    CHECK(block_cache_discard(&disk.cache, 0, cached_block_count) == STATUS_BUSY);
    block_cache_put(&disk.cache, held[3]);
    CHECK(block_cache_discard(&disk.cache, 0, cached_block_count) == STATUS_OK);
    uint64_t misses = disk.cache.counters.miss_count;
    CHECK(block_cache_get(&disk.cache, 3, &entry) == STATUS_OK);
    CHECK_EQUAL(disk.cache.counters.miss_count, misses + 1);
    block_cache_put(&disk.cache, entry);
}

/* Records the order in which blocks arrive. */
struct order {
    struct block_device device;
    uint64_t blocks[disk_block_count];
    uint32_t count;
};

static enum status order_write(
    struct block_device *device, const struct block_transfer *transfers, uint32_t transfer_count)
{
    struct order *order = device->context;
    for (uint32_t index = 0; index < transfer_count; index++) {
        order->blocks[order->count++] = transfers[index].first_block;
    }
    return STATUS_OK;
}

static void write_back_ascends(void)
{
    static struct block_cache_entry entries[40];
    static uint8_t bytes[40 * 512];
    static const struct block_device_operations operations = {.write = order_write};
    struct order order = {
        .device = {.operations = &operations, .block_bytes = 512, .block_count = 64}};
    order.device.context = &order;
    struct block_cache cache;
    struct block_cache_memory memory = {
        .entries = entries, .entry_count = 40, .buffer = block_buffer_plain(bytes)};
    CHECK(block_cache_init(&cache, &order.device, 512, memory) == STATUS_OK);
    for (uint32_t index = 0; index < 37; index++) {
        struct block_cache_entry *entry;
        CHECK(block_cache_get_blank(&cache, index * 29 % 64, &entry) == STATUS_OK);
        block_cache_mark_dirty(&cache, entry, BLOCK_CACHE_METADATA);
        block_cache_put(&cache, entry);
    }
    CHECK(block_cache_write_back(&cache, BLOCK_CACHE_METADATA) == STATUS_OK);
    CHECK_EQUAL(order.count, 37);
    CHECK_EQUAL(cache.dirty[BLOCK_CACHE_METADATA].count, 0);
    for (uint32_t index = 1; index < order.count; index++) {
        CHECK(order.blocks[index - 1] < order.blocks[index]);
    }
    CHECK(block_cache_write_back(&cache, BLOCK_CACHE_METADATA) == STATUS_OK);
    CHECK_EQUAL(order.count, 37);
}

static void held_entries_are_not_written(void)
{
    static struct disk disk;
    disk_init(&disk);
    struct block_cache_entry *entry;
    CHECK(block_cache_get(&disk.cache, 3, &entry) == STATUS_OK);
    uint8_t before = disk.bytes[3 * cached_block_bytes];
    *(uint8_t *)entry->buffer.bytes = (uint8_t)~before;
    block_cache_hold(&disk.cache, entry);
    block_cache_mark_dirty(&disk.cache, entry, BLOCK_CACHE_METADATA);
    block_cache_put(&disk.cache, entry);
    CHECK_EQUAL(disk.cache.held.count, 1);
    CHECK(block_cache_write_back(&disk.cache, BLOCK_CACHE_METADATA) == STATUS_OK);
    CHECK_EQUAL(disk.bytes[3 * cached_block_bytes], before);
    CHECK(block_cache_discard(&disk.cache, 3, 1) == STATUS_BUSY);
    block_cache_release(&disk.cache, entry);
    CHECK(block_cache_write_back(&disk.cache, BLOCK_CACHE_DATA) == STATUS_OK);
    CHECK_EQUAL(disk.bytes[3 * cached_block_bytes], before);
    CHECK(block_cache_write_back(&disk.cache, BLOCK_CACHE_METADATA) == STATUS_OK);
    CHECK_EQUAL(disk.bytes[3 * cached_block_bytes], (uint8_t)~before);
    CHECK(block_cache_peek(&disk.cache, 3) == entry);
    CHECK(block_cache_discard(&disk.cache, 3, 1) == STATUS_OK);
    CHECK(block_cache_peek(&disk.cache, 3) == nullptr);
}

/* One random step on cache and model; a failing device may refuse it, but never mix it up. */
static void frozen_caches_write_nothing(void)
{
    static struct disk disk;
    struct block_cache_entry *entry;
    disk_init(&disk);
    for (uint64_t block = 0; block < entry_count - 1; block++) {
        CHECK(block_cache_get(&disk.cache, block, &entry) == STATUS_OK);
        memset(entry->buffer.bytes, 0xee, cached_block_bytes);
        block_cache_mark_dirty(&disk.cache, entry, BLOCK_CACHE_DATA);
        block_cache_put(&disk.cache, entry);
    }
    block_fault_arm(&disk.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE});
    block_cache_freeze(&disk.cache);
    CHECK(block_cache_write_back(&disk.cache, BLOCK_CACHE_DATA) == STATUS_READ_ONLY);
    for (uint64_t block = 0; block < cached_block_count; block++) {
        CHECK(block_cache_get(&disk.cache, block, &entry) == STATUS_OK);
        uint8_t wanted = block < entry_count - 1 ? 0xee : (uint8_t)(2 * block);
        CHECK(*(uint8_t *)entry->buffer.bytes == wanted);
        block_cache_put(&disk.cache, entry);
    }
    CHECK(block_cache_get(&disk.cache, cached_block_count - 1, &entry) == STATUS_OK);
    struct block_cache_entry *another;
    CHECK(block_cache_get(&disk.cache, cached_block_count - 2, &another) == STATUS_NO_MEMORY);
    CHECK(disk.fault.operation_count == 0);
}

/* ---- Reading ahead --------------------------------------------------------------------------- */

/* Takes a block and gives it back; what it begins with, or -1 and why not. */
static int first_byte(struct disk *disk, uint64_t block, struct block_cache_run ahead)
{
    struct block_cache_entry *entry;
    if (block_cache_get_ahead(&disk->cache, block, ahead, &entry) != STATUS_OK) {
        return -1;
    }
    int byte = *(uint8_t *)entry->buffer.bytes;
    block_cache_put(&disk->cache, entry);
    return byte;
}

static void count_reads(struct disk *disk)
{
    block_fault_arm(&disk->fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_READ});
}

static void runs_are_read_with_one_request(void)
{
    static struct disk disk;
    disk_init_with(&disk, entry_count_many);
    count_reads(&disk);
    struct block_cache_run run = {.first = 2, .count = 5};
    for (uint64_t block = 2; block < 7; block++) {
        CHECK_EQUAL(first_byte(&disk, block, run), 2 * (int)block);
    }
    CHECK_EQUAL(disk.fault.operation_count, 1);
    CHECK_EQUAL(disk.cache.counters.ahead_count, 5);
    for (uint64_t block = 10; block < 13; block++) {
        CHECK_EQUAL(first_byte(&disk, block, (struct block_cache_run){block, 1}), 2 * (int)block);
    }
    CHECK_EQUAL(disk.fault.operation_count, 4);
    CHECK_EQUAL(disk.cache.counters.ahead_count, 5);
}

static void reading_ahead_is_bounded(void)
{
    static struct disk disk;
    disk_init_with(&disk, entry_count_many);
    CHECK_EQUAL(first_byte(&disk, 1, (struct block_cache_run){.first = 0, .count = 30}), 2);
    CHECK_EQUAL(disk.cache.counters.ahead_count, entry_count_many / 4);
    CHECK(block_cache_peek(&disk.cache, 0) != nullptr);
    CHECK_EQUAL(first_byte(&disk, 20, (struct block_cache_run){.first = 9, .count = 21}), 40);
    CHECK_EQUAL(disk.cache.counters.ahead_count, 2 * (entry_count_many / 4));
    CHECK(block_cache_peek(&disk.cache, 9) == nullptr);
    CHECK(block_cache_peek(&disk.cache, 25) != nullptr);
    uint64_t last = cached_block_count - 1;
    struct block_cache_run beyond = {.first = last - 1, .count = 9};
    CHECK_EQUAL(first_byte(&disk, last, beyond), 2 * (int)last);
    CHECK_EQUAL(disk.cache.counters.ahead_count, 2 * (entry_count_many / 4) + 2);
}

/* What is in memory and newer than the device neither makes room nor is read again. */
static void reading_ahead_leaves_dirty_blocks(void)
{
    static struct disk disk;
    disk_init_with(&disk, entry_count_many);
    struct block_cache_entry *entry;
    CHECK(block_cache_get_blank(&disk.cache, 3, &entry) == STATUS_OK);
    block_cache_mark_dirty(&disk.cache, entry, BLOCK_CACHE_DATA);
    block_cache_put(&disk.cache, entry);
    CHECK_EQUAL(first_byte(&disk, 2, (struct block_cache_run){.first = 2, .count = 4}), 4);
    CHECK_EQUAL(first_byte(&disk, 3, (struct block_cache_run){.first = 2, .count = 4}), 0);
    CHECK_EQUAL(disk.cache.counters.ahead_count, 3);
    for (uint64_t block = 0; block < entry_count_many; block++) {
        CHECK(block_cache_get_blank(&disk.cache, block, &entry) == STATUS_OK);
        block_cache_mark_dirty(&disk.cache, entry, BLOCK_CACHE_DATA);
        block_cache_put(&disk.cache, entry);
    }
    uint64_t written_count = disk.cache.counters.written_count;
    CHECK_EQUAL(first_byte(&disk, 26, (struct block_cache_run){.first = 26, .count = 4}), 52);
    CHECK_EQUAL(disk.cache.counters.ahead_count, 3);
    CHECK_EQUAL(disk.cache.counters.written_count, written_count + 1);
}

/* The block that is wanted is asked for alone if the run could not be read. */
static void failures_ahead_are_not_told(void)
{
    static struct disk disk;
    disk_init_with(&disk, entry_count_many);
    struct block_fault_plan plan = {.kinds = BLOCK_FAULT_READ, .status = STATUS_IO, .count = 1};
    struct block_cache_run run = {.first = 4, .count = 4};
    block_fault_arm(&disk.fault, plan);
    CHECK_EQUAL(first_byte(&disk, 4, run), 8);
    CHECK_EQUAL(disk.fault.hit_count, 1);
    CHECK_EQUAL(disk.cache.counters.ahead_count, 0);
    CHECK(block_cache_peek(&disk.cache, 5) == nullptr);
    plan.count = UINT64_MAX;
    block_fault_arm(&disk.fault, plan);
    CHECK_EQUAL(first_byte(&disk, 6, run), -1);
    CHECK_EQUAL(disk.fault.hit_count, 2);
    block_fault_arm(&disk.fault, (struct block_fault_plan){});
    CHECK_EQUAL(first_byte(&disk, 6, run), 12);
    CHECK_EQUAL(disk.cache.ages.count, entry_count_many);
}

/* ---- Model ----------------------------------------------------------------------------------- */

static void model_step(struct disk *disk, uint8_t *model, struct random *random)
{
    uint64_t block = random_next(random) % cached_block_count;
    struct block_cache_run ahead = {
        .first = block - random_next(random) % (block + 1), .count = cached_block_count};
    struct block_cache_entry *entry;
    uint8_t *expected = model + block * cached_block_bytes;
    switch (random_next(random) % 8) {
    case 0:
        (void)block_cache_write_back(
            &disk->cache, BLOCK_CACHE_METADATA); /* A failure leaves blocks dirty. */
        return;
    case 1:
        if (block_cache_get_blank(&disk->cache, block, &entry) == STATUS_OK) {
            memset(expected, 0, cached_block_bytes);
            block_cache_mark_dirty(&disk->cache, entry, BLOCK_CACHE_METADATA);
            block_cache_put(&disk->cache, entry);
        }
        return;
    default:
        if (block_cache_get_ahead(&disk->cache, block, ahead, &entry) != STATUS_OK) {
            return;
        }
        CHECK(memcmp(entry->buffer.bytes, expected, cached_block_bytes) == 0);
        if (random_next(random) % 2 == 0) {
            uint64_t at = random_next(random) % cached_block_bytes;
            ((uint8_t *)entry->buffer.bytes)[at] = expected[at] = (uint8_t)random_next(random);
            block_cache_mark_dirty(&disk->cache, entry, BLOCK_CACHE_METADATA);
        }
        block_cache_put(&disk->cache, entry);
    }
}

static void cache_agrees_with_model_of(uint32_t count)
{
    static struct disk disk;
    static uint8_t model[sizeof disk.bytes];
    disk_init_with(&disk, count);
    memcpy(model, disk.bytes, sizeof model);
    struct random random = random_start(0x1234567);
    for (uint32_t step = 0; step < 200'000; step++) {
        if (step % 100 == 0) {
            struct block_fault_plan plan = {.kinds = BLOCK_FAULT_READ | BLOCK_FAULT_WRITE,
                .effect = BLOCK_FAULT_FAIL,
                .status = STATUS_IO,
                .first = random_next(&random) % 50,
                .count = random_next(&random) % 3};
            block_fault_arm(&disk.fault, plan);
        }
        model_step(&disk, model, &random);
    }
    block_fault_arm(&disk.fault, (struct block_fault_plan){});
    CHECK(block_cache_write_back(&disk.cache, BLOCK_CACHE_METADATA) == STATUS_OK);
    CHECK(memcmp(model, disk.bytes, sizeof model) == 0);
    CHECK_EQUAL(disk.cache.dirty[BLOCK_CACHE_METADATA].count, 0);
}

static void cache_agrees_with_model(void)
{
    cache_agrees_with_model_of(entry_count);
    cache_agrees_with_model_of(entry_count_many);
}

int main(void)
{
    TEST(transfers_outside_are_refused);
    TEST(read_only_refuses_writes);
    TEST(buffers_skip_on_both_sides);
    TEST(faults_strike_as_planned);
    TEST(spoiled_places_stay_bad);
    TEST(cache_refuses_impossible_geometry);
    TEST(cache_replaces_the_oldest);
    TEST(pinned_entries_stay);
    TEST(write_back_ascends);
    TEST(held_entries_are_not_written);
    TEST(frozen_caches_write_nothing);
    TEST(runs_are_read_with_one_request);
    TEST(reading_ahead_is_bounded);
    TEST(reading_ahead_leaves_dirty_blocks);
    TEST(failures_ahead_are_not_told);
    TEST(cache_agrees_with_model);
    return check_report();
}
