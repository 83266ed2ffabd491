/* SPDX-License-Identifier: ISC */
/* Tests of the partition as a block device, over a blockd made of arrays. */
#include <lib/testing/check.h>

#include "../partition_device.h"

constexpr uint32_t block_bytes = 512;
constexpr uint32_t disk_blocks = 256;
constexpr uint32_t memory_bytes = 128 * 1024;

static uint8_t disk[disk_blocks * block_bytes];
static uint8_t client[memory_bytes];     /* buffer 0 of blockd */
static uint8_t staging[4 * block_bytes]; /* buffer 1 */
static uint32_t message_count;
static enum status answer;

static enum status read(void *self, const struct partition_segment *segments, uint32_t count)
{
    (void)self;
    CHECK(count > 0 && count <= partition_segments_max);
    message_count++;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *memory = segments[i].buffer == 0 ? client : staging;
        CHECK_EQUAL(segments[i].offset_bytes % partition_alignment_bytes, 0);
        memcpy(memory + segments[i].offset_bytes, disk + segments[i].first_block * block_bytes,
            (size_t)segments[i].block_count * block_bytes);
    }
    return answer;
}

/* The linker finds block_read in lib/block; here its checks are not needed. */
static enum status read_all(struct partition_device *partition,
    const struct block_transfer *transfers, uint32_t transfer_count)
{
    return partition->device.operations->read(&partition->device, transfers, transfer_count);
}

static void start(struct partition_device *partition)
{
    for (uint32_t i = 0; i < sizeof disk; i++) {
        disk[i] = (uint8_t)(i * 7 + i / block_bytes);
    }
    memset(client, 0, sizeof client);
    message_count = 0;
    answer = STATUS_OK;
    *partition = (struct partition_device){
        .transport = {.read = read},
        .staging = {.handle = partition_handle(1), .bytes = staging},
        .staging_bytes = sizeof staging,
    };
    const struct partition_shape shape = {block_bytes, disk_blocks};
    partition_device_init(partition, shape);
}

static void many_transfers_are_few_messages(void)
{
    struct partition_device partition;
    start(&partition);
    struct block_transfer transfers[60];
    for (uint32_t i = 0; i < 60; i++) {
        transfers[i] = (struct block_transfer){.first_block = 4 * i,
            .block_count = 2,
            .buffer = {.handle = partition_handle(0), .offset_bytes = (uint64_t)i * 1024}};
    }
    CHECK_EQUAL(read_all(&partition, transfers, 60), STATUS_OK);
    CHECK_EQUAL(message_count, 3);
    for (uint32_t i = 0; i < 60; i++) {
        CHECK(memcmp(client + (size_t)i * 1024, disk + (size_t)i * 2048, 1024) == 0);
    }
}

static void memory_unknown_to_the_disk_is_staged(void)
{
    struct partition_device partition;
    start(&partition);
    uint8_t plain[11 * block_bytes];
    const struct block_transfer transfers[] = {
        {.first_block = 8, .block_count = 1, .buffer = {.handle = partition_handle(0)}},
        {.first_block = 9, .block_count = 11, .buffer = block_buffer_plain(plain)},
    };
    CHECK_EQUAL(read_all(&partition, transfers, 2), STATUS_OK);
    CHECK(memcmp(client, disk + (size_t)8 * block_bytes, block_bytes) == 0);
    CHECK(memcmp(plain, disk + (size_t)9 * block_bytes, sizeof plain) == 0);
    CHECK_EQUAL(message_count, 4);
}

static void places_that_are_not_aligned_are_staged(void)
{
    struct partition_device partition;
    start(&partition);
    const struct block_transfer transfer = {.first_block = 3,
        .block_count = 5,
        .buffer = {.handle = partition_handle(0), .offset_bytes = 100, .bytes = client + 100}};
    CHECK_EQUAL(read_all(&partition, &transfer, 1), STATUS_OK);
    CHECK(memcmp(client + 100, disk + (size_t)3 * block_bytes, 5 * block_bytes) == 0);
    const struct block_transfer unreachable = {.first_block = 3, .block_count = 1};
    CHECK_EQUAL(read_all(&partition, &unreachable, 1), STATUS_INVALID_ARGUMENT);
}

static void failures_are_passed_on(void)
{
    struct partition_device partition;
    start(&partition);
    answer = STATUS_IO;
    uint8_t plain[block_bytes];
    const struct block_transfer direct = {
        .first_block = 0, .block_count = 1, .buffer = {.handle = partition_handle(0)}};
    const struct block_transfer staged = {
        .first_block = 0, .block_count = 1, .buffer = block_buffer_plain(plain)};
    CHECK_EQUAL(read_all(&partition, &direct, 1), STATUS_IO);
    CHECK_EQUAL(read_all(&partition, &staged, 1), STATUS_IO);
}

int main(void)
{
    TEST(many_transfers_are_few_messages);
    TEST(memory_unknown_to_the_disk_is_staged);
    TEST(places_that_are_not_aligned_are_staged);
    TEST(failures_are_passed_on);
    return check_report();
}
