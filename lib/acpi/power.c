/* SPDX-License-Identifier: ISC */
/*
 * How to switch off and reset: the FADT's registers, and the sleep types that the DSDT's \_S5_
 * object holds. The DSDT is AML; it is not run. \_S5_ is a plain package of small integers in every
 * firmware, so its name is searched in the bytes, and what follows is taken only if it has exactly
 * that form.
 */
#include <lib/acpi/acpi.h>

#include <string.h>

#include "tables.h"

/* Offsets from the table's start (ACPI 5.2.9, table 5.9). */
constexpr size_t fadt_dsdt_at = 40;
constexpr size_t fadt_sci_at = 46;
constexpr size_t fadt_control_a_at = 64;
constexpr size_t fadt_control_b_at = 68;
constexpr size_t fadt_control_length_at = 89;
constexpr size_t fadt_flags_at = 112;
constexpr size_t fadt_reset_at = 116;
constexpr size_t fadt_reset_value_at = 128;
constexpr size_t fadt_extended_dsdt_at = 140;
constexpr size_t fadt_extended_control_a_at = 172;
constexpr size_t fadt_extended_control_b_at = 184;
constexpr size_t fadt_bytes_v1 = 116;

constexpr uint32_t fadt_flag_reset = 1U << 10;
constexpr size_t register_bytes = 12;

/* AML (ACPI 20.2): the opcodes that \_S5_ is made of. */
constexpr uint8_t aml_zero = 0x00;
constexpr uint8_t aml_one = 0x01;
constexpr uint8_t aml_name = 0x08;
constexpr uint8_t aml_byte = 0x0a;
constexpr uint8_t aml_package = 0x12;
constexpr uint8_t aml_root = '\\';
constexpr uint8_t sleep_type_max = 7; /* SLP_TYP has three bits */

static struct acpi_power fadt_decode(const uint8_t *fadt, uint32_t size_bytes);
static struct acpi_register register_decode(const uint8_t *at);
static struct acpi_register control_choose(
    const uint8_t *fadt, uint32_t size_bytes, size_t port_at, size_t extended_at);
static void soft_off_find(const uint8_t *aml, size_t size_bytes, struct acpi_power *power);
static bool soft_off_decode(struct reader object, uint8_t types_out[static 2]);
static bool integer_decode(struct reader *object, uint8_t *value_out);
static bool package_length_decode(struct reader *object, size_t *rest_bytes_out);

