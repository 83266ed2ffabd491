/* SPDX-License-Identifier: ISC */
/*
 * Static ACPI tables (ACPI 6.5, chapter 5): find them, check them, read the facts that we use.
 *
 * Firmware memory is reached by a callback, so that the same code serves the boot loader, where
 * memory is identity-mapped, and the ACPI driver, where it is a window. No AML is run; the soft-off
 * state is found by a bounded search of the DSDT's bytes.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t acpi_tables_max = 64;
constexpr uint32_t acpi_table_bytes_max = 1U << 20; /* of one table */
constexpr uint32_t acpi_io_apics_max = 8;
constexpr uint32_t acpi_overrides_max = 24;
constexpr uint32_t acpi_cpus_max = 64;
constexpr uint32_t acpi_segments_max = 8;

/* `map` makes size_bytes bytes at a physical address readable, or returns nullptr. The bytes are
 * borrowed until the next call of `map` or until the library function returns. */
struct acpi_memory {
    void *context;
    const void *(*map)(void *context, uint64_t address, uint64_t size_bytes);
};

/* One table whose signature, length and checksum were checked. */
struct acpi_table {
    char signature[4]; /* not terminated */
    uint32_t size_bytes;
    uint64_t address;
};

/* The tables listed by the XSDT, or by the RSDT of an old machine. */
struct acpi_tables {
    uint32_t count;
    struct acpi_table tables[acpi_tables_max];
};

struct acpi_io_apic {
    uint64_t address;
    uint32_t id;
    uint32_t first_interrupt; /* global number of its first line */
};

enum acpi_polarity : uint8_t {
    ACPI_POLARITY_BUS = 0, /* as the bus has it: ISA is active high */
    ACPI_POLARITY_HIGH = 1,
    ACPI_POLARITY_LOW = 3,
};

enum acpi_trigger : uint8_t {
    ACPI_TRIGGER_BUS = 0, /* as the bus has it: ISA is edge */
    ACPI_TRIGGER_EDGE = 1,
    ACPI_TRIGGER_LEVEL = 3,
};

/* Line `isa_line` of the old interrupt controllers arrives as global interrupt `interrupt`. */
struct acpi_override {
    uint8_t isa_line;
    enum acpi_polarity polarity;
    enum acpi_trigger trigger;
    uint32_t interrupt;
};

/* MADT: interrupt controllers (ACPI 5.2.12). */
struct acpi_madt {
    uint64_t local_apic_address;
    bool has_legacy_pics;
    uint32_t cpu_count; /* enabled ones */
    uint32_t io_apic_count;
    uint32_t override_count;
    uint32_t cpus[acpi_cpus_max]; /* local APIC ids */
    struct acpi_io_apic io_apics[acpi_io_apics_max];
    struct acpi_override overrides[acpi_overrides_max];
};

/* Configuration space of buses first_bus to last_bus of a PCI segment, 1 MiB a bus from
 * `address` + first_bus * 1 MiB on. */
struct acpi_segment {
    uint64_t address;
    uint16_t segment;
    uint8_t first_bus;
    uint8_t last_bus;
};

/* MCFG: memory-mapped PCI configuration (PCI Firmware 3.3, 4.1.2). */
struct acpi_mcfg {
    uint32_t segment_count;
    struct acpi_segment segments[acpi_segments_max];
};

/* HPET: the event timer's block (IA-PC HPET 1.0a, 3.2.4). */
struct acpi_hpet {
    uint64_t address;
    uint16_t minimum_ticks;
    uint8_t number;
};

enum acpi_space : uint8_t {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_IO = 1,
    ACPI_SPACE_PCI = 2,
};

/* A register (ACPI 5.2.3.2), or all zero where the machine has none. */
struct acpi_register {
    uint64_t address;
    enum acpi_space space;
    uint8_t width_bits;
    bool present;
};

/* FADT and the DSDT's \_S5_: how to switch off and to reset (ACPI 5.2.9, 7.4.2, 16.1.7). */
struct acpi_power {
    struct acpi_register control_a; /* PM1a control block */
    struct acpi_register control_b; /* PM1b control block, rarely present */
    struct acpi_register reset;
    uint8_t reset_value;
    bool soft_off_present;   /* \_S5_ was found */
    uint8_t soft_off_type_a; /* SLP_TYP for control_a */
    uint8_t soft_off_type_b;
    uint16_t sci_interrupt;
    uint64_t dsdt_address;
    uint32_t dsdt_size_bytes;
};

/*
 * Follows the RSDP to the list of tables and checks each one's length and checksum.
 * OK: *tables_out is filled. A listed table that is damaged is an error: CORRUPT.
 * UNSUPPORTED: more tables than acpi_tables_max, or one larger than acpi_table_bytes_max.
 * IO: `map` refused an address. On failure the count of *tables_out is 0.
 */
enum status acpi_tables_read(
    struct acpi_memory memory, uint64_t rsdp_address, struct acpi_tables *tables_out);

/* The first table with that signature of four letters, or nullptr. */
const struct acpi_table *acpi_table_find(
    const struct acpi_tables *tables, const char signature[static 4]);

/*
 * Each reads one table. OK; NOT_FOUND: the machine has no such table; CORRUPT: it contradicts
 * itself; UNSUPPORTED: it has more of something than the limits above; IO: `map` refused. The
 * output is untouched unless OK.
 */
enum status acpi_madt_read(
    struct acpi_memory memory, const struct acpi_tables *tables, struct acpi_madt *madt_out);
enum status acpi_mcfg_read(
    struct acpi_memory memory, const struct acpi_tables *tables, struct acpi_mcfg *mcfg_out);
enum status acpi_hpet_read(
    struct acpi_memory memory, const struct acpi_tables *tables, struct acpi_hpet *hpet_out);

/* Reads FADT and DSDT. A DSDT without \_S5_ is no error: soft_off_present is then false. */
enum status acpi_power_read(
    struct acpi_memory memory, const struct acpi_tables *tables, struct acpi_power *power_out);
