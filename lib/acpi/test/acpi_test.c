/* SPDX-License-Identifier: ISC */
/*
 * Tests on hand-built tables. Every refusal changes one field of an accepted set and makes the
 * checksums right again, unless the checksum is what is tested.
 */
#include <lib/acpi/acpi.h>

#include <lib/testing/check.h>

#include "firmware.h"

/* Where the tables are, from firmware_base on. */
constexpr size_t rsdp_at = 0;
constexpr size_t xsdt_at = 0x100;
constexpr size_t madt_at = 0x200;
constexpr size_t mcfg_at = 0x800;
constexpr size_t hpet_at = 0xa00;
constexpr size_t fadt_at = 0xc00;
constexpr size_t dsdt_at = 0xe00;
constexpr size_t rsdt_at = 0x1200;

static const struct {
    size_t at;
    const char *signature;
} listed[] = {{madt_at, "APIC"}, {mcfg_at, "MCFG"}, {hpet_at, "HPET"}, {fadt_at, "FACP"}};

constexpr size_t listed_count = sizeof(listed) / sizeof(listed[0]);

/* From the table's start: 44 APIC entries. */
static const uint8_t madt_body[] = {
    0, 0, 0xe0, 0xfe, 1, 0, 0, 0,                          /* local APIC address, PCAT_COMPAT */
    0, 8, 0, 0, 1, 0, 0, 0,                                /* CPU, enabled */
    0, 8, 1, 1, 0, 0, 0, 0,                                /* CPU, not enabled */
    1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 0x10, 0, 0, 0,          /* IO APIC 2 from interrupt 16 */
    2, 10, 0, 0, 2, 0, 0, 0, 0, 0,                         /* line 0 arrives as 2 */
    2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0,                      /* line 9: level, active high */
    4, 6, 0xff, 0, 0, 1,                                   /* local NMI: skipped */
    9, 16, 0, 0, 0x34, 0x12, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, /* x2APIC CPU 0x1234 */
};

static const uint8_t mcfg_body[] = {
    0, 0, 0, 0, 0, 0, 0, 0,                               /* reserved */
    0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, /* segment 0, all buses */
    0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0x10, 0x1f, 0, 0, 0, 0, /* segment 3 */
};

static const uint8_t hpet_body[] = {
    0x01,
    0xa2,
    0x86,
    0x80,
    0,
    64,
    0,
    0,
    0,
    0,
    0xd0,
    0xfe,
    0,
    0,
    0,
    0,
    7,
    0x20,
    0x01,
    0,
};

/* Some AML before, a decoy, then \_S5_ = Package(4){7, One, 0, 0}. */
static const uint8_t dsdt_body[] = {
    0x10,
    0x20,
    '_',
    'S',
    '5',
    '_',
    0x12,
    0x03,
    0x02,
    0x0a,
    5, /* not a Name object */
    0x08,
    '\\',
    '_',
    'S',
    '5',
    '_',
    0x12,
    0x07,
    0x04,
    0x0a,
    0x07,
    0x01,
    0x00,
    0x00,
};

constexpr size_t soft_off_at = dsdt_at + 36 + 11 + 6; /* the package's opcode */

static uint8_t *at(struct firmware *firmware, size_t offset)
{
    return firmware->bytes + offset;
}

static void table_sum(struct firmware *firmware, size_t offset)
{
    firmware_sum(at(firmware, offset), load_le32(at(firmware, offset + 4)), 9);
}

static void table_put(struct firmware *firmware, size_t offset, const char *signature,
    const uint8_t *body, size_t body_bytes)
{
    memcpy(at(firmware, offset), signature, 4);
    store_le32(at(firmware, offset + 4), (uint32_t)(36 + body_bytes));
    memcpy(at(firmware, offset + 10), "ERIX  TEST", 10);
    if (body_bytes > 0) {
        memcpy(at(firmware, offset + 36), body, body_bytes);
    }
    table_sum(firmware, offset);
}

