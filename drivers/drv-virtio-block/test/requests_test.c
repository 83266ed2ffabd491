/* SPDX-License-Identifier: ISC */
/* Tests of posting, collecting and answering: the device, and the callers, are played here. */
#include <lib/base/base.h>
#include <lib/testing/check.h>
#include <userlib/log.h>

#include "../requests.h"

constexpr uint64_t shared_address = 0x100000;
constexpr uint64_t frame_address_of_buffer = 0x40000000;
constexpr uint32_t callers_max = 64;

/* --- what the driver calls --- */

alignas(16) static uint8_t shared[1 << shared_bits];
static struct device device;
static struct requests requests;
static uint32_t ring_count;
static uint32_t reset_count;
static enum status reset_status;

static struct {
    uint32_t count;
    uint32_t answer_count[callers_max];
    enum status statuses[callers_max];
} callers;

void device_ring(struct device *rung)
{
    CHECK(rung == &device);
    ring_count++;
}

enum status device_reset(struct device *broken)
{
    CHECK(broken == &device);
    reset_count++;
    return reset_status;
}

struct buffer *buffers_find(struct buffers *buffers, uint32_t number)
{
    struct buffer *buffer = &buffers->places[(number - 1) % buffers_max];
    return number == 0 || buffer->size_bytes == 0 ? nullptr : buffer;
}

/* The reply slot of a caller is its number. */
enum status service_defer(struct service_deferred *deferred_out)
{
    deferred_out->reply = callers.count++;
    return (enum status)STATUS_COUNT;
}

bool service_is_deferred(enum status status)
{
    return status == (enum status)STATUS_COUNT;
}

enum status service_answer(
    struct service_deferred *deferred, enum status status, const void *reply, const cap_slot *caps)
{
    (void)reply;
    (void)caps;
    callers.answer_count[deferred->reply]++;
    callers.statuses[deferred->reply] = status;
    return STATUS_OK;
}

