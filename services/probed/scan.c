/* SPDX-License-Identifier: ISC */
/* Walking configuration space. */
#include "scan.h"

#include <protocol/acpi.h>
#include <protocol/device.h>
#include <protocol/vspace.h>
#include <slots/probed.h>
#include <userlib/log.h>
#include <userlib/slots.h>

#include <lib/base/base.h>

constexpr uint32_t bus_bytes = UINT32_C(1) << 20;
constexpr uint32_t function_bytes = 4096;
constexpr uint32_t devices_per_bus = 32;
constexpr uint32_t functions_per_device = 8;
constexpr uint32_t segments_max = 8;

/* Offsets of 32-bit registers in configuration space. */
constexpr uint32_t register_identity = 0x00;
constexpr uint32_t register_command = 0x04;
constexpr uint32_t register_class = 0x08;
constexpr uint32_t register_header = 0x0c;
constexpr uint32_t register_bar = 0x10;
constexpr uint32_t register_bridge_buses = 0x18;
constexpr uint32_t register_capabilities = 0x34;

constexpr uint32_t command_decode = 3; /* I/O and memory space */
constexpr uint32_t status_capabilities = UINT32_C(1) << 20;
constexpr uint8_t capability_msix = 0x11;

/* One function: its registers, and where they are. */
struct function {
    volatile uint32_t *registers;
    uint64_t address;
    uint32_t place;
};

static uint32_t read(const struct function *function, uint32_t offset)
{
    return function->registers[offset / sizeof(uint32_t)];
}

static void write(const struct function *function, uint32_t offset, uint32_t value)
{
    function->registers[offset / sizeof(uint32_t)] = value;
}

/* Size of the memory behind a register: all ones are written, what stays zero is address. */
static uint32_t probe_bar(const struct function *function, uint32_t offset)
{
    uint32_t value = read(function, offset);
    write(function, offset, UINT32_MAX);
    uint32_t mask = read(function, offset);
    write(function, offset, value);
    return mask;
}

static void size_bars(const struct function *function, uint32_t bar_count, struct device_bar *bars)
{
    constexpr uint32_t bar_io = 1;
    constexpr uint32_t bar_type_mask = 6;
    constexpr uint32_t bar_64_bit = 4;
    constexpr uint32_t bar_flags = 15;
    uint32_t command = read(function, register_command) & 0xffff;
    write(function, register_command, command & ~command_decode);
    for (uint32_t i = 0; i < bar_count; i++) {
        uint32_t offset = register_bar + i * 4;
        uint32_t low = read(function, offset);
        uint64_t mask = UINT64_C(0xffffffff00000000) | (probe_bar(function, offset) & ~bar_flags);
        uint64_t address = low & ~bar_flags;
        if ((low & bar_io) != 0 || (uint32_t)mask == 0) {
            continue;
        }
        bool wide = (low & bar_type_mask) == bar_64_bit && i + 1 < bar_count;
        if (wide) {
            address |= (uint64_t)read(function, offset + 4) << 32;
            mask = (uint64_t)probe_bar(function, offset + 4) << 32 | (uint32_t)mask;
        }
        bars[i] = (struct device_bar){.address = address, .size_bytes = ~mask + 1};
        i += wide;
    }
    write(function, register_command, command);
}

/* The MSI-X capability, if there is one. */
static void find_messages(
    const struct function *function, struct device_report_device_request *report)
{
    constexpr uint32_t steps_max = 48; /* capabilities are at least 4 bytes in 192 */
    if ((read(function, register_command) & status_capabilities) == 0) {
        return;
    }
    uint32_t at = read(function, register_capabilities) & 0xfc;
    for (uint32_t step = 0; at >= 0x40 && step < steps_max; step++) {
        uint32_t header = read(function, at);
        if ((uint8_t)header == capability_msix) {
            uint32_t table = read(function, at + 4);
            report->message_count = (header >> 16 & 0x7ff) + 1;
            report->message_bar = table & 7;
            report->message_offset = table & ~UINT32_C(7);
            report->message_capability = at;
            return;
        }
        at = header >> 8 & 0xfc;
    }
}