static void fadt_put(struct firmware *firmware)
{
    uint8_t body[244 - 36] = {};
    store_le32(body + 40 - 36, firmware_base + dsdt_at);
    store_le16(body + 46 - 36, 9);
    store_le32(body + 64 - 36, 0x604);
    body[89 - 36] = 2;
    store_le32(body + 112 - 36, 1U << 10);
    memcpy(body + 116 - 36, (const uint8_t[]){1, 8, 0, 1, 0xf9, 0x0c}, 6);
    body[128 - 36] = 6;
    table_put(firmware, fadt_at, "FACP", body, sizeof(body));
}

static void roots_put(struct firmware *firmware)
{
    uint8_t wide[listed_count * 8 + 8] = {};
    uint8_t narrow[listed_count * 4] = {};
    for (size_t index = 0; index < listed_count; index++) {
        store_le64(wide + index * 8, firmware_base + listed[index].at);
        store_le32(narrow + index * 4, (uint32_t)(firmware_base + listed[index].at));
    }
    table_put(firmware, xsdt_at, "XSDT", wide, sizeof(wide)); /* its last entry is zero */
    table_put(firmware, rsdt_at, "RSDT", narrow, sizeof(narrow));
}

static void pointer_sum(struct firmware *firmware)
{
    firmware_sum(at(firmware, rsdp_at), 20, 8);
    firmware_sum(at(firmware, rsdp_at), 36, 32);
}

static struct firmware *firmware_make(void)
{
    static struct firmware firmware;
    firmware_destroy(&firmware);
    firmware = (struct firmware){.size_bytes = firmware_bytes};
    memcpy(at(&firmware, rsdp_at), "RSD PTR ", 8);
    *at(&firmware, rsdp_at + 15) = 2;
    store_le32(at(&firmware, rsdp_at + 16), firmware_base + rsdt_at);
    store_le32(at(&firmware, rsdp_at + 20), 36);
    store_le64(at(&firmware, rsdp_at + 24), firmware_base + xsdt_at);
    pointer_sum(&firmware);
    roots_put(&firmware);
    table_put(&firmware, madt_at, "APIC", madt_body, sizeof(madt_body));
    table_put(&firmware, mcfg_at, "MCFG", mcfg_body, sizeof(mcfg_body));
    table_put(&firmware, hpet_at, "HPET", hpet_body, sizeof(hpet_body));
    table_put(&firmware, dsdt_at, "DSDT", dsdt_body, sizeof(dsdt_body));
    fadt_put(&firmware);
    return &firmware;
}

static struct acpi_memory memory_of(struct firmware *firmware)
{
    return (struct acpi_memory){.context = firmware, .map = firmware_map};
}

/* Everything at once: the first failure, or OK. */
struct platform {
    struct acpi_tables tables;
    struct acpi_madt madt;
    struct acpi_mcfg mcfg;
    struct acpi_hpet hpet;
    struct acpi_power power;
};

static enum status platform_read(struct firmware *firmware, struct platform *platform)
{
    struct acpi_memory memory = memory_of(firmware);
    enum status status = acpi_tables_read(memory, firmware_base + rsdp_at, &platform->tables);
    if (status != STATUS_OK) {
        return status;
    }
    status = acpi_madt_read(memory, &platform->tables, &platform->madt);
    if (status != STATUS_OK) {
        return status;
    }
    status = acpi_mcfg_read(memory, &platform->tables, &platform->mcfg);
    if (status != STATUS_OK) {
        return status;
    }
    status = acpi_hpet_read(memory, &platform->tables, &platform->hpet);
    if (status != STATUS_OK) {
        return status;
    }
    return acpi_power_read(memory, &platform->tables, &platform->power);
}

