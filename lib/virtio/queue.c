/* SPDX-License-Identifier: ISC */
/* The split virtqueue (VIRTIO 1.2, 2.7). Rings hold little-endian numbers, as this machine does. */
#include "virtio.h"

#include <lib/base/base.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

/* Places in the available and the used ring, counted in 16 bits. */
constexpr uint32_t ring_index = 1;
constexpr uint32_t ring_first = 2;

/* What precedes in the program happens before what follows, also as the device sees it. */
static void order_stores(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void order_loads(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

enum status virtqueue_layout(uint32_t size, struct virtqueue_layout *layout_out)
{
    constexpr uint32_t ring_head_bytes = 4;
    constexpr uint32_t available_entry_bytes = 2;
    constexpr uint32_t used_entry_bytes = 8;
    constexpr uint32_t event_bytes = 2; /* behind each ring, though the feature is off */
    constexpr uint32_t used_alignment = 4;
    if (!is_power_of_two(size) || size > virtqueue_size_max) {
        return STATUS_INVALID_ARGUMENT;
    }
    const uint32_t available = size * (uint32_t)sizeof(struct virtqueue_descriptor);
    const uint32_t available_end =
        available + ring_head_bytes + size * available_entry_bytes + event_bytes;
    const uint32_t used = (uint32_t)align_up(available_end, used_alignment);
    *layout_out = (struct virtqueue_layout){
        .descriptors_offset_bytes = 0,
        .available_offset_bytes = available,
        .used_offset_bytes = used,
        .size_bytes = used + ring_head_bytes + size * used_entry_bytes + event_bytes,
    };
    return STATUS_OK;
}

enum status virtqueue_init(struct virtqueue *queue, void *memory, uint32_t size)
{
    struct virtqueue_layout layout;
    enum status status = virtqueue_layout(size, &layout);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = memory;
    *queue = (struct virtqueue){
        .size = size,
        .descriptors = (void *)(bytes + layout.descriptors_offset_bytes),
        .available = (void *)(bytes + layout.available_offset_bytes),
        .used = (void *)(bytes + layout.used_offset_bytes),
    };
    return STATUS_OK;
}

void virtqueue_set(
    struct virtqueue *queue, uint32_t index, const struct virtqueue_descriptor *descriptor)
{
    volatile struct virtqueue_descriptor *target = &queue->descriptors[index];
    target->address = descriptor->address;
    target->size_bytes = descriptor->size_bytes;
    target->flags = descriptor->flags;
    target->next = descriptor->next;
}

enum status virtqueue_offer(struct virtqueue *queue, uint32_t head)
{
    if (head >= queue->size) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (queue->in_flight[head]) {
        return STATUS_BUSY;
    }
    queue->in_flight[head] = true;
    queue->in_flight_count++;
    queue->available[ring_first + queue->next_available % queue->size] = (uint16_t)head;
    order_stores(); /* 2.7.13.3: the chain before the index that announces it */
    queue->next_available++;
    queue->available[ring_index] = queue->next_available;
    order_stores(); /* the index before the bell */
    return STATUS_OK;
}

enum status virtqueue_take_used(struct virtqueue *queue, struct virtqueue_used *used_out)
{
    const uint16_t waiting = (uint16_t)(queue->used[ring_index] - queue->last_used);
    if (waiting == 0) {
        return STATUS_END;
    }
    if (waiting > queue->in_flight_count) {
        return STATUS_CORRUPT;
    }
    order_loads(); /* the index before the entries and the data that it announces */
    const volatile uint32_t *entry =
        (const volatile void *)(queue->used + ring_first + queue->last_used % queue->size * 4);
    const struct virtqueue_used used = {.head = entry[0], .written_bytes = entry[1]};
    if (used.head >= queue->size || !queue->in_flight[used.head]) {
        return STATUS_CORRUPT;
    }
    queue->in_flight[used.head] = false;
    queue->in_flight_count--;
    queue->last_used++;
    *used_out = used;
    return STATUS_OK;
}
