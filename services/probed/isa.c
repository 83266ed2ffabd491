/* SPDX-License-Identifier: ISC */
/* ISA devices cannot be enumerated: COM1 is where every PC has it, and its driver finds out if it
 * answers. */
#include <protocol/acpi.h>
#include <protocol/device.h>
#include <slots/probed.h>

#include "scan.h"

enum status scan_isa(struct scan_counts *counts)
{
    constexpr uint32_t com1_port = 0x3f8;
    constexpr uint32_t com1_line = 4;
    struct acpi_isa_interrupt_reply line;
    enum status status = acpi_isa_interrupt((struct acpi_cap){SLOT_PEER_DRV_ACPI},
        &(struct acpi_isa_interrupt_request){.line = com1_line}, &line);
    if (status != STATUS_OK) {
        return status;
    }
    static_assert(acpi_interrupt_level == device_interrupt_level);
    static_assert(acpi_interrupt_active_low == device_interrupt_active_low);
    const struct device_report_device_request report = {
        .bus = device_bus_isa,
        .place = com1_port,
        .interrupt = line.interrupt,
        .interrupt_flags = line.flags,
    };
    status = device_report_device((struct device_cap){SLOT_PEER_DEVICED}, &report);
    if (status == STATUS_OK) {
        counts->reported++;
    }
    return status;
}
