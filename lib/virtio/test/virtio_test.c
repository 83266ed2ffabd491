/* SPDX-License-Identifier: ISC */
/* Tests of layout and queue; the device is played by the tests. */
#include <lib/base/base.h>
#include <lib/testing/check.h>
#include <lib/virtio/virtio.h>

/* --- layout --- */

static uint8_t space[pci_config_bytes];

static enum status read_space(void *context, uint32_t offset, uint32_t *value_out)
{
    (void)context;
    CHECK(offset % 4 == 0 && offset < pci_config_bytes);
    *value_out = load_le32(space + (offset % pci_config_bytes));
    return STATUS_OK;
}

static const struct pci_config config = {.read = read_space};

static void put(uint8_t at, uint8_t next, uint8_t kind, uint32_t offset_bytes, uint32_t size_bytes)
{
    store_le32(space + at,
        (uint32_t)(pci_capability_vendor | next << 8 | 16 << 16) | (uint32_t)kind << 24);
    store_le32(space + at + 4, 4);
    store_le32(space + at + 8, offset_bytes);
    store_le32(space + at + 12, size_bytes);
}

/* A device as usual: all in register 4. */
static void make_device(void)
{
    memset(space, 0, sizeof space);
    space[6] = 0x10;
    space[0x34] = 0x40;
    put(0x40, 0x50, 1, 0, 0x1000);
    put(0x50, 0x60, 3, 0x1000, 0x1000);
    put(0x60, 0x70, 4, 0x2000, 0x1000);
    put(0x70, 0x84, 2, 0x3000, 0x1000);
    space[0x72] = 20;
    store_le32(space + 0x80, 4);
    put(0x84, 0, 5, 0, 0);
    space[0x86] = 20;
}

static void finds_structures(void)
{
    struct virtio_layout layout;
    make_device();
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_OK);
    CHECK_EQUAL(layout.common.bar, 4);
    CHECK_EQUAL(layout.common.size_bytes, 0x1000);
    CHECK_EQUAL(layout.isr.offset_bytes, 0x1000);
    CHECK_EQUAL(layout.device.offset_bytes, 0x2000);
    CHECK_EQUAL(layout.notify.offset_bytes, 0x3000);
    CHECK_EQUAL(layout.notify_multiplier, 4);
}

static void first_of_a_kind_counts(void)
{
    struct virtio_layout layout;
    make_device();
    put(0x84, 0, 1, 0x100, 0x100);
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_OK);
    CHECK_EQUAL(layout.common.offset_bytes, 0);
}

static void damaged_region_is_corrupt(void)
{
    struct virtio_layout layout;
    make_device();
    put(0x40, 0x50, 1, 0xfffff000, 0x2000);
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
    put(0x40, 0x50, 1, 0, 55);
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
    put(0x40, 0x50, 1, 0, 0);
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
    put(0x40, 0x50, 1, 2, 0x1000);
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
    make_device();
    space[0x44] = 6;
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
    make_device();
    store_le32(space + 0x80, 3);
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
}

static void truncated_list_is_refused(void)
{
    struct virtio_layout layout;
    make_device();
    space[0x41] = 0;
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_NOT_FOUND);
    make_device();
    space[0x42] = 8;
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
    make_device();
    space[0x72] = 16; /* no room for the multiplier */
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
    make_device();
    put(0xf0, 0, 2, 0, 0x1000); /* ends behind the space */
    space[0xf2] = 20;
    space[0x61] = 0xf0;
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
}

static void circle_is_refused(void)
{
    struct virtio_layout layout;
    make_device();
    space[0x85] = 0x40;
    CHECK_EQUAL(virtio_find_layout(&config, &layout), STATUS_CORRUPT);
}

/* --- queue --- */

alignas(16) static uint8_t memory[4096];
static struct virtqueue queue;

static void make_queue(uint32_t size)
{
    memset(memory, 0, sizeof memory);
    CHECK_EQUAL(virtqueue_init(&queue, memory, size), STATUS_OK);
}

/* What a device does: add to the used ring. */
static void complete(uint32_t head, uint32_t written_bytes)
{
    uint16_t index = queue.used[1];
    uint32_t entry[2] = {head, written_bytes};
    memcpy((uint8_t *)queue.used + 4 + (size_t)(index % queue.size) * 8, entry, sizeof entry);
    queue.used[1] = (uint16_t)(index + 1);
}