static void finds_the_tables(void)
{
    struct firmware *firmware = firmware_make();
    struct platform platform = {};
    CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
    CHECK_EQUAL(platform.tables.count, listed_count);
    for (size_t index = 0; index < listed_count; index++) {
        const struct acpi_table *table = acpi_table_find(&platform.tables, listed[index].signature);
        CHECK(table != nullptr && table->address == firmware_base + listed[index].at);
    }
    CHECK(acpi_table_find(&platform.tables, "SRAT") == nullptr);
    struct acpi_tables without = {};
    struct acpi_hpet hpet = {.address = 5};
    CHECK_EQUAL(acpi_hpet_read(memory_of(firmware), &without, &hpet), STATUS_NOT_FOUND);
    CHECK_EQUAL(hpet.address, 5);
}

static void old_machines_have_an_rsdt(void)
{
    struct firmware *firmware = firmware_make();
    struct platform platform = {};
    *at(firmware, rsdp_at + 15) = 0;
    memset(at(firmware, rsdp_at + 20), 0xaa, 16);
    firmware_sum(at(firmware, rsdp_at), 20, 8);
    memset(at(firmware, xsdt_at), 0, 36);
    CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
    CHECK_EQUAL(platform.tables.count, listed_count);
    /* A new pointer may still name the RSDT alone. */
    firmware = firmware_make();
    store_le64(at(firmware, rsdp_at + 24), 0);
    pointer_sum(firmware);
    memset(at(firmware, xsdt_at), 0, 36);
    CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
}

static void reads_the_madt(void)
{
    struct platform platform = {};
    CHECK_EQUAL(platform_read(firmware_make(), &platform), STATUS_OK);
    const struct acpi_madt *madt = &platform.madt;
    CHECK_EQUAL(madt->local_apic_address, 0xfee00000);
    CHECK(madt->has_legacy_pics);
    CHECK_EQUAL(madt->cpu_count, 2);
    CHECK_EQUAL(madt->cpus[0], 0);
    CHECK_EQUAL(madt->cpus[1], 0x1234);
    CHECK_EQUAL(madt->io_apic_count, 1);
    CHECK_EQUAL(madt->io_apics[0].address, 0xfec00000);
    CHECK_EQUAL(madt->io_apics[0].id, 2);
    CHECK_EQUAL(madt->io_apics[0].first_interrupt, 16);
    CHECK_EQUAL(madt->override_count, 2);
    CHECK_EQUAL(madt->overrides[0].isa_line, 0);
    CHECK_EQUAL(madt->overrides[0].interrupt, 2);
    CHECK_EQUAL(madt->overrides[0].polarity, ACPI_POLARITY_BUS);
    CHECK_EQUAL(madt->overrides[1].polarity, ACPI_POLARITY_HIGH);
    CHECK_EQUAL(madt->overrides[1].trigger, ACPI_TRIGGER_LEVEL);
}

static void reads_mcfg_and_hpet(void)
{
    struct platform platform = {};
    CHECK_EQUAL(platform_read(firmware_make(), &platform), STATUS_OK);
    CHECK_EQUAL(platform.mcfg.segment_count, 2);
    CHECK_EQUAL(platform.mcfg.segments[0].address, 0xb0000000);
    CHECK_EQUAL(platform.mcfg.segments[0].last_bus, 255);
    CHECK_EQUAL(platform.mcfg.segments[1].address, 0x100000000);
    CHECK_EQUAL(platform.mcfg.segments[1].segment, 3);
    CHECK_EQUAL(platform.mcfg.segments[1].first_bus, 0x10);
    CHECK_EQUAL(platform.hpet.address, 0xfed00000);
    CHECK_EQUAL(platform.hpet.number, 7);
    CHECK_EQUAL(platform.hpet.minimum_ticks, 0x120);
}