enum status acpi_power_read(
    struct acpi_memory memory, const struct acpi_tables *tables, struct acpi_power *power_out)
{
    const struct acpi_table *table = acpi_table_find(tables, "FACP");
    if (table == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (table->size_bytes < fadt_bytes_v1) {
        return STATUS_CORRUPT;
    }
    const uint8_t *fadt = memory.map(memory.context, table->address, table->size_bytes);
    if (fadt == nullptr) {
        return STATUS_IO;
    }
    struct acpi_power power = fadt_decode(fadt, table->size_bytes);
    if (power.dsdt_address == 0) {
        return STATUS_CORRUPT;
    }
    struct acpi_table dsdt;
    enum status status = table_check(memory, power.dsdt_address, &dsdt);
    if (status != STATUS_OK) {
        return status;
    }
    if (memcmp(dsdt.signature, "DSDT", 4) != 0) {
        return STATUS_CORRUPT;
    }
    power.dsdt_size_bytes = dsdt.size_bytes;
    const uint8_t *aml = memory.map(memory.context, dsdt.address, dsdt.size_bytes);
    if (aml == nullptr) {
        return STATUS_IO;
    }
    soft_off_find(aml + table_header_bytes, dsdt.size_bytes - table_header_bytes, &power);
    *power_out = power;
    return STATUS_OK;
}

/* Fields beyond the table's length are absent, as in tables of older revisions. */
static struct acpi_power fadt_decode(const uint8_t *fadt, uint32_t size_bytes)
{
    struct acpi_power power = {
        .dsdt_address = load_le32(fadt + fadt_dsdt_at),
        .sci_interrupt = load_le16(fadt + fadt_sci_at),
        .control_a =
            control_choose(fadt, size_bytes, fadt_control_a_at, fadt_extended_control_a_at),
        .control_b =
            control_choose(fadt, size_bytes, fadt_control_b_at, fadt_extended_control_b_at),
    };
    if (size_bytes > fadt_reset_value_at &&
        (load_le32(fadt + fadt_flags_at) & fadt_flag_reset) != 0) {
        power.reset = register_decode(fadt + fadt_reset_at);
        power.reset_value = fadt[fadt_reset_value_at];
    }
    if (size_bytes >= fadt_extended_dsdt_at + 8 && load_le64(fadt + fadt_extended_dsdt_at) != 0) {
        power.dsdt_address = load_le64(fadt + fadt_extended_dsdt_at);
    }
    return power;
}

/* The extended address if there is one, else the port (ACPI 5.2.9: X_PM1a_CNT_BLK). */
static struct acpi_register control_choose(
    const uint8_t *fadt, uint32_t size_bytes, size_t port_at, size_t extended_at)
{
    if (size_bytes >= extended_at + register_bytes) {
        struct acpi_register extended = register_decode(fadt + extended_at);
        if (extended.present) {
            return extended;
        }
    }
    uint32_t port = load_le32(fadt + port_at);
    if (port == 0) {
        return (struct acpi_register){};
    }
    return (struct acpi_register){
        .address = port,
        .space = ACPI_SPACE_IO,
        .width_bits = (uint8_t)(fadt[fadt_control_length_at] * 8),
        .present = true,
    };
}

/* Registers elsewhere than in memory, ports or PCI configuration count as absent: we cannot reach
 * them. */
static struct acpi_register register_decode(const uint8_t *at)
{
    uint64_t address = load_le64(at + 4);
    if (address == 0 || at[0] > ACPI_SPACE_PCI) {
        return (struct acpi_register){};
    }
    return (struct acpi_register){
        .address = address,
        .space = (enum acpi_space)at[0],
        .width_bits = at[1],
        .present = true,
    };
}

/* Looks at each byte once; the first _S5_ that decodes is taken. */
static void soft_off_find(const uint8_t *aml, size_t size_bytes, struct acpi_power *power)
{
    for (size_t at = 1; at + 4 <= size_bytes; at++) {
        if (memcmp(aml + at, "_S5_", 4) != 0) {
            continue;
        }
        bool named = aml[at - 1] == aml_name ||
                     (at >= 2 && aml[at - 1] == aml_root && aml[at - 2] == aml_name);
        uint8_t types[2];
        if (named && soft_off_decode(reader_init(aml + at + 4, size_bytes - at - 4), types)) {
            power->soft_off_present = true;
            power->soft_off_type_a = types[0];
            power->soft_off_type_b = types[1];
            return;
        }
    }
}

/* Package opcode, length, element count, then the integers for PM1a and PM1b (ACPI 7.4.2). */
static bool soft_off_decode(struct reader object, uint8_t types_out[static 2])
{
    size_t rest_bytes = 0;
    if (reader_u8(&object) != aml_package || !package_length_decode(&object, &rest_bytes)) {
        return false;
    }
    struct reader package = reader_init(object.at, rest_bytes);
    uint8_t element_count = reader_u8(&package);
    return element_count >= 2 && integer_decode(&package, &types_out[0]) &&
           integer_decode(&package, &types_out[1]);
}

static bool integer_decode(struct reader *object, uint8_t *value_out)
{
    uint8_t opcode = reader_u8(object);
    if (opcode == aml_zero || opcode == aml_one) {
        *value_out = opcode;
        return !object->failed;
    }
    *value_out = reader_u8(object);
    return !object->failed && opcode == aml_byte && *value_out <= sleep_type_max;
}

/*
 * A package's length counts itself (ACPI 20.2.4): the first byte's top two bits tell how many bytes
 * follow, each of eight bits more; then the first byte gives but four bits.
 */
static bool package_length_decode(struct reader *object, size_t *rest_bytes_out)
{
    uint8_t first = reader_u8(object);
    uint32_t follow_count = first >> 6;
    size_t length = follow_count == 0 ? first & 0x3fU : first & 0x0fU;
    for (uint32_t index = 0; index < follow_count; index++) {
        length |= (size_t)reader_u8(object) << (4 + 8 * index);
    }
    if (object->failed || length < 1 + follow_count ||
        length - 1 - follow_count > object->left_bytes) {
        return false;
    }
    *rest_bytes_out = length - 1 - follow_count;
    return true;
}
