/* SPDX-License-Identifier: ISC */
/* The PCI scan (PCI Local Bus 3.0, 6; PCI Express 4.0, 7). */
#pragma once

#include <abi/status.h>

#include <stdint.h>

struct scan_counts {
    uint32_t buses;
    uint32_t functions;
    uint32_t reported;
    uint32_t refused;
};

/* All buses of all segments that the ACPI tables name, as far as there are devices. */
enum status scan_pci(struct scan_counts *counts);

/* COM1, whose line the ACPI tables route. */
enum status scan_isa(struct scan_counts *counts);