static void reads_power(void)
{
    struct platform platform = {};
    struct firmware *firmware = firmware_make();
    CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
    const struct acpi_power *power = &platform.power;
    CHECK(power->control_a.present && power->control_a.space == ACPI_SPACE_IO);
    CHECK_EQUAL(power->control_a.address, 0x604);
    CHECK_EQUAL(power->control_a.width_bits, 16);
    CHECK(!power->control_b.present);
    CHECK(power->reset.present && power->reset.space == ACPI_SPACE_IO);
    CHECK_EQUAL(power->reset.address, 0xcf9);
    CHECK_EQUAL(power->reset_value, 6);
    CHECK_EQUAL(power->sci_interrupt, 9);
    CHECK_EQUAL(power->dsdt_address, firmware_base + dsdt_at);
    CHECK_EQUAL(power->dsdt_size_bytes, 36 + sizeof(dsdt_body));
    CHECK(power->soft_off_present);
    CHECK_EQUAL(power->soft_off_type_a, 7);
    CHECK_EQUAL(power->soft_off_type_b, 1);

    /* Extended fields win where they are not zero. */
    memcpy(at(firmware, fadt_at + 172), (const uint8_t[]){0, 32, 0, 3, 0, 0x10}, 6);
    store_le64(at(firmware, fadt_at + 140), firmware_base + dsdt_at);
    store_le32(at(firmware, fadt_at + 40), 0xdeadb000);
    table_sum(firmware, fadt_at);
    CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
    CHECK_EQUAL(power->control_a.space, ACPI_SPACE_MEMORY);
    CHECK_EQUAL(power->control_a.address, 0x1000);
    CHECK_EQUAL(power->control_a.width_bits, 32);

    /* A table of the first revision ends before the reset register. */
    firmware = firmware_make();
    store_le32(at(firmware, fadt_at + 4), 116);
    table_sum(firmware, fadt_at);
    CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
    CHECK(!power->reset.present);
    CHECK(power->control_a.present);
}

/* Bytes put in place of the package: is it a soft-off object, and with which type for PM1a? */
static void judges_the_soft_off_object(void)
{
    static const struct {
        uint8_t object[8];
        bool present;
        uint8_t type_a;
    } cases[] = {
        {{0x12, 0x07, 0x04, 0x0a, 0x05, 0x0a, 0x05, 0x00}, true, 5},
        {{0x12, 0x06, 0x02, 0x01, 0x01, 0, 0, 0}, true, 1},
        {{0x12, 0x06, 0x02, 0x00, 0x00, 0, 0, 0}, true, 0},
        {{0x12, 0x46, 0x00, 0x02, 0x0a, 0x03, 0x00, 0}, true, 3},
        {{0x13, 0x06, 0x02, 0x01, 0x01, 0, 0, 0}, false, 0},
        {{0x12, 0x06, 0x01, 0x01, 0x01, 0, 0, 0}, false, 0},
        {{0x12, 0x06, 0x02, 0x0a, 0x08, 0, 0, 0}, false, 0},
        {{0x12, 0x06, 0x02, 0x0b, 0x01, 0, 0, 0}, false, 0},
        {{0x12, 0x02, 0x02, 0x01, 0x01, 0, 0, 0}, false, 0},
        {{0x12, 0x00, 0x02, 0x01, 0x01, 0, 0, 0}, false, 0},
        {{0x12, 0x3f, 0x02, 0x01, 0x01, 0, 0, 0}, false, 0},
        {{0x12, 0xc6, 0xff, 0xff, 0xff, 0x02, 0x01, 0x01}, false, 0},
    };
    for (size_t index = 0; index < sizeof(cases) / sizeof(cases[0]); index++) {
        struct platform platform = {};
        struct firmware *firmware = firmware_make();
        memcpy(at(firmware, soft_off_at), cases[index].object, sizeof(cases[index].object));
        table_sum(firmware, dsdt_at);
        CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
        CHECK_EQUAL(platform.power.soft_off_present, cases[index].present);
        CHECK_EQUAL(platform.power.soft_off_type_a, cases[index].type_a);
    }
}

/* The object at the very end of the table, shortened byte by byte. */
static void the_search_stays_inside_the_table(void)
{
    for (uint32_t cut = 0; cut <= sizeof(dsdt_body); cut++) {
        struct platform platform = {};
        struct firmware *firmware = firmware_make();
        store_le32(at(firmware, dsdt_at + 4), (uint32_t)(36 + sizeof(dsdt_body)) - cut);
        table_sum(firmware, dsdt_at);
        CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
        CHECK_EQUAL(platform.power.soft_off_present, cut == 0);
    }
}

