/* SPDX-License-Identifier: ISC */
/*
 * VIRTIO 1.2 over PCI, as far as it is arithmetic: where a device keeps its structures (4.1.4),
 * and the split virtqueue (2.7) for chains of fixed places. No system calls; whoever uses it maps
 * memory and rings the bell.
 *
 * The device is not trusted: everything that it writes is checked before it is used.
 */
#pragma once

#include <abi/status.h>
#include <lib/pci/pci.h>

#include <stdint.h>

/* --- structures of the device --- */

constexpr uint32_t virtio_bar_count = 6;

/* Where one structure is: a part of a base address register's memory. */
struct virtio_region {
    uint32_t bar;
    uint32_t offset_bytes;
    uint32_t size_bytes; /* 0: the device has no such structure */
};

struct virtio_layout {
    struct virtio_region common;
    struct virtio_region notify;
    uint32_t notify_multiplier; /* even, or 0 */
    struct virtio_region isr;
    struct virtio_region device;
};

/*
 * Find the structures of the device by its vendor capabilities; of several of one kind the first
 * one counts, as 4.1.4 demands.
 * OK: common and notify are there, each at least as large as it must be, and no region's end
 * overflows. NOT_FOUND: one of these is missing. CORRUPT: the list or a region makes no sense; or
 * what config->read returned.
 */
enum status virtio_find_layout(const struct pci_config *config, struct virtio_layout *layout_out);

/* Offsets in the common configuration structure (4.1.4.3). */
enum virtio_common : uint32_t {
    VIRTIO_COMMON_DEVICE_FEATURE_SELECT = 0, /* 32 bits */
    VIRTIO_COMMON_DEVICE_FEATURE = 4,        /* 32 */
    VIRTIO_COMMON_DRIVER_FEATURE_SELECT = 8, /* 32 */
    VIRTIO_COMMON_DRIVER_FEATURE = 12,       /* 32 */
    VIRTIO_COMMON_CONFIG_VECTOR = 16,        /* 16 */
    VIRTIO_COMMON_QUEUE_COUNT = 18,          /* 16 */
    VIRTIO_COMMON_STATUS = 20,               /* 8 */
    VIRTIO_COMMON_GENERATION = 21,           /* 8 */
    VIRTIO_COMMON_QUEUE_SELECT = 22,         /* 16 */
    VIRTIO_COMMON_QUEUE_SIZE = 24,           /* 16 */
    VIRTIO_COMMON_QUEUE_VECTOR = 26,         /* 16 */
    VIRTIO_COMMON_QUEUE_ENABLE = 28,         /* 16 */
    VIRTIO_COMMON_QUEUE_NOTIFY_OFFSET = 30,  /* 16 */
    VIRTIO_COMMON_QUEUE_DESCRIPTORS = 32,    /* 64, as two of 32 */
    VIRTIO_COMMON_QUEUE_AVAILABLE = 40,      /* 64, as two of 32 */
    VIRTIO_COMMON_QUEUE_USED = 48,           /* 64, as two of 32 */
    VIRTIO_COMMON_BYTES = 56,
};

/* Bits of the device status (2.1). */
constexpr uint8_t virtio_status_acknowledge = 1;
constexpr uint8_t virtio_status_driver = 2;
constexpr uint8_t virtio_status_driver_ok = 4;
constexpr uint8_t virtio_status_features_ok = 8;
constexpr uint8_t virtio_status_needs_reset = 64;
constexpr uint8_t virtio_status_failed = 128;

constexpr uint16_t virtio_no_vector = 0xffff;
constexpr uint32_t virtio_feature_version_1 = 32; /* number of the bit (6) */

/* --- the split virtqueue --- */

constexpr uint32_t virtqueue_size_max = 128; /* of ours; a device may offer more */

/* Offsets in the queue's memory; each part is aligned as 2.7 demands if the memory is to 16. */
struct virtqueue_layout {
    uint32_t descriptors_offset_bytes;
    uint32_t available_offset_bytes;
    uint32_t used_offset_bytes;
    uint32_t size_bytes;
};

/* INVALID_ARGUMENT unless `size` is a power of two up to virtqueue_size_max. */
enum status virtqueue_layout(uint32_t size, struct virtqueue_layout *layout_out);

constexpr uint16_t virtqueue_next = 1; /* the chain goes on at `next` */
constexpr uint16_t virtqueue_device_writes = 2;

/* As the device sees it (2.7.5). */
struct virtqueue_descriptor {
    uint64_t address;
    uint32_t size_bytes;
    uint16_t flags;
    uint16_t next;
};

static_assert(sizeof(struct virtqueue_descriptor) == 16);

struct virtqueue_used {
    uint32_t head;
    uint32_t written_bytes;
};

/*
 * Invariants: 1. in_flight_count counts the set places of in_flight. 2. A head is in flight from
 * virtqueue_offer until virtqueue_take_used returns it, at most once.
 */
struct virtqueue {
    uint32_t size;
    uint16_t next_available;
    uint16_t last_used;
    uint32_t in_flight_count;
    volatile struct virtqueue_descriptor *descriptors; /* all memory borrowed, shared with device */
    volatile uint16_t *available;                      /* flags, index, ring */
    volatile uint16_t *used;                           /* flags, index, then pairs of 32 bits */
    bool in_flight[virtqueue_size_max];                /* by head */
};

/* An empty queue over `memory`, which is zeroed, aligned to 16, and as virtqueue_layout says. */
enum status virtqueue_init(struct virtqueue *queue, void *memory, uint32_t size);

/* Fill a descriptor that belongs to no chain in flight. */
void virtqueue_set(
    struct virtqueue *queue, uint32_t index, const struct virtqueue_descriptor *descriptor);

/*
 * Give the chain that begins at `head` to the device: all stores before are visible to the device
 * before it sees the chain. INVALID_ARGUMENT if there is no such place, BUSY if it is in flight.
 */
enum status virtqueue_offer(struct virtqueue *queue, uint32_t head);

/*
 * The next chain that the device is done with. END: none. CORRUPT: the device claims more than was
 * in flight, or a chain that was not: do not use the queue any more.
 */
enum status virtqueue_take_used(struct virtqueue *queue, struct virtqueue_used *used_out);
