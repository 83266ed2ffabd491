/* SPDX-License-Identifier: ISC */
/* Finding the structures of a device (VIRTIO 1.2, 4.1.4). */
#include "virtio.h"

#include <stdckdint.h>

/* struct virtio_pci_cap: fields as offsets in the capability. */
constexpr uint32_t cap_kind = 3; /* the fourth byte of the first word */
constexpr uint32_t cap_bar = 4;
constexpr uint32_t cap_offset = 8;
constexpr uint32_t cap_length = 12;
constexpr uint32_t cap_bytes = 16;
constexpr uint32_t cap_notify_multiplier = 16;
constexpr uint32_t cap_notify_bytes = 20;

enum cap_kind_value : uint8_t {
    CAP_COMMON = 1,
    CAP_NOTIFY = 2,
    CAP_ISR = 3,
    CAP_DEVICE = 4,
};

static enum status read_region(
    const struct pci_config *config, uint32_t at, struct virtio_region *region_out)
{
    uint32_t bar;
    struct virtio_region region;
    enum status status = config->read(config->context, at + cap_bar, &bar);
    if (status != STATUS_OK) {
        return status;
    }
    status = config->read(config->context, at + cap_offset, &region.offset_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    status = config->read(config->context, at + cap_length, &region.size_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    region.bar = bar & 0xff;
    uint32_t end;
    if (region.bar >= virtio_bar_count || region.size_bytes == 0 ||
        region.offset_bytes % sizeof(uint32_t) != 0 ||
        ckd_add(&end, region.offset_bytes, region.size_bytes)) {
        return STATUS_CORRUPT;
    }
    *region_out = region;
    return STATUS_OK;
}

static struct virtio_region *region_of(struct virtio_layout *layout, uint8_t kind)
{
    switch (kind) {
    case CAP_COMMON:
        return &layout->common;
    case CAP_NOTIFY:
        return &layout->notify;
    case CAP_ISR:
        return &layout->isr;
    case CAP_DEVICE:
        return &layout->device;
    default:
        return nullptr; /* other ways to reach what is reached here */
    }
}

static enum status read_capability(const struct pci_config *config,
    const struct pci_capability *capability, struct virtio_layout *layout)
{
    uint32_t head;
    enum status status = config->read(config->context, capability->offset, &head);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t kind = (uint8_t)(head >> (cap_kind * 8));
    struct virtio_region *region = region_of(layout, kind);
    if (region == nullptr || region->size_bytes != 0) {
        return STATUS_OK;
    }
    const uint32_t wanted_bytes = kind == CAP_NOTIFY ? cap_notify_bytes : cap_bytes;
    if (capability->size_bytes < wanted_bytes ||
        capability->offset > pci_config_bytes - wanted_bytes) {
        return STATUS_CORRUPT;
    }
    status = read_region(config, capability->offset, region);
    if (status != STATUS_OK || kind != CAP_NOTIFY) {
        return status;
    }
    return config->read(
        config->context, capability->offset + cap_notify_multiplier, &layout->notify_multiplier);
}

enum status virtio_find_layout(const struct pci_config *config, struct virtio_layout *layout_out)
{
    struct virtio_layout layout = {};
    struct pci_walk walk = {};
    struct pci_capability capability;
    enum status status;
    while ((status = pci_next_capability(config, &walk, &capability)) == STATUS_OK) {
        if (capability.id != pci_capability_vendor) {
            continue;
        }
        status = read_capability(config, &capability, &layout);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (status != STATUS_END) {
        return status;
    }
    if (layout.common.size_bytes == 0 || layout.notify.size_bytes == 0) {
        return STATUS_NOT_FOUND;
    }
    if (layout.common.size_bytes < VIRTIO_COMMON_BYTES ||
        layout.notify.size_bytes < sizeof(uint16_t) || layout.notify_multiplier % 2 != 0) {
        return STATUS_CORRUPT;
    }
    *layout_out = layout;
    return STATUS_OK;
}