static void refuses_every_wrong_sum(void)
{
    static const size_t places[] = {rsdp_at + 9, rsdp_at + 33, xsdt_at + 30, madt_at + 30,
        mcfg_at + 30, hpet_at + 30, fadt_at + 30, dsdt_at + 30};
    for (size_t index = 0; index < sizeof(places) / sizeof(places[0]); index++) {
        struct platform platform = {};
        struct firmware *firmware = firmware_make();
        CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
        *at(firmware, places[index]) ^= 0x40;
        CHECK_EQUAL(platform_read(firmware, &platform), STATUS_CORRUPT);
    }
}

/* One field changed, all checksums made right again. */
static void refuses_each_single_fault(void)
{
    static const struct {
        size_t offset;
        uint32_t width_bytes;
        uint32_t value;
        enum status status;
    } changes[] = {
        {rsdp_at, 1, 'r', STATUS_CORRUPT}, {rsdp_at + 20, 4, 35, STATUS_CORRUPT},
        {rsdp_at + 24, 4, firmware_base + rsdt_at, STATUS_CORRUPT}, /* not an XSDT */
        {rsdp_at + 24, 4, 0x1000, STATUS_IO}, {xsdt_at + 4, 4, 36 + 12, STATUS_CORRUPT},
        {xsdt_at + 36, 4, 0x1000, STATUS_IO},
        {xsdt_at + 36, 4, firmware_base + firmware_bytes - 35, STATUS_IO},
        {madt_at + 4, 4, 35, STATUS_CORRUPT}, {madt_at + 4, 4, 0, STATUS_CORRUPT},
        {madt_at + 4, 4, 0x7fff, STATUS_IO}, {madt_at + 4, 4, (1U << 20) + 1, STATUS_UNSUPPORTED},
        {madt_at + 44 + 1, 1, 0, STATUS_CORRUPT}, /* an entry without length */
        {madt_at + 44 + 1, 1, 1, STATUS_CORRUPT}, /* shorter than its own head */
        {madt_at + 44 + 1, 1, 7, STATUS_CORRUPT}, /* shorter than its kind asks */
        {madt_at + 4, 4, 36 + sizeof(madt_body) - 1, STATUS_CORRUPT}, /* cut in the last entry */
        {madt_at + 4, 4, 36 + 9, STATUS_CORRUPT},                     /* cut in an entry's head */
        {madt_at + 4, 4, 36 + 7, STATUS_CORRUPT},                     /* cut in the fixed part */
        {madt_at + 74, 1, 1, STATUS_CORRUPT},  /* override of a bus that is not ISA */
        {madt_at + 75, 1, 16, STATUS_CORRUPT}, /* of a line that does not exist */
        {madt_at + 80, 1, 2, STATUS_CORRUPT},  /* reserved polarity */
        {madt_at + 80, 1, 8, STATUS_CORRUPT},  /* reserved trigger mode */
        {mcfg_at + 4, 4, 36 + 8 + 15, STATUS_CORRUPT}, {mcfg_at + 4, 4, 36 + 7, STATUS_CORRUPT},
        {mcfg_at + 44, 4, 0, STATUS_CORRUPT},
        {mcfg_at + 54, 2, 0x0001, STATUS_CORRUPT}, /* first bus 1, last bus 0 */
        {hpet_at + 40, 1, 1, STATUS_CORRUPT}, {hpet_at + 44, 4, 0, STATUS_CORRUPT},
        {hpet_at + 4, 4, 36 + 18, STATUS_CORRUPT}, {fadt_at + 4, 4, 115, STATUS_CORRUPT},
        {fadt_at + 40, 4, 0, STATUS_CORRUPT}, {fadt_at + 40, 4, 0x1000, STATUS_IO},
        {fadt_at + 40, 4, firmware_base + hpet_at, STATUS_CORRUPT}, /* not a DSDT */
    };
    for (size_t index = 0; index < sizeof(changes) / sizeof(changes[0]); index++) {
        struct platform platform = {};
        struct firmware *firmware = firmware_make();
        firmware->repairs_sums = true;
        CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
        for (uint32_t byte = 0; byte < changes[index].width_bytes; byte++) {
            *at(firmware, changes[index].offset + byte) =
                (uint8_t)(changes[index].value >> (8 * byte));
        }
        enum status status = platform_read(firmware, &platform);
        CHECK_EQUAL(status, changes[index].status);
        if (status != changes[index].status) {
            printf("change %zu\n", index);
        }
    }
}

