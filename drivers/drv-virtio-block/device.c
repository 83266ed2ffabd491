/* SPDX-License-Identifier: ISC */
/* From reset to DRIVER_OK. */
#include "device.h"

#include <protocol/device.h>
#include <protocol/vspace.h>
#include <slots/drv-virtio-block.h>
#include <userlib/syscall.h>

#include "mmio.h"

/* Features of the block device (5.2.3), as bits of the first 32. */
constexpr uint32_t feature_read_only = UINT32_C(1) << 5;
constexpr uint32_t feature_block_size = UINT32_C(1) << 6;
constexpr uint32_t feature_flush = UINT32_C(1) << 9;
constexpr uint32_t features_wanted = feature_read_only | feature_block_size | feature_flush;
constexpr uint32_t feature_version_1 = UINT32_C(1) << (virtio_feature_version_1 - 32);

/* Offsets in the configuration of a block device (5.2.4). */
constexpr uint32_t config_capacity = 0;
constexpr uint32_t config_block_bytes = 20;
constexpr uint32_t config_bytes = 24;

static enum status read_config(void *context, uint32_t offset, uint32_t *value_out)
{
    (void)context;
    const struct device_config_read_request request = {.offset = offset};
    struct device_config_read_reply reply;
    enum status status =
        device_config_read((struct device_cap){SLOT_PEER_DEVICED}, &request, &reply);
    if (status == STATUS_OK) {
        *value_out = reply.value;
    }
    return status;
}

static enum status find_structures(struct device *device)
{
    const struct pci_config config = {.read = read_config};
    enum status status = virtio_find_layout(&config, &device->layout);
    if (status != STATUS_OK) {
        return status;
    }
    return device->layout.device.size_bytes < config_bytes ? STATUS_NOT_FOUND : STATUS_OK;
}

static enum status map_structures(struct device *device)
{
    struct windows *windows = &device->windows;
    enum status status = windows_map(windows, &device->layout.common, &device->common);
    if (status != STATUS_OK) {
        return status;
    }
    status = windows_map(windows, &device->layout.device, &device->config);
    if (status != STATUS_OK) {
        return status;
    }
    return windows_map(windows, &device->layout.notify, &device->bell);
}

static void add_status(struct device *device, uint8_t bits)
{
    const uint8_t old = mmio_read8(device->common, VIRTIO_COMMON_STATUS);
    mmio_write8(device->common, VIRTIO_COMMON_STATUS, (uint8_t)(old | bits));
}

enum status device_reset(struct device *device)
{
    constexpr uint32_t reads_max = 100000; /* each takes at least some 100 ns */
    mmio_write8(device->common, VIRTIO_COMMON_STATUS, 0);
    for (uint32_t i = 0; i < reads_max; i++) {
        if (mmio_read8(device->common, VIRTIO_COMMON_STATUS) == 0) {
            return STATUS_OK;
        }
    }
    return STATUS_IO;
}

static uint32_t offered_features(struct device *device, uint32_t word)
{
    mmio_write32(device->common, VIRTIO_COMMON_DEVICE_FEATURE_SELECT, word);
    return mmio_read32(device->common, VIRTIO_COMMON_DEVICE_FEATURE);
}

static void accept_features(struct device *device, uint32_t word, uint32_t features)
{
    mmio_write32(device->common, VIRTIO_COMMON_DRIVER_FEATURE_SELECT, word);
    mmio_write32(device->common, VIRTIO_COMMON_DRIVER_FEATURE, features);
}

/* Steps 2 to 6 of 3.1.1. */
static enum status negotiate(struct device *device, uint32_t *features_out)
{
    add_status(device, virtio_status_acknowledge);
    add_status(device, virtio_status_driver);
    if ((offered_features(device, 1) & feature_version_1) == 0) {
        return STATUS_UNSUPPORTED;
    }
    const uint32_t features = offered_features(device, 0) & features_wanted;
    accept_features(device, 0, features);
    accept_features(device, 1, feature_version_1);
    add_status(device, virtio_status_features_ok);
    if ((mmio_read8(device->common, VIRTIO_COMMON_STATUS) & virtio_status_features_ok) == 0) {
        return STATUS_UNSUPPORTED;
    }
    *features_out = features;
    return STATUS_OK;
}

/* The generation tells whether the capacity changed between its two halves (4.1.3.1). */
static enum status read_geometry(struct device *device, uint32_t features)
{
    constexpr uint32_t attempts_max = 16;
    device->read_only = (features & feature_read_only) != 0;
    device->can_flush = (features & feature_flush) != 0;
    for (uint32_t i = 0; i < attempts_max; i++) {
        const uint8_t before = mmio_read8(device->common, VIRTIO_COMMON_GENERATION);
        const uint64_t low = mmio_read32(device->config, config_capacity);
        const uint64_t high = mmio_read32(device->config, config_capacity + 4);
        const uint32_t block_bytes = (features & feature_block_size) != 0
                                         ? mmio_read32(device->config, config_block_bytes)
                                         : sector_bytes;
        if (mmio_read8(device->common, VIRTIO_COMMON_GENERATION) == before) {
            return geometry_decode(high << 32 | low, block_bytes, &device->geometry)
                       ? STATUS_OK
                       : STATUS_UNSUPPORTED;
        }
    }
    return STATUS_IO;
}

