/* SPDX-License-Identifier: ISC */
/*
 * Any firmware memory: no table takes the library out of what was mapped. An odd first byte makes
 * every checksum right as it is mapped, which lets the fuzzer behind them.
 */
#include <lib/acpi/acpi.h>

#include "../test/firmware.h"

static void promise(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static struct firmware firmware;
    if (size_bytes == 0 || size_bytes - 1 > firmware_bytes) {
        return 0;
    }
    firmware.size_bytes = size_bytes - 1;
    firmware.repairs_sums = bytes[0] % 2 == 1;
    memcpy(firmware.bytes, bytes + 1, size_bytes - 1);
    struct acpi_memory memory = {.context = &firmware, .map = firmware_map};
    struct acpi_tables tables;
    if (acpi_tables_read(memory, firmware_base, &tables) != STATUS_OK) {
        promise(tables.count == 0);
        return 0;
    }
    promise(tables.count <= acpi_tables_max);
    struct acpi_madt madt;
    if (acpi_madt_read(memory, &tables, &madt) == STATUS_OK) {
        promise(madt.cpu_count <= acpi_cpus_max && madt.io_apic_count <= acpi_io_apics_max &&
                madt.override_count <= acpi_overrides_max);
    }
    struct acpi_mcfg mcfg;
    if (acpi_mcfg_read(memory, &tables, &mcfg) == STATUS_OK) {
        promise(mcfg.segment_count <= acpi_segments_max);
    }
    struct acpi_hpet hpet;
    if (acpi_hpet_read(memory, &tables, &hpet) == STATUS_OK) {
        promise(hpet.address != 0);
    }
    struct acpi_power power;
    if (acpi_power_read(memory, &tables, &power) == STATUS_OK) {
        promise(power.soft_off_type_a <= 7 && power.soft_off_type_b <= 7);
    }
    return 0;
}