void log_write(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

/* --- the device --- */

/* A request as the device reads it. */
struct seen {
    uint32_t head;
    uint32_t kind;
    uint64_t sector;
    uint64_t data_address; /* 0: there is no data */
    uint32_t data_bytes;
    bool data_writable;
    uint8_t *status;
};

static uint16_t seen_count;

static void make(uint32_t queue_size)
{
    memset(shared, 0, sizeof shared);
    device = (struct device){
        .shared = shared,
        .shared_address = shared_address,
        .geometry = {.block_count = 1000, .block_bytes = 512},
        .can_flush = true,
    };
    CHECK_EQUAL(virtqueue_init(&device.queue, shared, queue_size), STATUS_OK);
    memset(&requests, 0, sizeof requests);
    requests_init(&requests, &device);
    requests.buffers.places[0] = (struct buffer){
        .rights = RIGHT_READ | RIGHT_WRITE,
        .address = frame_address_of_buffer,
        .size_bytes = 1 << 16,
    };
    memset(&callers, 0, sizeof callers);
    ring_count = reset_count = 0;
    reset_status = STATUS_OK;
    seen_count = 0;
}

static uint32_t offered_count(void)
{
    return (uint16_t)(device.queue.available[1] - seen_count);
}

static struct seen take_offered(void)
{
    struct seen seen = {};
    CHECK(offered_count() > 0);
    seen.head = device.queue.available[2 + seen_count++ % device.queue.size];
    volatile struct virtqueue_descriptor *at = &device.queue.descriptors[seen.head];
    CHECK_EQUAL(at->size_bytes, 16);
    CHECK_EQUAL(at->flags, virtqueue_next);
    const uint8_t *header = shared + (at->address - shared_address);
    seen.kind = load_le32(header);
    seen.sector = load_le64(header + 8);
    at = &device.queue.descriptors[at->next];
    if ((at->flags & virtqueue_next) != 0) {
        seen.data_address = at->address;
        seen.data_bytes = at->size_bytes;
        seen.data_writable = (at->flags & virtqueue_device_writes) != 0;
        at = &device.queue.descriptors[at->next];
    }
    CHECK_EQUAL(at->flags, virtqueue_device_writes);
    CHECK_EQUAL(at->size_bytes, 1);
    seen.status = shared + (at->address - shared_address);
    return seen;
}

static void return_used(uint32_t head, uint32_t written_bytes)
{
    const uint16_t index = device.queue.used[1];
    const uint32_t entry[2] = {head, written_bytes};
    memcpy((uint8_t *)device.queue.used + 4 + (size_t)(index % device.queue.size) * 8, entry,
        sizeof entry);
    device.queue.used[1] = (uint16_t)(index + 1);
}

static void complete(const struct seen *seen, uint8_t status)
{
    *seen->status = status;
    return_used(seen->head, 1 + (seen->data_writable ? seen->data_bytes : 0));
}

/* Do all that is offered, as a good device. */
static void complete_all(void)
{
    for (uint32_t rounds = 0; offered_count() > 0 && rounds < 1000; rounds++) {
        while (offered_count() > 0) {
            const struct seen seen = take_offered();
            complete(&seen, 0);
        }
        requests_collect(&requests);
    }
}

/* --- callers --- */

static void submit(enum request_kind kind, uint32_t first_block, uint32_t count)
{
    struct disk_segment segments[disk_segments_max] = {};
    for (uint32_t i = 0; i < count; i++) {
        segments[i] = (struct disk_segment){
            .first_block = first_block + i, .buffer = 1, .offset_bytes = i * 512, .block_count = 1};
    }
    struct transfer transfer = {.kind = REQUEST_FLUSH, .piece_count = 1};
    if (kind != REQUEST_FLUSH) {
        CHECK_EQUAL(requests_decode(&requests, kind, count, segments, &transfer), STATUS_OK);
    }
    CHECK(service_is_deferred(requests_submit(&requests, &transfer)));
}

static bool is_answered(uint32_t caller, enum status status)
{
    return callers.answer_count[caller] == 1 && callers.statuses[caller] == status;
}

static void segments_are_in_flight_together(void)
{
    make(128);
    submit(REQUEST_READ, 10, 3);
    CHECK_EQUAL(ring_count, 1);
    CHECK_EQUAL(offered_count(), 3);
    struct seen seen[3];
    for (uint32_t i = 0; i < 3; i++) {
        seen[i] = take_offered();
        CHECK_EQUAL(seen[i].kind, 0);
        CHECK_EQUAL(seen[i].sector, 10 + i);
        CHECK_EQUAL(seen[i].data_address, frame_address_of_buffer + i * 512);
        CHECK_EQUAL(seen[i].data_bytes, 512);
        CHECK(seen[i].data_writable);
    }
    CHECK_EQUAL(requests.buffers.places[0].in_flight_count, 3);
    complete(&seen[2], 0);
    complete(&seen[0], 0);
    requests_collect(&requests);
    CHECK_EQUAL(callers.answer_count[0], 0);
    complete(&seen[1], 0);
    requests_collect(&requests);
    CHECK(is_answered(0, STATUS_OK));
    CHECK_EQUAL(requests.buffers.places[0].in_flight_count, 0);
}

static void writes_are_not_writable(void)
{
    make(128);
    submit(REQUEST_WRITE, 7, 1);
    const struct seen seen = take_offered();
    CHECK_EQUAL(seen.kind, 1);
    CHECK(!seen.data_writable);
    complete(&seen, 0);
    requests_collect(&requests);
    CHECK(is_answered(0, STATUS_OK));
}

static void sectors_of_large_blocks(void)
{
    make(128);
    device.geometry.block_bytes = 4096;
    submit(REQUEST_READ, 5, 1);
    const struct seen seen = take_offered();
    CHECK_EQUAL(seen.sector, 40);
    CHECK_EQUAL(seen.data_bytes, 4096);
}

static void full_queue_goes_on_in_order(void)
{
    make(8); /* two places */
    submit(REQUEST_READ, 0, 5);
    submit(REQUEST_WRITE, 100, 2);
    const uint64_t sectors[] = {0, 1, 2, 3, 4, 100, 101};
    CHECK_EQUAL(offered_count(), 2);
    for (uint32_t i = 0; i < 7; i++) {
        const struct seen seen = take_offered();
        CHECK_EQUAL(seen.sector, sectors[i]);
        complete(&seen, 0);
        requests_collect(&requests);
        CHECK_EQUAL(offered_count(), i < 5 ? 2 : 6 - i); /* one goes, one comes */
        CHECK_EQUAL(callers.answer_count[0], i >= 4);
    }
    CHECK(is_answered(0, STATUS_OK));
    CHECK(is_answered(1, STATUS_OK));
}

static void waiters_are_bounded(void)
{
    make(8);
    for (uint32_t i = 0; i < waiters_max; i++) {
        submit(REQUEST_READ, i, 2);
    }
    const struct transfer flush = {.kind = REQUEST_FLUSH, .piece_count = 1};
    CHECK_EQUAL(requests_submit(&requests, &flush), STATUS_BUSY);
    complete_all();
    for (uint32_t i = 0; i < waiters_max; i++) {
        CHECK(is_answered(i, STATUS_OK));
    }
    CHECK_EQUAL(requests.waiting_count, 0);
    submit(REQUEST_READ, 0, 1);
    complete_all();
    CHECK(is_answered(waiters_max, STATUS_OK));
}

static void flush_is_a_barrier(void)
{
    make(128);
    submit(REQUEST_WRITE, 0, 1);
    submit(REQUEST_FLUSH, 0, 0);
    submit(REQUEST_READ, 1, 1);
    CHECK_EQUAL(offered_count(), 1);
    const struct seen write = take_offered();
    complete(&write, 0);
    requests_collect(&requests);
    CHECK(is_answered(0, STATUS_OK));
    CHECK_EQUAL(offered_count(), 2);
    const struct seen flush = take_offered();
    CHECK_EQUAL(flush.kind, 4);
    CHECK_EQUAL(flush.data_address, 0);
    CHECK_EQUAL(callers.answer_count[1], 0);
    complete(&flush, 0);
    complete_all();
    CHECK(is_answered(1, STATUS_OK));
    CHECK(is_answered(2, STATUS_OK));
}

static void write_through_device_needs_no_flush(void)
{
    make(128);
    device.can_flush = false;
    submit(REQUEST_FLUSH, 0, 0);
    CHECK(is_answered(0, STATUS_OK));
    submit(REQUEST_WRITE, 0, 1);
    submit(REQUEST_FLUSH, 0, 0);
    submit(REQUEST_FLUSH, 0, 0);
    submit(REQUEST_WRITE, 1, 1);
    CHECK_EQUAL(callers.answer_count[2], 0);
    complete_all();
    for (uint32_t i = 1; i < 5; i++) {
        CHECK(is_answered(i, STATUS_OK));
    }
}

static void first_failure_decides(void)
{
    make(128);
    submit(REQUEST_READ, 0, 3);
    submit(REQUEST_READ, 9, 1);
    const uint8_t statuses[] = {0, 1, 2, 0};
    for (uint32_t i = 0; i < 4; i++) {
        const struct seen seen = take_offered();
        complete(&seen, statuses[i]);
    }
    requests_collect(&requests);
    CHECK(is_answered(0, STATUS_IO));
    CHECK(is_answered(1, STATUS_OK));
    CHECK_EQUAL(reset_count, 0);
}

static void silence_about_status_is_a_failure(void)
{
    make(128);
    submit(REQUEST_READ, 0, 1);
    struct seen seen = take_offered();
    return_used(seen.head, 513); /* but the status byte is ours still */
    requests_collect(&requests);
    CHECK(is_answered(0, STATUS_IO));
    submit(REQUEST_READ, 0, 1);
    seen = take_offered();
    *seen.status = 0;
    return_used(seen.head, 100); /* a short read */
    requests_collect(&requests);
    CHECK(is_answered(1, STATUS_IO));
    CHECK_EQUAL(reset_count, 0);
}

/* Two callers wait; the device returns `head` with that length. */
static void lie(uint32_t head, uint32_t written_bytes)
{
    make(128);
    submit(REQUEST_READ, 0, 2);
    submit(REQUEST_FLUSH, 0, 0);
    return_used(head, written_bytes);
    requests_collect(&requests);
    CHECK_EQUAL(reset_count, 1);
    CHECK(is_answered(0, STATUS_IO));
    CHECK(is_answered(1, STATUS_IO));
    CHECK_EQUAL(requests.buffers.places[0].in_flight_count, 0);
    const struct transfer flush = {.kind = REQUEST_FLUSH, .piece_count = 1};
    CHECK_EQUAL(requests_submit(&requests, &flush), STATUS_IO);
    requests_collect(&requests);
    CHECK_EQUAL(reset_count, 1);
}

static void lying_device_is_given_up(void)
{
    lie(6, 1);          /* not in flight */
    lie(1, 1);          /* within a chain */
    lie(126, 1);        /* behind the last place */
    lie(UINT32_MAX, 1); /* behind the queue */
    lie(0, 514);        /* more than there was room for */
}

static void unstoppable_device_keeps_its_frames(void)
{
    make(128);
    reset_status = STATUS_IO;
    submit(REQUEST_READ, 0, 2);
    return_used(99, 0);
    requests_collect(&requests);
    CHECK(is_answered(0, STATUS_IO));
    CHECK_EQUAL(requests.buffers.places[0].in_flight_count, 2);
}

static enum status decode(enum request_kind kind, uint32_t count, struct disk_segment last)
{
    struct disk_segment segments[disk_segments_max];
    struct transfer transfer;
    for (uint32_t i = 0; i < disk_segments_max; i++) {
        segments[i] = (struct disk_segment){.buffer = 1, .block_count = 1};
    }
    if (count > 0 && count <= disk_segments_max) {
        segments[count - 1] = last;
    }
    return requests_decode(&requests, kind, count, segments, &transfer);
}

static void bad_transfers_are_refused(void)
{
    make(128);
    const struct disk_segment good = {.buffer = 1, .block_count = 1};
    CHECK_EQUAL(decode(REQUEST_READ, 24, good), STATUS_OK);
    CHECK_EQUAL(decode(REQUEST_READ, 0, good), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(decode(REQUEST_READ, 25, good), STATUS_INVALID_ARGUMENT);
    struct disk_segment bad = good;
    bad.buffer = 2;
    CHECK_EQUAL(decode(REQUEST_READ, 3, bad), STATUS_NOT_FOUND);
    bad = good;
    bad.first_block = 1000;
    CHECK_EQUAL(decode(REQUEST_WRITE, 3, bad), STATUS_INVALID_ARGUMENT);
    bad = good;
    bad.offset_bytes = 1 << 16;
    CHECK_EQUAL(decode(REQUEST_WRITE, 3, bad), STATUS_INVALID_ARGUMENT);
    requests.buffers.places[0].rights = RIGHT_READ;
    CHECK_EQUAL(decode(REQUEST_READ, 1, good), STATUS_DENIED);
    CHECK_EQUAL(decode(REQUEST_WRITE, 1, good), STATUS_OK);
    device.read_only = true;
    CHECK_EQUAL(decode(REQUEST_WRITE, 1, good), STATUS_READ_ONLY);
    CHECK_EQUAL(offered_count(), 0);
}

int main(void)
{
    TEST(segments_are_in_flight_together);
    TEST(writes_are_not_writable);
    TEST(sectors_of_large_blocks);
    TEST(full_queue_goes_on_in_order);
    TEST(waiters_are_bounded);
    TEST(flush_is_a_barrier);
    TEST(write_through_device_needs_no_flush);
    TEST(first_failure_decides);
    TEST(silence_about_status_is_a_failure);
    TEST(lying_device_is_given_up);
    TEST(unstoppable_device_keeps_its_frames);
    TEST(bad_transfers_are_refused);
    return check_report();
}
