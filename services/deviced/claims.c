/* SPDX-License-Identifier: ISC */
/* What a running driver may have: exactly its row of BootConfig, of exactly its device. */
#include <protocol/interrupt.h>
#include <slots/deviced.h>
#include <userlib/slots.h>
#include <userlib/syscall.h>

#include <lib/base/base.h>

#include "deviced.h"

struct claimant {
    struct bootconfig_device row;
    struct device *device;
};

/* The calling driver, if it has a device. */
static enum status find_claimant(
    struct deviced *deviced, struct ipc_caller caller, struct claimant *claimant_out)
{
    for (uint32_t i = 0; i < deviced->driver_count; i++) {
        const struct driver *driver = &deviced->drivers[i];
        if (driver->process == caller.client && driver->device != nobody) {
            claimant_out->row = bootconfig_device(&deviced->config, driver->row);
            claimant_out->device = &deviced->devices[driver->device];
            return STATUS_OK;
        }
    }
    return STATUS_DENIED;
}

/* Our port capability that holds the range. */
static cap_slot ports_for(uint32_t first, uint32_t last)
{
    constexpr uint32_t isa_first = 0x3f8;
    constexpr uint32_t isa_last = 0x3ff;
    return first >= isa_first && last <= isa_last ? SLOT_PORTS_ISA : SLOT_PORTS_ACPI;
}

enum status deviced_claim_ports(void *self, struct ipc_caller caller,
    const struct device_claim_ports_request *request, struct device_claim_ports_reply *reply_out,
    struct any_cap *ports_out)
{
    struct claimant claimant;
    enum status status = find_claimant(self, caller, &claimant);
    if (status != STATUS_OK) {
        return status;
    }
    if (request->index >= claimant.row.port_count) {
        return STATUS_DENIED;
    }
    const struct bootconfig_ports range = claimant.row.ports[request->index];
    cap_slot slot;
    status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    const struct port_range_cap source = {ports_for(range.first, range.last)};
    status = port_range_narrow(source, (uint16_t)range.first, (uint16_t)range.last, slot);
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    reply_out->first = range.first;
    reply_out->last = range.last;
    ports_out->slot = slot;
    return STATUS_OK;
}

enum status deviced_claim_line(void *self, struct ipc_caller caller,
    const struct device_claim_line_request *request, struct any_cap *source_out)
{
    struct claimant claimant;
    enum status status = find_claimant(self, caller, &claimant);
    if (status != STATUS_OK) {
        return status;
    }
    if (request->index != 0 || claimant.row.interrupt == bootconfig_any) {
        return STATUS_DENIED;
    }
    const uint32_t flags = claimant.device->facts.interrupt_flags;
    const struct interrupt_claim_line_request line = {
        .interrupt = claimant.device->facts.interrupt,
        .level = (flags & device_interrupt_level) != 0,
        .active_low = (flags & device_interrupt_active_low) != 0,
    };
    return interrupt_claim_line((struct interrupt_cap){SLOT_PEER_IRQD}, &line, source_out);
}

enum status deviced_claim_message(void *self, struct ipc_caller caller,
    const struct device_claim_message_request *request, struct any_cap *source_out)
{
    struct claimant claimant;
    enum status status = find_claimant(self, caller, &claimant);
    if (status != STATUS_OK) {
        return status;
    }
    if (request->index >= claimant.row.message_count) {
        return STATUS_DENIED;
    }
    if (request->index >= claimant.device->facts.message_count) {
        return STATUS_NOT_FOUND;
    }
    struct interrupt_claim_message_reply claimed;
    struct any_cap source;
    status = interrupt_claim_message((struct interrupt_cap){SLOT_PEER_IRQD}, &claimed, &source);
    if (status != STATUS_OK) {
        return status;
    }
    const struct message message = {.address = claimed.address, .data = claimed.data};
    status = deviced_set_message(self, claimant.device, request->index, &message);
    if (status != STATUS_OK) {
        slots_delete(source.slot);
        return status;
    }
    *source_out = source;
    return STATUS_OK;
}

enum status deviced_claim_bar(void *self, struct ipc_caller caller,
    const struct device_claim_bar_request *request, struct device_claim_bar_reply *reply_out,
    struct frame_cap *memory_out)
{
    constexpr uint32_t part_bits_max = frame_bits_max;
    struct deviced *deviced = self;
    struct claimant claimant;
    enum status status = find_claimant(deviced, caller, &claimant);
    if (status != STATUS_OK) {
        return status;
    }
    const struct device_report_device_request *facts = &claimant.device->facts;
    if (request->bar >= device_bars || (claimant.row.bar_mask >> request->bar & 1) == 0 ||
        (facts->message_count > 0 && facts->message_bar == request->bar)) {
        return STATUS_DENIED;
    }
    const struct device_bar *bar = &facts->bars[request->bar];
    if (bar->size_bytes == 0) {
        return STATUS_NOT_FOUND;
    }
    uint32_t bits = log2_ceiling(bar->size_bytes);
    bits = bits < frame_bits_min ? frame_bits_min : bits;
    bits = bits > part_bits_max ? part_bits_max : bits;
    const uint64_t offset = (uint64_t)request->part << bits;
    if (offset >= bar->size_bytes) {
        return STATUS_END;
    }
    status = device_memory_take(&deviced->memory, bar->address + offset, bits, memory_out);
    if (status == STATUS_OK) {
        reply_out->size_bytes = bar->size_bytes;
        reply_out->bits = bits;
    }
    return status;
}

enum status deviced_config_read(void *self, struct ipc_caller caller,
    const struct device_config_read_request *request, struct device_config_read_reply *reply_out)
{
    constexpr uint32_t config_bytes = 4096;
    const struct deviced *deviced = self;
    struct claimant claimant;
    enum status status = find_claimant(self, caller, &claimant);
    if (status != STATUS_OK) {
        return status;
    }
    if (request->offset % sizeof(uint32_t) != 0 || request->offset >= config_bytes) {
        return STATUS_INVALID_ARGUMENT;
    }
    volatile uint32_t *registers =
        config_space_function(&deviced->config_space, claimant.device->facts.config_address);
    if (registers == nullptr) {
        return STATUS_NOT_FOUND;
    }
    reply_out->value = registers[request->offset / sizeof(uint32_t)];
    return STATUS_OK;
}

enum status deviced_describe(
    void *self, struct ipc_caller caller, struct device_describe_reply *reply_out)
{
    struct claimant claimant;
    enum status status = find_claimant(self, caller, &claimant);
    if (status != STATUS_OK) {
        return status;
    }
    const struct device_report_device_request *facts = &claimant.device->facts;
    reply_out->bus = facts->bus;
    reply_out->place = facts->place;
    reply_out->vendor = facts->vendor;
    reply_out->device = facts->device;
    reply_out->message_count = facts->message_count;
    for (uint32_t i = 0; i < device_bars; i++) {
        reply_out->bars[i] = facts->bars[i];
    }
    return STATUS_OK;
}
