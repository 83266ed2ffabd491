/* SPDX-License-Identifier: ISC */
/*
 * Callers that wait, and the requests that are in flight for them.
 *
 * A caller's transfer is checked as a whole before any of it is posted. Its pieces go to the device
 * in order of arrival as places become free; it is answered when all are done. The first piece that
 * fails decides the answer.
 */
#pragma once

#include <protocol/disk.h>
#include <userlib/service.h>

#include "buffers.h"
#include "device.h"

constexpr uint32_t waiters_max = 16; /* `deferred` of the manifest */
constexpr uint32_t chain_length = 3; /* header, data, status */
constexpr uint32_t places_max = virtqueue_size_max / chain_length;

/* Kinds of request; the values are the device's (5.2.6). */
enum request_kind : uint32_t {
    REQUEST_READ = 0,
    REQUEST_WRITE = 1,
    REQUEST_FLUSH = 4,
};

/* One run of blocks, checked. */
struct piece {
    uint64_t first_sector;
    uint64_t address;
    uint32_t size_bytes;
    uint32_t buffer; /* its number */
};

/* A transfer that was checked. */
struct transfer {
    enum request_kind kind;
    uint32_t piece_count; /* a flush has one, which is empty */
    struct piece pieces[disk_segments_max];
};

struct waiter {
    struct service_deferred caller;
    struct transfer transfer;
    uint32_t posted_count;
    uint32_t done_count;
    enum status status; /* of the first piece that failed */
};

/* What is in flight with descriptors from chain_length * its index on. */
struct place {
    struct waiter *waiter; /* nullptr: free */
    struct buffer *buffer; /* nullptr: a flush */
    uint32_t writable_bytes;
};

struct requests {
    struct device *device;
    struct buffers buffers;
    bool failed; /* the device lied or asked for a reset: it is never used again */
    uint32_t place_count;
    struct place places[places_max];
    struct waiter waiters[waiters_max];
    uint32_t waiting_count;
    struct waiter *waiting[waiters_max]; /* in order of arrival */
};

/* Over a started device. */
void requests_init(struct requests *requests, struct device *device);

/*
 * Check the segments. READ_ONLY; INVALID_ARGUMENT if a segment does not fit disk and buffer;
 * NOT_FOUND if there is no such buffer; DENIED if its frame does not allow the direction.
 */
enum status requests_decode(struct requests *requests, enum request_kind kind, uint32_t count,
    const struct disk_segment *segments, struct transfer *transfer_out);

/* Let the caller wait for the transfer; the result is the handler's. IO if the device failed, BUSY
 * if too many wait. */
enum status requests_submit(struct requests *requests, const struct transfer *transfer);

/* The device's interrupt came. */
void requests_collect(struct requests *requests);
