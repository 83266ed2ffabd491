/* SPDX-License-Identifier: ISC */
/* The MSI-X table of a device (PCI Local Bus 3.0, 6.8.2): written here, never by a driver. */
#include <protocol/vspace.h>
#include <slots/deviced.h>
#include <userlib/slots.h>

#include <lib/base/base.h>

#include "deviced.h"
#include "message.h"

constexpr uint32_t entry_words = 4;
constexpr uint32_t entry_masked = 1;
constexpr uint32_t control_enable = UINT32_C(1) << 31;
constexpr uint32_t control_mask_all = UINT32_C(1) << 30;
constexpr uint64_t table_page_bytes = 4096;

/* The page of device memory that holds entry `index`, mapped; the frame is kept for ever. */
static enum status map_entry(struct deviced *deviced, const struct device *device, uint32_t index,
    volatile uint32_t **entry_out)
{
    const uint64_t address = device->facts.bars[device->facts.message_bar].address +
                             device->facts.message_offset + (uint64_t)index * 16;
    struct frame_cap frame;
    enum status status =
        device_memory_take(&deviced->memory, align_down(address, table_page_bytes), 12, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vspace_map_request request = {
        .flags = vspace_map_read | vspace_map_write | vspace_map_uncached};
    struct vspace_map_reply reply;
    status = vspace_map((struct vspace_cap){SLOT_PEER_VSPACED}, &request, frame, &reply);
    if (status != STATUS_OK) {
        slots_delete(frame.slot);
        return status;
    }
    const uint64_t mapped = reply.address + address % table_page_bytes;
    *entry_out = (volatile uint32_t *)mapped; // NOLINT(performance-no-int-to-ptr)
    return STATUS_OK;
}

/* The mapped entry; entries of one page share its mapping. */
static enum status find_entry(
    struct deviced *deviced, struct device *device, uint32_t index, volatile uint32_t **entry_out)
{
    if (device->message_table == nullptr) {
        volatile uint32_t *first;
        enum status status = map_entry(deviced, device, 0, &first);
        if (status != STATUS_OK) {
            return status;
        }
        device->message_table = first;
    }
    const uint64_t offset = device->facts.message_offset % table_page_bytes + index * 16;
    if (offset + 16 > table_page_bytes) {
        return STATUS_UNSUPPORTED;
    }
    *entry_out = device->message_table + (size_t)index * entry_words;
    return STATUS_OK;
}

enum status deviced_set_message(
    struct deviced *deviced, struct device *device, uint32_t index, const struct message *message)
{
    volatile uint32_t *registers =
        config_space_function(&deviced->config_space, device->facts.config_address);
    if (registers == nullptr) {
        return STATUS_NOT_FOUND;
    }
    volatile uint32_t *entry;
    enum status status = find_entry(deviced, device, index, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    entry[0] = (uint32_t)message->address;
    entry[1] = (uint32_t)(message->address >> 32);
    entry[2] = message->data;
    entry[3] &= ~entry_masked;
    volatile uint32_t *control = registers + device->facts.message_capability / sizeof(uint32_t);
    *control = (*control | control_enable) & ~control_mask_all;
    return STATUS_OK;
}