static void layout_of_sizes(void)
{
    struct virtqueue_layout layout;
    CHECK_EQUAL(virtqueue_layout(128, &layout), STATUS_OK);
    CHECK_EQUAL(layout.available_offset_bytes, 2048);
    CHECK_EQUAL(layout.used_offset_bytes, 2312);
    CHECK_EQUAL(layout.size_bytes, 3342);
    CHECK_EQUAL(virtqueue_layout(1, &layout), STATUS_OK);
    CHECK_EQUAL(layout.used_offset_bytes, 24);
    CHECK_EQUAL(layout.size_bytes, 38);
    CHECK_EQUAL(virtqueue_layout(0, &layout), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(virtqueue_layout(96, &layout), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(virtqueue_layout(256, &layout), STATUS_INVALID_ARGUMENT);
}

static void offers_in_ring_order(void)
{
    make_queue(4);
    CHECK_EQUAL(virtqueue_offer(&queue, 3), STATUS_OK);
    CHECK_EQUAL(virtqueue_offer(&queue, 0), STATUS_OK);
    CHECK_EQUAL(queue.available[1], 2);
    CHECK_EQUAL(queue.available[2], 3);
    CHECK_EQUAL(queue.available[3], 0);
    CHECK_EQUAL(queue.in_flight_count, 2);
    CHECK_EQUAL(virtqueue_offer(&queue, 3), STATUS_BUSY);
    CHECK_EQUAL(virtqueue_offer(&queue, 4), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(queue.available[1], 2);
}

static void descriptors_stand_as_specified(void)
{
    make_queue(4);
    const struct virtqueue_descriptor descriptor = {
        .address = 0x1122334455667788, .size_bytes = 512, .flags = 3, .next = 2};
    virtqueue_set(&queue, 1, &descriptor);
    CHECK(load_le64(memory + 16) == 0x1122334455667788);
    CHECK_EQUAL(load_le32(memory + 24), 512);
    CHECK_EQUAL(load_le16(memory + 28), 3);
    CHECK_EQUAL(load_le16(memory + 30), 2);
}

static void takes_what_device_returns(void)
{
    struct virtqueue_used used;
    make_queue(4);
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_END);
    CHECK_EQUAL(virtqueue_offer(&queue, 1), STATUS_OK);
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_END);
    complete(1, 513);
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_OK);
    CHECK_EQUAL(used.head, 1);
    CHECK_EQUAL(used.written_bytes, 513);
    CHECK_EQUAL(queue.in_flight_count, 0);
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_END);
}

static void indices_wrap_around(void)
{
    struct virtqueue_used used;
    make_queue(4);
    for (uint32_t i = 0; i < 70000; i++) {
        const uint32_t first = i % 4;
        const uint32_t second = (i + 1) % 4;
        if (virtqueue_offer(&queue, first) != STATUS_OK ||
            virtqueue_offer(&queue, second) != STATUS_OK) {
            CHECK(false);
            return;
        }
        complete(second, 1); /* out of order */
        complete(first, 2);
        if (virtqueue_take_used(&queue, &used) != STATUS_OK || used.head != second ||
            virtqueue_take_used(&queue, &used) != STATUS_OK || used.head != first) {
            CHECK(false);
            return;
        }
    }
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_END);
}

static void lies_of_the_device_are_corrupt(void)
{
    struct virtqueue_used used;
    make_queue(4);
    complete(0, 0); /* nothing was in flight */
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_CORRUPT);
    make_queue(4);
    CHECK_EQUAL(virtqueue_offer(&queue, 1), STATUS_OK);
    complete(2, 0); /* another chain */
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_CORRUPT);
    make_queue(4);
    CHECK_EQUAL(virtqueue_offer(&queue, 1), STATUS_OK);
    complete(UINT32_MAX, 0);
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_CORRUPT);
    make_queue(4);
    CHECK_EQUAL(virtqueue_offer(&queue, 1), STATUS_OK);
    CHECK_EQUAL(virtqueue_offer(&queue, 2), STATUS_OK);
    complete(1, 0);
    complete(1, 0); /* twice */
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_OK);
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_CORRUPT);
    make_queue(4);
    CHECK_EQUAL(virtqueue_offer(&queue, 1), STATUS_OK);
    queue.used[1] = 0x8000; /* far ahead */
    CHECK_EQUAL(virtqueue_take_used(&queue, &used), STATUS_CORRUPT);
}

int main(void)
{
    TEST(finds_structures);
    TEST(first_of_a_kind_counts);
    TEST(damaged_region_is_corrupt);
    TEST(truncated_list_is_refused);
    TEST(circle_is_refused);
    TEST(layout_of_sizes);
    TEST(offers_in_ring_order);
    TEST(descriptors_stand_as_specified);
    TEST(takes_what_device_returns);
    TEST(indices_wrap_around);
    TEST(lies_of_the_device_are_corrupt);
    return check_report();
}
