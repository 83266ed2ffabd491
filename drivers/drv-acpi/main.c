/* SPDX-License-Identifier: ISC */
/* drv-acpi: the ACPI tables, and power. */
#include <protocol/device.h>
#include <slots/drv-acpi.h>
#include <userlib/log.h>
#include <userlib/report.h>
#include <userlib/service.h>
#include <userlib/start.h>

#include <lib/base/base.h>

#include "drv_acpi.h"

static struct drv_acpi drv_acpi;

static enum status map_memory(void)
{
    const struct startup_slot *given = program_startup_slot("acpi-memory");
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < given->parameter && status == STATUS_OK; i++) {
        status = memory_add(&drv_acpi.memory, (struct untyped_cap){given->slot + i});
    }
    return status;
}

static enum status read_tables(const char **what_out)
{
    struct acpi_memory memory = memory_for_acpi(&drv_acpi.memory);
    *what_out = "no RSDP in ACPI memory";
    uint64_t rsdp = memory_find_rsdp(&drv_acpi.memory);
    if (rsdp == 0) {
        return STATUS_NOT_FOUND;
    }
    *what_out = "RSDP or XSDT";
    enum status status = acpi_tables_read(memory, rsdp, &drv_acpi.tables);
    if (status != STATUS_OK) {
        return status;
    }
    *what_out = "MADT";
    status = acpi_madt_read(memory, &drv_acpi.tables, &drv_acpi.madt);
    if (status != STATUS_OK) {
        return status;
    }
    *what_out = "MCFG";
    return acpi_mcfg_read(memory, &drv_acpi.tables, &drv_acpi.mcfg);
}

/* A machine that cannot be switched off still works. */
static void find_power(void)
{
    struct device_claim_ports_reply range;
    struct any_cap ports;
    enum status status =
        acpi_power_read(memory_for_acpi(&drv_acpi.memory), &drv_acpi.tables, &drv_acpi.power);
    if (status == STATUS_OK) {
        status = device_claim_ports((struct device_cap){SLOT_PEER_DEVICED},
            &(struct device_claim_ports_request){}, &range, &ports);
    }
    if (status != STATUS_OK) {
        log_write(LOG_WARNING, "no power control: %s", status_text(status));
        return;
    }
    drv_acpi.ports = (struct port_range_cap){ports.slot};
    drv_acpi.has_power = true;
}

int program_main(const struct startup *startup)
{
    (void)startup;
    const char *what = "ACPI memory";
    enum status status = map_memory();
    if (status == STATUS_OK) {
        status = read_tables(&what);
    }
    if (status != STATUS_OK) {
        program_failed(status, what);
        return 1;
    }
    find_power();
    const struct acpi_server server = drv_acpi_server(&drv_acpi);
    program_ready();
    service_run(&(struct service){
        .endpoint = SLOT_CONTROL,
        .binding_count = 1,
        .bindings = {{.protocol = &acpi_protocol, .server = &server}},
    });
}