/* Each limit: the last that fits is accepted, one more is refused by name. */
static void limits_are_exact(void)
{
    static const struct {
        uint8_t kind;
        uint8_t entry_bytes;
        uint32_t count_max;
    } entries[] = {{0, 8, acpi_cpus_max}, {1, 12, acpi_io_apics_max}, {2, 10, acpi_overrides_max}};
    for (size_t index = 0; index < 3; index++) {
        for (uint32_t more = 0; more <= 1; more++) {
            uint8_t body[1024] = {};
            size_t used_bytes = 8;
            for (uint32_t count = 0; count < entries[index].count_max + more; count++) {
                body[used_bytes] = entries[index].kind;
                body[used_bytes + 1] = entries[index].entry_bytes;
                body[used_bytes + 4] = 1;
                used_bytes += entries[index].entry_bytes;
            }
            struct firmware *firmware = firmware_make();
            struct platform platform = {};
            table_put(firmware, madt_at, "APIC", body, used_bytes);
            table_put(firmware, mcfg_at, "MCFG", mcfg_body, sizeof(mcfg_body));
            CHECK_EQUAL(
                platform_read(firmware, &platform), more == 0 ? STATUS_OK : STATUS_UNSUPPORTED);
        }
    }
    for (uint32_t more = 0; more <= 1; more++) {
        uint8_t body[(acpi_tables_max + 1) * 8];
        struct firmware *firmware = firmware_make();
        struct acpi_tables tables = {};
        for (uint32_t count = 0; count < acpi_tables_max + more; count++) {
            store_le64(body + count * 8, firmware_base + hpet_at);
        }
        store_le64(at(firmware, rsdp_at + 24), firmware_base + 0x2000);
        pointer_sum(firmware);
        table_put(firmware, 0x2000, "XSDT", body, (acpi_tables_max + more) * 8);
        CHECK_EQUAL(acpi_tables_read(memory_of(firmware), firmware_base, &tables),
            more == 0 ? STATUS_OK : STATUS_UNSUPPORTED);
        CHECK_EQUAL(tables.count, more == 0 ? acpi_tables_max : 0);
    }
}

/* Each call of map fails once. */
static void map_failures_are_told(void)
{
    struct firmware *firmware = firmware_make();
    struct platform platform = {};
    CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
    uint32_t calls = firmware->map_count;
    CHECK(calls > 15);
    for (uint32_t allowed = 1; allowed < calls; allowed++) {
        firmware->map_count = 0;
        firmware->map_count_max = allowed;
        CHECK_EQUAL(platform_read(firmware, &platform), STATUS_IO);
    }
    firmware->map_count = 0;
    firmware->map_count_max = calls;
    CHECK_EQUAL(platform_read(firmware, &platform), STATUS_OK);
    firmware_destroy(firmware);
}

int main(void)
{
    TEST(finds_the_tables);
    TEST(old_machines_have_an_rsdt);
    TEST(reads_the_madt);
    TEST(reads_mcfg_and_hpet);
    TEST(reads_power);
    TEST(judges_the_soft_off_object);
    TEST(the_search_stays_inside_the_table);
    TEST(refuses_every_wrong_sum);
    TEST(refuses_each_single_fault);
    TEST(limits_are_exact);
    TEST(map_failures_are_told);
    return check_report();
}
