/* SPDX-License-Identifier: ISC */
/* ACPI memory: mapped block by block, handed to lib/acpi as copies, because a table may lie across
 * two blocks. */
#pragma once

#include <abi/status.h>
#include <lib/acpi/acpi.h>
#include <userlib/capability.h>

#include <stdint.h>

constexpr uint32_t memory_blocks_max = 192;
constexpr uint32_t memory_copies_bytes_max = 512 * 1024;

struct memory_block {
    uint64_t address;
    uint64_t size_bytes;
    const uint8_t *mapped;
};

struct memory {
    uint32_t count;
    struct memory_block blocks[memory_blocks_max];
    uint32_t copied_bytes;
    alignas(
        16) uint8_t copies[memory_copies_bytes_max]; /* handed out; valid until the driver ends */
};

/* Map an untyped capability of ACPI memory, which is owned from now on. */
enum status memory_add(struct memory *memory, struct untyped_cap untyped);

/* The callback for lib/acpi. */
struct acpi_memory memory_for_acpi(struct memory *memory);

/* Physical address of the RSDP (ACPI 5.2.5.1), 0 if there is none in ACPI memory. */
uint64_t memory_find_rsdp(const struct memory *memory);
