/* SPDX-License-Identifier: ISC */
/* Operations for rootd and probed: drivers, evidence, configuration space. */
#include <protocol/process.h>
#include <slots/roles.h>
#include <userlib/log.h>
#include <userlib/slots.h>

#include <lib/base/base.h>

#include "deviced.h"

static bool matches(uint32_t wanted, uint32_t actual)
{
    return wanted == bootconfig_any || wanted == actual;
}

static bool row_is_for(
    const struct bootconfig_device *row, const struct device_report_device_request *facts)
{
    if (row->bus != facts->bus) {
        return false;
    }
    if (row->bus == BOOTCONFIG_BUS_ISA) {
        return row->port_count > 0 && row->ports[0].first == facts->place;
    }
    return matches(row->vendor, facts->vendor) && matches(row->device, facts->device) &&
           matches(row->class_code, facts->class_code);
}

/* The row of a driver that means this device, or device_count: a driver may have several. */
static uint32_t find_row(
    const struct deviced *deviced, uint32_t role, const struct device_report_device_request *facts)
{
    uint32_t index = 0;
    while (index < deviced->config.device_count) {
        const struct bootconfig_device row = bootconfig_device(&deviced->config, index);
        if (row.driver_role == role && row_is_for(&row, facts)) {
            break;
        }
        index++;
    }
    return index;
}

/* Bits of the PCI command register: memory space, and bus mastering where the row allows DMA. */
static void enable_device(
    struct deviced *deviced, const struct device *device, const struct bootconfig_device *row)
{
    constexpr uint32_t command_word = 1;
    constexpr uint32_t command_memory = 1 << 1;
    constexpr uint32_t command_bus_master = 1 << 2;
    volatile uint32_t *registers =
        config_space_function(&deviced->config_space, device->facts.config_address);
    if (row->bus != BOOTCONFIG_BUS_PCI || registers == nullptr) {
        return;
    }
    uint32_t command = registers[command_word] & 0xffff; /* writing ones to the status clears it */
    registers[command_word] = command | command_memory | (row->dma ? command_bus_master : 0);
}

/* Start drivers that stand still and have a device now. */
static void match_devices(struct deviced *deviced)
{
    for (uint32_t d = 0; d < deviced->driver_count; d++) {
        struct driver *driver = &deviced->drivers[d];
        for (uint32_t i = 0; i < deviced->device_count && driver->device == nobody; i++) {
            struct device *device = &deviced->devices[i];
            const uint32_t index = find_row(deviced, driver->role, &device->facts);
            if (device->driver != nobody || index == deviced->config.device_count) {
                continue;
            }
            const struct bootconfig_device row = bootconfig_device(&deviced->config, index);
            device->driver = d;
            driver->device = i;
            driver->row = index;
            enable_device(deviced, device, &row);
            enum status status = process_start((struct process_cap){driver->handle.slot});
            if (status != STATUS_OK) {
                log_write(LOG_ERROR, "start %s: %s", role_name(driver->role), status_text(status));
            }
        }
    }
}

