/* SPDX-License-Identifier: ISC */
/* State of drv-acpi: what the tables said. */
#pragma once

#include <lib/acpi/acpi.h>
#include <protocol/acpi.h>

#include "memory.h"

struct drv_acpi {
    struct memory memory;
    struct acpi_tables tables;
    struct acpi_madt madt;
    struct acpi_mcfg mcfg;
    struct acpi_power power;
    bool has_power;
    struct port_range_cap ports;
};

/* The handlers of protocol acpi over `drv_acpi`. */
struct acpi_server drv_acpi_server(struct drv_acpi *drv_acpi);
