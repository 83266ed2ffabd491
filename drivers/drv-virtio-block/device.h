/* SPDX-License-Identifier: ISC */
/*
 * The device: found, reset, negotiated with, its one queue set up (VIRTIO 1.2, 3.1 and 5.2).
 *
 * The memory that is shared with it is one frame: the queue in its first page, headers and status
 * bytes of the requests in its second.
 */
#pragma once

#include <abi/status.h>
#include <lib/virtio/virtio.h>
#include <userlib/capability.h>

#include <stdint.h>

#include "extent.h"
#include "windows.h"

constexpr uint32_t shared_queue_bytes = 4096;
constexpr uint32_t shared_bits = 13;

struct device {
    struct windows windows;
    struct virtio_layout layout;
    volatile uint8_t *common; /* registers, mapped for ever */
    volatile uint8_t *bell;   /* of queue 0 */
    volatile uint8_t *config; /* of the block device */
    struct irq_cap interrupt;
    uint8_t *shared; /* memory that the device sees at shared_address */
    uint64_t shared_address;
    struct virtqueue queue;
    struct geometry geometry;
    bool read_only;
    bool can_flush; /* else everything written is on the medium when it is answered */
};

/*
 * Bring the device to life. On failure *step_out names what failed, and a device that was reached
 * is told that its driver gave up.
 */
enum status device_start(struct device *device, const char **step_out);

/* Tell the device that the queue has something new. */
void device_ring(struct device *device);

/* Reset: the device forgets the queue and touches memory no more. IO if it does not obey. */
enum status device_reset(struct device *device);