static enum status seed_driver(void *self, struct ipc_caller caller,
    const struct device_seed_driver_request *request, struct endpoint_cap handle)
{
    (void)caller;
    struct deviced *deviced = self;
    if (deviced->sealed) {
        return STATUS_DENIED;
    }
    if (deviced->driver_count == drivers_max) {
        return STATUS_NO_SPACE;
    }
    for (uint32_t row = 0; row < deviced->config.device_count; row++) {
        if (bootconfig_device(&deviced->config, row).driver_role == request->role) {
            deviced->drivers[deviced->driver_count++] = (struct driver){.role = request->role,
                .process = request->process,
                .handle = handle,
                .row = row,
                .device = nobody};
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

static enum status add_device(
    struct deviced *deviced, const struct device_report_device_request *facts)
{
    for (uint32_t i = 0; i < deviced->device_count; i++) {
        const struct device *known = &deviced->devices[i];
        if (known->facts.bus == facts->bus && known->facts.place == facts->place) {
            return STATUS_EXISTS;
        }
    }
    if (deviced->device_count == devices_max) {
        return STATUS_NO_SPACE;
    }
    deviced->devices[deviced->device_count++] = (struct device){.facts = *facts, .driver = nobody};
    return STATUS_OK;
}

static enum status seal(void *self, struct ipc_caller caller)
{
    (void)caller;
    struct deviced *deviced = self;
    if (deviced->sealed) {
        return STATUS_DENIED;
    }
    deviced->sealed = true;
    /* The ACPI tables need no evidence: without them the kernel would not have started. */
    const struct device_report_device_request acpi = {.bus = device_bus_acpi};
    enum status status = add_device(deviced, &acpi);
    match_devices(deviced);
    return status;
}

static enum status without_device(void *self, struct ipc_caller caller,
    const struct device_without_device_request *request,
    struct device_without_device_reply *reply_out)
{
    (void)caller;
    const struct deviced *deviced = self;
    uint32_t left = request->index;
    for (uint32_t i = 0; i < deviced->driver_count; i++) {
        if (deviced->drivers[i].device == nobody && left-- == 0) {
            reply_out->role = deviced->drivers[i].role;
            return STATUS_OK;
        }
    }
    return STATUS_END;
}

/* Memory behind a register is a power of two, inside of what a processor can address (Intel SDM 3A,
 * 4.1.4); a register without memory says nothing. */
static bool bar_is_sound(const struct device_bar *bar)
{
    constexpr uint64_t physical_end = UINT64_C(1) << 52;
    if (bar->size_bytes == 0) {
        return bar->address == 0;
    }
    return is_power_of_two(bar->size_bytes) && bar->size_bytes <= physical_end &&
           bar->address <= physical_end - bar->size_bytes;
}

/* The MSI-X table lies in the memory that it is said to lie in. */
static bool messages_are_sound(const struct device_report_device_request *facts)
{
    constexpr uint32_t messages_max = 2048;
    constexpr uint64_t entry_bytes = 16;
    constexpr uint32_t config_bytes = 4096;
    if (facts->message_capability >= config_bytes - sizeof(uint32_t) ||
        facts->message_capability % sizeof(uint32_t) != 0) {
        return false;
    }
    if (facts->message_count == 0) {
        return facts->message_bar == 0 && facts->message_offset == 0;
    }
    return facts->message_count <= messages_max && facts->message_bar < device_bars &&
           facts->message_offset + facts->message_count * entry_bytes <=
               facts->bars[facts->message_bar].size_bytes;
}

static bool facts_are_sound(
    const struct deviced *deviced, const struct device_report_device_request *facts)
{
    constexpr uint32_t flags_known = device_interrupt_level | device_interrupt_active_low;
    constexpr uint64_t function_bytes = 4096; /* of configuration space: one page each */
    for (uint32_t i = 0; i < device_bars; i++) {
        if (!bar_is_sound(&facts->bars[i])) {
            return false;
        }
    }
    const bool is_placed =
        facts->bus == device_bus_pci
            ? is_aligned(facts->config_address, function_bytes) &&
                  config_space_function(&deviced->config_space, facts->config_address) != nullptr
            : facts->bus == device_bus_isa && facts->config_address == 0;
    return is_placed && (facts->interrupt_flags & ~flags_known) == 0 && messages_are_sound(facts);
}

static enum status report_device(
    void *self, struct ipc_caller caller, const struct device_report_device_request *request)
{
    (void)caller;
    struct deviced *deviced = self;
    if (!facts_are_sound(deviced, request)) {
        return STATUS_INVALID_ARGUMENT;
    }
    enum status status = add_device(deviced, request);
    if (status == STATUS_OK && deviced->sealed) {
        match_devices(deviced);
    }
    return status;
}

static enum status config_window(void *self, struct ipc_caller caller,
    const struct device_config_window_request *request,
    struct device_config_window_reply *reply_out, struct frame_cap *memory_out)
{
    (void)caller;
    struct deviced *deviced = self;
    if (!is_aligned(request->address, UINT64_C(1) << config_window_bits)) {
        return STATUS_INVALID_ARGUMENT;
    }
    reply_out->bits = config_window_bits;
    return config_space_open(
        &deviced->config_space, &deviced->memory, request->address, memory_out);
}

static enum status list(void *self, struct ipc_caller caller,
    const struct device_list_request *request, struct device_list_reply *reply_out)
{
    (void)caller;
    const struct deviced *deviced = self;
    if (request->cursor >= deviced->device_count) {
        return STATUS_END;
    }
    const struct device *device = &deviced->devices[request->cursor];
    reply_out->next_cursor = request->cursor + 1;
    reply_out->bus = device->facts.bus;
    reply_out->place = device->facts.place;
    reply_out->vendor = device->facts.vendor;
    reply_out->device = device->facts.device;
    reply_out->class_code = device->facts.class_code;
    reply_out->driver = device->driver == nobody ? 0 : deviced->drivers[device->driver].role;
    return STATUS_OK;
}

struct device_server deviced_server(struct deviced *deviced)
{
    return (struct device_server){.self = deviced,
        .seed_driver = seed_driver,
        .seal = seal,
        .without_device = without_device,
        .report_device = report_device,
        .config_window = config_window,
        .claim_ports = deviced_claim_ports,
        .claim_line = deviced_claim_line,
        .claim_message = deviced_claim_message,
        .claim_bar = deviced_claim_bar,
        .config_read = deviced_config_read,
        .describe = deviced_describe,
        .list = list};
}
