/* SPDX-License-Identifier: ISC */
/* Posting, collecting, answering. */
#include "requests.h"

#include <userlib/log.h>

#include <lib/base/base.h>

/* What the driver and the device share for one place, in the second page. */
constexpr uint32_t cell_bytes = 32;
constexpr uint32_t cell_header_bytes = 16; /* type, reserved, sector */
constexpr uint32_t cell_status = 16;
static_assert(places_max * cell_bytes <= (1U << shared_bits) - shared_queue_bytes);

constexpr uint8_t device_status_ok = 0;
constexpr uint8_t device_status_unsupported = 2;
constexpr uint8_t device_status_none = 0xff; /* ours, before the device writes */

static void advance(struct requests *requests);

void requests_init(struct requests *requests, struct device *device)
{
    requests->device = device;
    requests->place_count = device->queue.size / chain_length;
}

static enum status decode_segment(struct requests *requests, enum request_kind kind,
    const struct disk_segment *segment, struct piece *piece_out)
{
    const uint16_t needed = kind == REQUEST_READ ? RIGHT_WRITE : RIGHT_READ;
    const struct geometry *geometry = &requests->device->geometry;
    const struct buffer *buffer = buffers_find(&requests->buffers, segment->buffer);
    if (buffer == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if ((buffer->rights & needed) == 0) {
        return STATUS_DENIED;
    }
    const struct extent extent = {
        .first_block = segment->first_block,
        .block_count = segment->block_count,
        .offset_bytes = segment->offset_bytes,
    };
    if (!extent_fits(&extent, geometry, buffer->size_bytes)) {
        return STATUS_INVALID_ARGUMENT;
    }
    *piece_out = (struct piece){
        .first_sector = segment->first_block * (geometry->block_bytes / sector_bytes),
        .address = buffer->address + segment->offset_bytes,
        .size_bytes = segment->block_count * geometry->block_bytes,
        .buffer = segment->buffer,
    };
    return STATUS_OK;
}

enum status requests_decode(struct requests *requests, enum request_kind kind, uint32_t count,
    const struct disk_segment *segments, struct transfer *transfer_out)
{
    if (kind == REQUEST_WRITE && requests->device->read_only) {
        return STATUS_READ_ONLY;
    }
    if (count == 0 || count > disk_segments_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    for (uint32_t i = 0; i < count; i++) {
        enum status status = decode_segment(requests, kind, &segments[i], &transfer_out->pieces[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    transfer_out->kind = kind;
    transfer_out->piece_count = count;
    return STATUS_OK;
}

static struct waiter *find_free_waiter(struct requests *requests)
{
    for (uint32_t i = 0; i < waiters_max; i++) {
        if (requests->waiters[i].transfer.piece_count == 0) {
            return &requests->waiters[i];
        }
    }
    return nullptr;
}

enum status requests_submit(struct requests *requests, const struct transfer *transfer)
{
    if (requests->failed) {
        return STATUS_IO;
    }
    struct waiter *waiter = find_free_waiter(requests);
    if (waiter == nullptr) {
        return STATUS_BUSY;
    }
    enum status status = service_defer(&waiter->caller);
    if (!service_is_deferred(status)) {
        return status;
    }
    waiter->transfer = *transfer;
    waiter->posted_count = 0;
    waiter->done_count = 0;
    waiter->status = STATUS_OK;
    requests->waiting[requests->waiting_count++] = waiter;
    advance(requests);
    return status;
}

/* Answer a waiter and forget it. */
static void answer(struct requests *requests, uint32_t index)
{
    struct waiter *waiter = requests->waiting[index];
    requests->waiting_count--;
    for (uint32_t i = index; i < requests->waiting_count; i++) {
        requests->waiting[i] = requests->waiting[i + 1];
    }
    (void)service_answer(&waiter->caller, waiter->status, nullptr, nullptr); /* it may be gone */
    waiter->transfer.piece_count = 0;
}

/* Whether there was one. */
static bool answer_finished(struct requests *requests)
{
    bool answered = false;
    uint32_t index = 0;
    while (index < requests->waiting_count) {
        const struct waiter *waiter = requests->waiting[index];
        if (waiter->done_count == waiter->transfer.piece_count) {
            answer(requests, index);
            answered = true;
        } else {
            index++;
        }
    }
    return answered;
}

/* The device is not used again: its DMA ends before anybody hears of it. */
static void fail(struct requests *requests, const char *reason)
{
    const enum status status = device_reset(requests->device);
    log_write(LOG_ERROR, "disk given up: %s%s", reason,
        status == STATUS_OK ? "" : "; it does not even reset");
    requests->failed = true;
    for (uint32_t i = 0; i < requests->place_count; i++) {
        struct place *place = &requests->places[i];
        if (place->buffer != nullptr && status == STATUS_OK) {
            place->buffer->in_flight_count--; /* else the frame stays busy for ever */
        }
        *place = (struct place){};
    }
    while (requests->waiting_count > 0) {
        requests->waiting[0]->status = STATUS_IO;
        answer(requests, 0);
    }
}

/* --- posting --- */

/* The chain of 5.2.6: header, data unless it is a flush, status byte. */
static void fill_chain(
    struct requests *requests, uint32_t index, enum request_kind kind, const struct piece *piece)
{
    struct device *device = requests->device;
    const uint32_t head = index * chain_length;
    const uint32_t cell_offset = shared_queue_bytes + index * cell_bytes;
    uint8_t *cell = device->shared + cell_offset;
    const uint64_t cell_address = device->shared_address + cell_offset;
    const bool has_data = piece->size_bytes > 0;
    store_le32(cell, kind);
    store_le32(cell + 4, 0);
    store_le64(cell + 8, piece->first_sector);
    cell[cell_status] = device_status_none;
    const uint16_t data_direction = kind == REQUEST_READ ? virtqueue_device_writes : 0;
    const struct virtqueue_descriptor chain[chain_length] = {
        {.address = cell_address,
            .size_bytes = cell_header_bytes,
            .flags = virtqueue_next,
            .next = (uint16_t)(has_data ? head + 1 : head + 2)},
        {.address = piece->address,
            .size_bytes = piece->size_bytes,
            .flags = virtqueue_next | data_direction,
            .next = (uint16_t)(head + 2)},
        {.address = cell_address + cell_status, .size_bytes = 1, .flags = virtqueue_device_writes},
    };
    for (uint32_t i = 0; i < chain_length; i++) {
        virtqueue_set(&device->queue, head + i, &chain[i]);
    }
}

static bool post(struct requests *requests, struct waiter *waiter)
{
    uint32_t index = 0;
    while (index < requests->place_count && requests->places[index].waiter != nullptr) {
        index++;
    }
    if (index == requests->place_count) {
        return false;
    }
    const struct piece *piece = &waiter->transfer.pieces[waiter->posted_count];
    const enum request_kind kind = waiter->transfer.kind;
    fill_chain(requests, index, kind, piece);
    if (virtqueue_offer(&requests->device->queue, index * chain_length) != STATUS_OK) {
        return false;
    }
    struct buffer *buffer =
        piece->buffer == 0 ? nullptr : &requests->buffers.places[piece->buffer - 1];
    if (buffer != nullptr) {
        buffer->in_flight_count++;
    }
    requests->places[index] = (struct place){
        .waiter = waiter,
        .buffer = buffer,
        .writable_bytes = 1 + (kind == REQUEST_READ ? piece->size_bytes : 0),
    };
    waiter->posted_count++;
    return true;
}

/* Whether the waiter may post now. A flush waits until it is the oldest; a device that cannot
 * flush has nothing to do then. */
static bool may_post(struct requests *requests, uint32_t index)
{
    struct waiter *waiter = requests->waiting[index];
    if (waiter->transfer.kind != REQUEST_FLUSH) {
        return true;
    }
    if (index == 0 && !requests->device->can_flush) {
        waiter->posted_count = 1;
        waiter->done_count = 1;
    }
    return index == 0;
}

/* Post what there is room for, in order of arrival; whether there was something. */
static bool post_waiting(struct requests *requests)
{
    bool posted = false;
    bool room = true;
    for (uint32_t i = 0; room && i < requests->waiting_count; i++) {
        struct waiter *waiter = requests->waiting[i];
        room = may_post(requests, i);
        while (room && waiter->posted_count < waiter->transfer.piece_count) {
            room = post(requests, waiter);
            posted = posted || room;
        }
    }
    return posted;
}

/* Each answer may be what the next one, a flush, waited for. */
static void advance(struct requests *requests)
{
    do {
        if (post_waiting(requests)) {
            device_ring(requests->device);
        }
    } while (answer_finished(requests));
}

/* --- collecting --- */

static enum status decode_status(uint8_t value)
{
    switch (value) {
    case device_status_ok:
        return STATUS_OK;
    case device_status_unsupported:
        return STATUS_UNSUPPORTED;
    default:
        return STATUS_IO;
    }
}

/* One request came back. CORRUPT if what the device says about it cannot be. */
static enum status finish(struct requests *requests, const struct virtqueue_used *used)
{
    const uint32_t index = used->head / chain_length;
    struct place *place = &requests->places[index];
    if (used->head % chain_length != 0 || place->waiter == nullptr ||
        used->written_bytes > place->writable_bytes) {
        return STATUS_CORRUPT;
    }
    const volatile uint8_t *cell =
        requests->device->shared + shared_queue_bytes + index * cell_bytes;
    enum status status = decode_status(cell[cell_status]);
    if (status == STATUS_OK && used->written_bytes != place->writable_bytes) {
        status = STATUS_IO; /* a short read is none */
    }
    struct waiter *waiter = place->waiter;
    waiter->done_count++;
    waiter->status = waiter->status == STATUS_OK ? status : waiter->status;
    if (place->buffer != nullptr) {
        place->buffer->in_flight_count--;
    }
    *place = (struct place){};
    return STATUS_OK;
}

void requests_collect(struct requests *requests)
{
    if (requests->failed) {
        return;
    }
    struct virtqueue_used used;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < places_max && status == STATUS_OK; i++) {
        status = virtqueue_take_used(&requests->device->queue, &used);
        if (status == STATUS_OK) {
            status = finish(requests, &used);
        }
    }
    if (status == STATUS_CORRUPT) {
        fail(requests, "its queue contradicts itself");
        return;
    }
    (void)answer_finished(requests); /* the oldest is another one now */
    advance(requests);
}
