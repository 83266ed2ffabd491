/* SPDX-License-Identifier: ISC */
/* How this library's parts reach tables; private to it. */
#pragma once

#include <lib/acpi/acpi.h>
#include <lib/base/base.h>

constexpr size_t table_header_bytes = 36;

/* Checks length and checksum of the table at an address. OK, CORRUPT, UNSUPPORTED (too large) or
 * IO. */
enum status table_check(struct acpi_memory memory, uint64_t address, struct acpi_table *table_out);

/* A reader over what follows the header of a listed table. OK, NOT_FOUND or IO. */
enum status table_open(struct acpi_memory memory, const struct acpi_tables *tables,
    const char signature[static 4], struct reader *body_out);