static enum status allocate_shared(struct device *device)
{
    const struct vspace_allocate_request request = {.bits = shared_bits};
    struct vspace_allocate_reply reply;
    struct frame_cap frame; /* kept for ever */
    enum status status =
        vspace_allocate((struct vspace_cap){SLOT_PEER_VSPACED}, &request, &reply, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    device->shared = (uint8_t *)reply.address; // NOLINT(performance-no-int-to-ptr)
    return frame_address(frame, &device->shared_address);
}

static enum status find_bell(struct device *device)
{
    const uint64_t offset =
        (uint64_t)mmio_read16(device->common, VIRTIO_COMMON_QUEUE_NOTIFY_OFFSET) *
        device->layout.notify_multiplier;
    if (offset + sizeof(uint16_t) > device->layout.notify.size_bytes) {
        return STATUS_CORRUPT;
    }
    device->bell += offset;
    return STATUS_OK;
}

/* The greatest size that both sides have; the device's is a power of two (4.1.4.3). */
static enum status set_up_queue(struct device *device)
{
    constexpr uint32_t size_min = 4; /* room for one request */
    volatile uint8_t *common = device->common;
    mmio_write16(common, VIRTIO_COMMON_QUEUE_SELECT, 0);
    uint32_t size = mmio_read16(common, VIRTIO_COMMON_QUEUE_SIZE);
    size = size > virtqueue_size_max ? virtqueue_size_max : size;
    struct virtqueue_layout layout;
    enum status status = virtqueue_layout(size, &layout);
    if (status != STATUS_OK || size < size_min || layout.size_bytes > shared_queue_bytes) {
        return STATUS_UNSUPPORTED;
    }
    status = virtqueue_init(&device->queue, device->shared, size);
    if (status != STATUS_OK) {
        return status;
    }
    const uint64_t address = device->shared_address;
    mmio_write16(common, VIRTIO_COMMON_QUEUE_SIZE, (uint16_t)size);
    mmio_write64(
        common, VIRTIO_COMMON_QUEUE_DESCRIPTORS, address + layout.descriptors_offset_bytes);
    mmio_write64(common, VIRTIO_COMMON_QUEUE_AVAILABLE, address + layout.available_offset_bytes);
    mmio_write64(common, VIRTIO_COMMON_QUEUE_USED, address + layout.used_offset_bytes);
    return find_bell(device);
}

/* Message 0 tells that requests are done; changes of the configuration are not reported. */
static enum status set_up_interrupt(struct device *device)
{
    const struct device_claim_message_request request = {.index = 0};
    struct any_cap source;
    enum status status =
        device_claim_message((struct device_cap){SLOT_PEER_DEVICED}, &request, &source);
    if (status != STATUS_OK) {
        return status;
    }
    device->interrupt = (struct irq_cap){source.slot};
    status = irq_bind(device->interrupt, (struct notification_cap){SLOT_NOTIFICATION});
    if (status != STATUS_OK) {
        return status;
    }
    mmio_write16(device->common, VIRTIO_COMMON_CONFIG_VECTOR, virtio_no_vector);
    mmio_write16(device->common, VIRTIO_COMMON_QUEUE_VECTOR, 0);
    return mmio_read16(device->common, VIRTIO_COMMON_QUEUE_VECTOR) == 0 ? STATUS_OK : STATUS_IO;
}

static enum status set_up(struct device *device, const char **step_out)
{
    uint32_t features;
    *step_out = "the device's features do not fit";
    enum status status = negotiate(device, &features);
    if (status != STATUS_OK) {
        return status;
    }
    *step_out = "the disk's size or block size is not served";
    status = read_geometry(device, features);
    if (status != STATUS_OK) {
        return status;
    }
    *step_out = "no memory to share with the device";
    status = allocate_shared(device);
    if (status != STATUS_OK) {
        return status;
    }
    *step_out = "the queue cannot be set up";
    status = set_up_queue(device);
    if (status != STATUS_OK) {
        return status;
    }
    *step_out = "the interrupt cannot be set up";
    status = set_up_interrupt(device);
    if (status != STATUS_OK) {
        return status;
    }
    mmio_write16(device->common, VIRTIO_COMMON_QUEUE_ENABLE, 1);
    add_status(device, virtio_status_driver_ok);
    return STATUS_OK;
}

enum status device_start(struct device *device, const char **step_out)
{
    *step_out = "the device's structures are not found";
    enum status status = find_structures(device);
    if (status != STATUS_OK) {
        return status;
    }
    *step_out = "the device's registers cannot be mapped";
    status = map_structures(device);
    if (status != STATUS_OK) {
        return status;
    }
    *step_out = "the device cannot be reset";
    status = device_reset(device);
    if (status != STATUS_OK) {
        return status;
    }
    status = set_up(device, step_out);
    if (status != STATUS_OK) {
        add_status(device, virtio_status_failed);
    }
    return status;
}

void device_ring(struct device *device)
{
    mmio_write16(device->bell, 0, 0); /* the number of the queue */
}
