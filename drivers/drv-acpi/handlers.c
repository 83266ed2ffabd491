/* SPDX-License-Identifier: ISC */
/* Operations of protocol acpi. */
#include <userlib/log.h>
#include <userlib/syscall.h>

#include "drv_acpi.h"

static enum status segment(void *self, struct ipc_caller caller,
    const struct acpi_segment_request *request, struct acpi_segment_reply *reply_out)
{
    (void)caller;
    const struct drv_acpi *drv_acpi = self;
    if (request->index >= drv_acpi->mcfg.segment_count) {
        return STATUS_END;
    }
    const struct acpi_segment *found = &drv_acpi->mcfg.segments[request->index];
    reply_out->address = found->address;
    reply_out->first_bus = found->first_bus;
    reply_out->last_bus = found->last_bus;
    return STATUS_OK;
}

static enum status isa_interrupt(void *self, struct ipc_caller caller,
    const struct acpi_isa_interrupt_request *request, struct acpi_isa_interrupt_reply *reply_out)
{
    (void)caller;
    constexpr uint32_t isa_lines = 16;
    const struct acpi_madt *madt = &((const struct drv_acpi *)self)->madt;
    if (request->line >= isa_lines) {
        return STATUS_INVALID_ARGUMENT;
    }
    reply_out->interrupt = request->line;
    for (uint32_t i = 0; i < madt->override_count; i++) {
        const struct acpi_override *override = &madt->overrides[i];
        if (override->isa_line == request->line) {
            reply_out->interrupt = override->interrupt;
            reply_out->flags =
                (override->trigger == ACPI_TRIGGER_LEVEL ? acpi_interrupt_level : 0) |
                (override->polarity == ACPI_POLARITY_LOW ? acpi_interrupt_active_low : 0);
        }
    }
    return STATUS_OK;
}

/* SLP_TYP and SLP_EN into a PM1 control register (ACPI 4.8.3.2.1). */
static enum status enter_soft_off(
    const struct drv_acpi *drv_acpi, const struct acpi_register *control, uint8_t type)
{
    constexpr uint32_t sleep_enable = 1 << 13;
    constexpr uint32_t sleep_type_mask = 7 << 10;
    if (!control->present) {
        return STATUS_OK;
    }
    if (control->space != ACPI_SPACE_IO) {
        return STATUS_UNSUPPORTED;
    }
    const uint16_t port = (uint16_t)control->address;
    uint32_t value = 0;
    enum status status = port_range_read(drv_acpi->ports, port, 2, &value);
    if (status != STATUS_OK) {
        return status;
    }
    value = (value & ~sleep_type_mask) | (uint32_t)type << 10 | sleep_enable;
    return port_range_write(drv_acpi->ports, port, 2, value);
}

static enum status power_off(void *self, struct ipc_caller caller)
{
    (void)caller;
    const struct drv_acpi *drv_acpi = self;
    const struct acpi_power *power = &drv_acpi->power;
    if (!drv_acpi->has_power || !power->soft_off_present) {
        return STATUS_UNSUPPORTED;
    }
    enum status status = enter_soft_off(drv_acpi, &power->control_a, power->soft_off_type_a);
    if (status != STATUS_OK) {
        return status;
    }
    status = enter_soft_off(drv_acpi, &power->control_b, power->soft_off_type_b);
    if (status != STATUS_OK) {
        return status;
    }
    /* The machine obeys in its own time, and there is no event that would tell of a failure. */
    constexpr uint32_t yields_max = 10'000'000;
    for (uint32_t i = 0; i < yields_max; i++) {
        thread_yield();
    }
    return STATUS_IO;
}

static enum status restart(void *self, struct ipc_caller caller)
{
    (void)caller;
    const struct drv_acpi *drv_acpi = self;
    const struct acpi_register *reset = &drv_acpi->power.reset;
    if (!drv_acpi->has_power || !reset->present || reset->space != ACPI_SPACE_IO) {
        return STATUS_UNSUPPORTED;
    }
    enum status status =
        port_range_write(drv_acpi->ports, (uint16_t)reset->address, 1, drv_acpi->power.reset_value);
    return status == STATUS_OK ? STATUS_IO : status;
}

struct acpi_server drv_acpi_server(struct drv_acpi *drv_acpi)
{
    return (struct acpi_server){.self = drv_acpi,
        .segment = segment,
        .isa_interrupt = isa_interrupt,
        .power_off = power_off,
        .restart = restart};
}
