/* SPDX-License-Identifier: ISC */
/* Claiming and mapping parts of base address registers. */
#include "windows.h"

#include <protocol/device.h>
#include <protocol/vspace.h>
#include <slots/drv-virtio-block.h>
#include <userlib/slots.h>

constexpr uint64_t part_bytes_max = UINT64_C(1) << 21;

static enum status claim(uint32_t bar, uint32_t part, struct window *window_out)
{
    const struct device_claim_bar_request request = {.bar = bar, .part = part};
    struct device_claim_bar_reply claimed;
    struct frame_cap frame;
    enum status status =
        device_claim_bar((struct device_cap){SLOT_PEER_DEVICED}, &request, &claimed, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vspace_map_request map = {
        .flags = vspace_map_read | vspace_map_write | vspace_map_uncached};
    struct vspace_map_reply mapped;
    status = vspace_map((struct vspace_cap){SLOT_PEER_VSPACED}, &map, frame, &mapped);
    if (status != STATUS_OK) {
        slots_delete(frame.slot);
        return status;
    }
    const uint64_t part_bytes = UINT64_C(1) << claimed.bits;
    const uint64_t left_bytes = claimed.size_bytes - part * part_bytes;
    *window_out = (struct window){
        .bar = bar,
        .part = part,
        .size_bytes = left_bytes < part_bytes ? left_bytes : part_bytes,
        .base = (volatile uint8_t *)mapped.address, // NOLINT(performance-no-int-to-ptr)
    };
    return STATUS_OK;
}

static enum status find(
    struct windows *windows, uint32_t bar, uint32_t part, const struct window **window_out)
{
    for (uint32_t i = 0; i < windows->count; i++) {
        const struct window *window = &windows->windows[i];
        if (window->bar == bar && window->part == part) {
            *window_out = window;
            return STATUS_OK;
        }
    }
    if (windows->count == windows_max) {
        return STATUS_NO_SPACE;
    }
    enum status status = claim(bar, part, &windows->windows[windows->count]);
    if (status == STATUS_OK) {
        *window_out = &windows->windows[windows->count++];
    }
    return status;
}

enum status windows_map(
    struct windows *windows, const struct virtio_region *region, volatile uint8_t **base_out)
{
    const struct window *window;
    enum status status =
        find(windows, region->bar, (uint32_t)(region->offset_bytes / part_bytes_max), &window);
    if (status != STATUS_OK) {
        return status;
    }
    const uint64_t offset = region->offset_bytes % part_bytes_max;
    if (offset > window->size_bytes || region->size_bytes > window->size_bytes - offset) {
        return STATUS_UNSUPPORTED;
    }
    *base_out = window->base + offset;
    return STATUS_OK;
}
