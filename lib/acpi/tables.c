/* SPDX-License-Identifier: ISC */
/*
 * From the root pointer to the list of tables (ACPI 6.5: RSDP 5.2.5, header 5.2.6, RSDT 5.2.7, XSDT
 * 5.2.8). A table enters the list only with a sound length and checksum.
 */
#include <lib/acpi/acpi.h>

#include <lib/base/base.h>

#include <string.h>

#include "tables.h"

constexpr size_t pointer_bytes_v1 = 20;
constexpr size_t pointer_bytes_v2 = 36;

static enum status root_find(
    struct acpi_memory memory, uint64_t rsdp_address, struct acpi_table *root_out);
static enum status list_read(
    struct acpi_memory memory, const struct acpi_table *root, struct acpi_tables *tables);
static bool sums_to_zero(const uint8_t *bytes, size_t size_bytes);

enum status acpi_tables_read(
    struct acpi_memory memory, uint64_t rsdp_address, struct acpi_tables *tables_out)
{
    struct acpi_table root;
    tables_out->count = 0;
    enum status status = root_find(memory, rsdp_address, &root);
    if (status != STATUS_OK) {
        return status;
    }
    status = list_read(memory, &root, tables_out);
    if (status != STATUS_OK) {
        tables_out->count = 0;
    }
    return status;
}

const struct acpi_table *acpi_table_find(
    const struct acpi_tables *tables, const char signature[static 4])
{
    for (uint32_t index = 0; index < tables->count; index++) {
        if (memcmp(tables->tables[index].signature, signature, 4) == 0) {
            return &tables->tables[index];
        }
    }
    return nullptr;
}

enum status table_check(struct acpi_memory memory, uint64_t address, struct acpi_table *table_out)
{
    const uint8_t *header = memory.map(memory.context, address, table_header_bytes);
    if (header == nullptr) {
        return STATUS_IO;
    }
    struct acpi_table table = {.address = address, .size_bytes = load_le32(header + 4)};
    memcpy(table.signature, header, sizeof(table.signature));
    if (table.size_bytes < table_header_bytes) {
        return STATUS_CORRUPT;
    }
    if (table.size_bytes > acpi_table_bytes_max) {
        return STATUS_UNSUPPORTED;
    }
    const uint8_t *bytes = memory.map(memory.context, address, table.size_bytes);
    if (bytes == nullptr) {
        return STATUS_IO;
    }
    if (!sums_to_zero(bytes, table.size_bytes)) {
        return STATUS_CORRUPT;
    }
    *table_out = table;
    return STATUS_OK;
}

enum status table_open(struct acpi_memory memory, const struct acpi_tables *tables,
    const char signature[static 4], struct reader *body_out)
{
    const struct acpi_table *table = acpi_table_find(tables, signature);
    if (table == nullptr) {
        return STATUS_NOT_FOUND;
    }
    const uint8_t *bytes = memory.map(memory.context, table->address, table->size_bytes);
    if (bytes == nullptr) {
        return STATUS_IO;
    }
    *body_out = reader_init(bytes + table_header_bytes, table->size_bytes - table_header_bytes);
    return STATUS_OK;
}

/* The XSDT where the pointer names one, else the RSDT. */
static enum status root_find(
    struct acpi_memory memory, uint64_t rsdp_address, struct acpi_table *root_out)
{
    const uint8_t *pointer = memory.map(memory.context, rsdp_address, pointer_bytes_v1);
    if (pointer == nullptr) {
        return STATUS_IO;
    }
    if (memcmp(pointer, "RSD PTR ", 8) != 0 || !sums_to_zero(pointer, pointer_bytes_v1)) {
        return STATUS_CORRUPT;
    }
    uint8_t revision = pointer[15];
    uint64_t root_address = load_le32(pointer + 16);
    const char *signature = "RSDT";
    if (revision >= 2) {
        pointer = memory.map(memory.context, rsdp_address, pointer_bytes_v2);
        if (pointer == nullptr) {
            return STATUS_IO;
        }
        if (load_le32(pointer + 20) != pointer_bytes_v2 ||
            !sums_to_zero(pointer, pointer_bytes_v2)) {
            return STATUS_CORRUPT;
        }
        uint64_t extended_address = load_le64(pointer + 24);
        if (extended_address != 0) {
            root_address = extended_address;
            signature = "XSDT";
        }
    }
    enum status status = table_check(memory, root_address, root_out);
    if (status != STATUS_OK) {
        return status;
    }
    return memcmp(root_out->signature, signature, 4) == 0 ? STATUS_OK : STATUS_CORRUPT;
}

/*
 * Checking a table maps it, which ends the loan of the root's bytes: so the root is mapped again
 * for each entry. Entries of zero are skipped, as firmware leaves them for tables it removed.
 */
static enum status list_read(
    struct acpi_memory memory, const struct acpi_table *root, struct acpi_tables *tables)
{
    uint32_t entry_bytes = root->signature[0] == 'X' ? 8 : 4;
    uint32_t list_bytes = root->size_bytes - table_header_bytes;
    if (list_bytes % entry_bytes != 0) {
        return STATUS_CORRUPT;
    }
    if (list_bytes / entry_bytes > acpi_tables_max) {
        return STATUS_UNSUPPORTED;
    }
    for (uint32_t index = 0; index < list_bytes / entry_bytes; index++) {
        const uint8_t *bytes = memory.map(memory.context, root->address, root->size_bytes);
        if (bytes == nullptr) {
            return STATUS_IO;
        }
        const uint8_t *entry = bytes + table_header_bytes + index * entry_bytes;
        uint64_t address = entry_bytes == 8 ? load_le64(entry) : load_le32(entry);
        if (address == 0) {
            continue;
        }
        enum status status = table_check(memory, address, &tables->tables[tables->count]);
        if (status != STATUS_OK) {
            return status;
        }
        tables->count++;
    }
    return STATUS_OK;
}

static bool sums_to_zero(const uint8_t *bytes, size_t size_bytes)
{
    uint8_t sum = 0;
    for (size_t index = 0; index < size_bytes; index++) {
        sum = (uint8_t)(sum + bytes[index]);
    }
    return sum == 0;
}