static void report_function(const struct function *function, struct scan_counts *counts)
{
    constexpr uint32_t header_type_mask = 0x7f;
    uint32_t identity = read(function, register_identity);
    uint32_t header = read(function, register_header) >> 16 & header_type_mask;
    struct device_report_device_request report = {
        .bus = device_bus_pci,
        .place = function->place,
        .vendor = identity & 0xffff,
        .device = identity >> 16,
        .class_code = read(function, register_class) >> 8,
        .config_address = function->address,
    };
    counts->functions++;
    if (header == 0) {
        size_bars(function, 6, report.bars);
        find_messages(function, &report);
    }
    enum status status = device_report_device((struct device_cap){SLOT_PEER_DEVICED}, &report);
    if (status == STATUS_OK) {
        counts->reported++;
        return;
    }
    counts->refused++;
    log_write(LOG_WARNING, "device %04x:%04x at %04x refused: %s", report.vendor, report.device,
        report.place, status_text(status));
}

/* A bridge's secondary bus is the greatest number that still has to be looked at. */
static void note_bridge(const struct function *function, uint32_t *last_bus)
{
    constexpr uint32_t header_bridge = 1;
    if ((read(function, register_header) >> 16 & 0x7f) == header_bridge) {
        uint32_t subordinate = read(function, register_bridge_buses) >> 16 & 0xff;
        *last_bus = subordinate > *last_bus ? subordinate : *last_bus;
    }
}

static void scan_bus(volatile uint32_t *registers, uint64_t address, uint32_t bus,
    uint32_t *last_bus, struct scan_counts *counts)
{
    constexpr uint32_t header_multifunction = 0x80;
    counts->buses++;
    for (uint32_t device = 0; device < devices_per_bus; device++) {
        uint32_t functions = 1;
        for (uint32_t index = 0; index < functions; index++) {
            uint32_t offset = (device * functions_per_device + index) * function_bytes;
            const struct function function = {
                .registers = registers + offset / sizeof(uint32_t),
                .address = address + offset,
                .place = bus << 8 | device << 3 | index,
            };
            if ((read(&function, register_identity) & 0xffff) == 0xffff) {
                continue;
            }
            if (index == 0 &&
                (read(&function, register_header) >> 16 & header_multifunction) != 0) {
                functions = functions_per_device;
            }
            note_bridge(&function, last_bus);
            report_function(&function, counts);
        }
    }
}

/* Map one bus, scan it, and let it go. */
static enum status scan_bus_at(
    uint64_t address, uint32_t bus, uint32_t *last_bus, struct scan_counts *counts)
{
    const struct device_config_window_request window = {.address = address};
    struct device_config_window_reply opened;
    struct frame_cap frame;
    enum status status =
        device_config_window((struct device_cap){SLOT_PEER_DEVICED}, &window, &opened, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vspace_map_request map = {
        .flags = vspace_map_read | vspace_map_write | vspace_map_uncached};
    struct vspace_map_reply mapped;
    const struct vspace_cap vspaced = {SLOT_PEER_VSPACED};
    status = vspace_map(vspaced, &map, frame, &mapped);
    if (status == STATUS_OK) {
        scan_bus((volatile uint32_t *)mapped.address, // NOLINT(performance-no-int-to-ptr)
            address, bus, last_bus, counts);
        status = vspace_unmap(vspaced, &(struct vspace_unmap_request){.address = mapped.address});
    }
    slots_delete(frame.slot);
    return status;
}

enum status scan_pci(struct scan_counts *counts)
{
    for (uint32_t index = 0; index < segments_max; index++) {
        struct acpi_segment_reply segment;
        enum status status = acpi_segment((struct acpi_cap){SLOT_PEER_DRV_ACPI},
            &(struct acpi_segment_request){.index = index}, &segment);
        if (status == STATUS_END) {
            return STATUS_OK;
        }
        if (status != STATUS_OK) {
            return status;
        }
        uint32_t last_bus = segment.first_bus;
        for (uint32_t bus = segment.first_bus; bus <= last_bus && bus <= segment.last_bus; bus++) {
            uint64_t address = segment.address + (uint64_t)(bus - segment.first_bus) * bus_bytes;
            status = scan_bus_at(address, bus, &last_bus, counts);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return STATUS_OK;
}
