/* SPDX-License-Identifier: ISC */
/* Interrupt controllers, PCI configuration space and the event timer: MADT, MCFG and HPET. */
#include <lib/acpi/acpi.h>

#include "tables.h"

constexpr uint32_t madt_legacy_pics = 1; /* flag PCAT_COMPAT */

enum madt_entry : uint8_t {
    MADT_LOCAL_APIC = 0,
    MADT_IO_APIC = 1,
    MADT_OVERRIDE = 2,
    MADT_LOCAL_APIC_ADDRESS = 5,
    MADT_LOCAL_X2APIC = 9,
};

/* Sizes of the entries that we read (ACPI 5.2.12.2 to 5.2.12.12); others are skipped. */
static const uint8_t madt_entry_bytes[] = {
    [MADT_LOCAL_APIC] = 8,
    [MADT_IO_APIC] = 12,
    [MADT_OVERRIDE] = 10,
    [MADT_LOCAL_APIC_ADDRESS] = 12,
    [MADT_LOCAL_X2APIC] = 16,
};

constexpr uint32_t cpu_enabled = 1;
constexpr uint16_t mode_mask = 3;
constexpr uint16_t mode_reserved = 2;

static enum status madt_entry_read(uint8_t kind, struct reader entry, struct acpi_madt *madt);
static enum status cpu_add(struct acpi_madt *madt, uint32_t id, uint32_t flags);
static enum status io_apic_add(struct acpi_madt *madt, struct reader *entry);
static enum status override_add(struct acpi_madt *madt, struct reader *entry);

enum status acpi_madt_read(
    struct acpi_memory memory, const struct acpi_tables *tables, struct acpi_madt *madt_out)
{
    struct reader body;
    enum status status = table_open(memory, tables, "APIC", &body);
    if (status != STATUS_OK) {
        return status;
    }
    struct acpi_madt madt = {.local_apic_address = reader_le32(&body)};
    madt.has_legacy_pics = (reader_le32(&body) & madt_legacy_pics) != 0;
    while (body.left_bytes > 0 && !body.failed) {
        uint8_t kind = reader_u8(&body);
        uint8_t entry_bytes = reader_u8(&body);
        if (entry_bytes < 2) {
            return STATUS_CORRUPT; /* it would never end */
        }
        const uint8_t *rest = reader_take(&body, entry_bytes - 2U);
        if (rest == nullptr) {
            return STATUS_CORRUPT;
        }
        if (kind < sizeof(madt_entry_bytes) && madt_entry_bytes[kind] > entry_bytes) {
            return STATUS_CORRUPT;
        }
        status = madt_entry_read(kind, reader_init(rest, entry_bytes - 2U), &madt);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (body.failed) {
        return STATUS_CORRUPT;
    }
    *madt_out = madt;
    return STATUS_OK;
}

enum status acpi_mcfg_read(
    struct acpi_memory memory, const struct acpi_tables *tables, struct acpi_mcfg *mcfg_out)
{
    struct reader body;
    enum status status = table_open(memory, tables, "MCFG", &body);
    if (status != STATUS_OK) {
        return status;
    }
    struct acpi_mcfg mcfg = {};
    reader_skip(&body, 8);
    while (body.left_bytes > 0 && !body.failed) {
        struct acpi_segment segment = {.address = reader_le64(&body)};
        segment.segment = reader_le16(&body);
        segment.first_bus = reader_u8(&body);
        segment.last_bus = reader_u8(&body);
        reader_skip(&body, 4);
        if (body.failed || segment.first_bus > segment.last_bus || segment.address == 0) {
            return STATUS_CORRUPT;
        }
        if (mcfg.segment_count == acpi_segments_max) {
            return STATUS_UNSUPPORTED;
        }
        mcfg.segments[mcfg.segment_count++] = segment;
    }
    if (body.failed) {
        return STATUS_CORRUPT;
    }
    *mcfg_out = mcfg;
    return STATUS_OK;
}

enum status acpi_hpet_read(
    struct acpi_memory memory, const struct acpi_tables *tables, struct acpi_hpet *hpet_out)
{
    struct reader body;
    enum status status = table_open(memory, tables, "HPET", &body);
    if (status != STATUS_OK) {
        return status;
    }
    reader_skip(&body, 4); /* the block's own id, which the block tells too */
    uint8_t space = reader_u8(&body);
    reader_skip(&body, 3);
    struct acpi_hpet hpet = {.address = reader_le64(&body)};
    hpet.number = reader_u8(&body);
    hpet.minimum_ticks = reader_le16(&body);
    if (body.failed || space != ACPI_SPACE_MEMORY || hpet.address == 0) {
        return STATUS_CORRUPT;
    }
    *hpet_out = hpet;
    return STATUS_OK;
}

static enum status madt_entry_read(uint8_t kind, struct reader entry, struct acpi_madt *madt)
{
    switch (kind) {
    case MADT_LOCAL_APIC: {
        reader_skip(&entry, 1);
        uint8_t id = reader_u8(&entry);
        return cpu_add(madt, id, reader_le32(&entry));
    }
    case MADT_LOCAL_X2APIC: {
        reader_skip(&entry, 2);
        uint32_t id = reader_le32(&entry);
        return cpu_add(madt, id, reader_le32(&entry));
    }
    case MADT_IO_APIC:
        return io_apic_add(madt, &entry);
    case MADT_OVERRIDE:
        return override_add(madt, &entry);
    case MADT_LOCAL_APIC_ADDRESS:
        reader_skip(&entry, 2);
        madt->local_apic_address = reader_le64(&entry);
        return STATUS_OK;
    default:
        return STATUS_OK;
    }
}

static enum status cpu_add(struct acpi_madt *madt, uint32_t id, uint32_t flags)
{
    if ((flags & cpu_enabled) == 0) {
        return STATUS_OK;
    }
    if (madt->cpu_count == acpi_cpus_max) {
        return STATUS_UNSUPPORTED;
    }
    madt->cpus[madt->cpu_count++] = id;
    return STATUS_OK;
}

static enum status io_apic_add(struct acpi_madt *madt, struct reader *entry)
{
    struct acpi_io_apic io_apic = {.id = reader_u8(entry)};
    reader_skip(entry, 1);
    io_apic.address = reader_le32(entry);
    io_apic.first_interrupt = reader_le32(entry);
    if (madt->io_apic_count == acpi_io_apics_max) {
        return STATUS_UNSUPPORTED;
    }
    madt->io_apics[madt->io_apic_count++] = io_apic;
    return STATUS_OK;
}

/* Flags hold polarity in bits 0-1 and trigger mode in bits 2-3 (ACPI 5.2.12.5). */
static enum status override_add(struct acpi_madt *madt, struct reader *entry)
{
    uint8_t bus = reader_u8(entry);
    struct acpi_override override = {.isa_line = reader_u8(entry)};
    override.interrupt = reader_le32(entry);
    uint16_t flags = reader_le16(entry);
    uint16_t polarity = flags & mode_mask;
    uint16_t trigger = flags >> 2 & mode_mask;
    if (bus != 0 || override.isa_line > 15 || polarity == mode_reserved ||
        trigger == mode_reserved) {
        return STATUS_CORRUPT;
    }
    if (madt->override_count == acpi_overrides_max) {
        return STATUS_UNSUPPORTED;
    }
    override.polarity = (enum acpi_polarity)polarity;
    override.trigger = (enum acpi_trigger)trigger;
    madt->overrides[madt->override_count++] = override;
    return STATUS_OK;
}
