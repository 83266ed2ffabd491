/* SPDX-License-Identifier: ISC */
/*
 * The check of a BootConfig: header, tables back to back without gaps, then every row. Any doubt
 * makes the whole of it CORRUPT: what rootd acts on must not be half of a plan.
 */
#include <lib/bootconfig/bootconfig.h>

#include <lib/base/base.h>

#include <string.h>

#include "layout.h"

struct table_rule {
    uint32_t row_bytes;
    uint32_t count_min;
    uint32_t count_max;
};

static const struct table_rule table_rules[TABLE_COUNT] = {
    [TABLE_LAUNCHES] = {LAUNCH_BYTES, 1, bootconfig_launches_max},
    [TABLE_GRANTS] = {GRANT_BYTES, 0, bootconfig_grants_max},
    [TABLE_PROGRAMS] = {PROGRAM_BYTES, 1, bootconfig_programs_max},
    [TABLE_MOUNTS] = {MOUNT_BYTES, 0, bootconfig_mounts_max},
    [TABLE_DEVICES] = {DEVICE_BYTES, 0, bootconfig_devices_max},
};

/* Ends within its field, with zeros up to the field's end. */
static bool is_text(const uint8_t *field, uint32_t field_bytes)
{
    const uint8_t *end = memchr(field, 0, field_bytes);
    if (end == nullptr) {
        return false;
    }
    for (; end < field + field_bytes; end++) {
        if (*end != 0) {
            return false;
        }
    }
    return true;
}

static bool is_name(const uint8_t *field)
{
    return field[0] != 0 && is_text(field, name_bytes);
}

static bool is_path(const uint8_t *field)
{
    return field[0] == '/' && is_text(field, path_bytes);
}

static bool is_role(uint32_t role)
{
    return role > 0 && role <= bootconfig_roles_max;
}

uint32_t bootconfig_size_bytes(const void *bytes)
{
    struct reader reader = reader_init(bytes, 16);
    const bool is_ours =
        reader_le64(&reader) == bootconfig_magic && reader_le32(&reader) == bootconfig_version;
    const uint32_t size_bytes = reader_le32(&reader);
    return is_ours && size_bytes <= bootconfig_bytes_max ? size_bytes : 0;
}

/* The tables follow the header, each where the one before ends. */
static bool tables_are_valid(const uint8_t *bytes, size_t size_bytes)
{
    uint64_t at = HEADER_BYTES;
    for (uint32_t table = 0; table < TABLE_COUNT; table++) {
        const struct table_rule *rule = &table_rules[table];
        const uint32_t offset = load_le32(bytes + HEADER_TABLES + 8 * table);
        const uint32_t count = load_le32(bytes + HEADER_TABLES + 8 * table + 4);
        if (offset != at || count < rule->count_min || count > rule->count_max) {
            return false;
        }
        at += (uint64_t)count * rule->row_bytes;
    }
    return at == size_bytes;
}

static bool grant_is_valid(const struct bootconfig_grant *grant, const uint8_t *row)
{
    if (grant->kind == 0 || grant->kind >= GRANT_KIND_END ||
        load_le32(row + GRANT_FIELD_OBJECT_KIND) < object_kind_first ||
        load_le32(row + GRANT_FIELD_OBJECT_KIND) >= object_kind_end) {
        return false;
    }
    if (load_le32(row + GRANT_FIELD_RIGHTS) > rights_mask ||
        load_le32(row + GRANT_FIELD_RESERVED) != 0 || !is_name(row + GRANT_FIELD_NAME)) {
        return false;
    }
    const bool has_source =
        grant->object_kind == object_kind_endpoint || grant->kind == GRANT_SIGNAL;
    if (has_source ? !is_role(grant->source_role) : grant->source_role != 0) {
        return false;
    }
    if (grant->kind == GRANT_SIGNAL && grant->parameters[0] > 63) {
        return false;
    }
    if (grant->kind == GRANT_PORTS &&
        (grant->parameters[0] > grant->parameters[1] || grant->parameters[1] > UINT16_MAX)) {
        return false;
    }
    if (grant->kind == GRANT_DEFERRED && grant->parameters[0] != grant->slot_count) {
        return false;
    }
    return grant->kind == GRANT_BOOT_CONFIG ? grant->slot == 0 : grant->slot != 0;
}

/* Slots are in the space, below first_free_slot, and no two grants share one. */
static bool slots_are_valid(
    const struct bootconfig *config, const struct bootconfig_authority *authority)
{
    const uint32_t end = authority->first_free_slot;
    if (end > 1U << authority->cspace_bits) {
        return false;
    }
    for (uint32_t index = 0; index < authority->grant_count; index++) {
        const struct bootconfig_grant grant =
            bootconfig_grant(config, authority->first_grant + index);
        if (grant.slot_count == 0 || grant.slot > end || grant.slot_count > end - grant.slot) {
            return false;
        }
        for (uint32_t other = 0; other < index; other++) {
            const struct bootconfig_grant before =
                bootconfig_grant(config, authority->first_grant + other);
            if (grant.slot < before.slot + before.slot_count &&
                before.slot < grant.slot + grant.slot_count) {
                return false;
            }
        }
    }
    return true;
}

static bool authority_is_valid(const struct bootconfig *config, const uint8_t *row,
    const struct bootconfig_authority *authority)
{
    if (authority->role > bootconfig_roles_max || authority->priority > priority_last ||
        authority->cspace_bits < space_bits_min || authority->cspace_bits > space_bits_max) {
        return false;
    }
    if (!is_name(row + AUTHORITY_NAME) || authority->grant_count > bootconfig_row_grants_max ||
        authority->first_grant > config->grant_count ||
        authority->grant_count > config->grant_count - authority->first_grant) {
        return false;
    }
    for (uint32_t index = 0; index < authority->grant_count; index++) {
        const uint32_t at = authority->first_grant + index;
        const struct bootconfig_grant grant = bootconfig_grant(config, at);
        if (!grant_is_valid(&grant, bootconfig_row(config->bytes, TABLE_GRANTS, at))) {
            return false;
        }
    }
    return slots_are_valid(config, authority);
}

static bool launch_is_valid(const struct bootconfig *config, uint32_t index)
{
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_LAUNCHES, index);
    const struct bootconfig_launch launch = bootconfig_launch(config, index);
    if (!authority_is_valid(config, row, &launch.authority) || !is_role(launch.authority.role)) {
        return false;
    }
    if (launch.kind < BOOTCONFIG_SERVICE || launch.kind > BOOTCONFIG_PROGRAM ||
        row[AUTHORITY_FLAGS] > (launch_flag_required | launch_flag_verifier)) {
        return false;
    }
    return is_role(launch.launcher_role) && launch.protocol <= UINT8_MAX &&
           (launch.verifier || launch.parameter == 0) && is_name(row + LAUNCH_MODULE) &&
           bootconfig_find_launch(config, launch.authority.role) == index;
}

static bool program_is_valid(const struct bootconfig *config, uint32_t index)
{
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_PROGRAMS, index);
    const struct bootconfig_program program = bootconfig_program(config, index);
    const bool must_be_default = index == config->program_count - 1;
    return authority_is_valid(config, row, &program.authority) &&
           row[AUTHORITY_KIND] == BOOTCONFIG_PROGRAM &&
           row[AUTHORITY_FLAGS] == (must_be_default ? program_flag_default : 0) &&
           load_le32(row + AUTHORITY_PROTOCOL) == 0 &&
           (must_be_default || is_path(row + PROGRAM_PATH)) &&
           is_text(row + PROGRAM_PATH, path_bytes);
}

static bool mount_is_valid(const struct bootconfig *config, uint32_t index)
{
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_MOUNTS, index);
    return is_role(load_le32(row + MOUNT_PROVIDER_ROLE)) &&
           load_le32(row + MOUNT_FLAGS) <= mount_flag_read_only && is_path(row + MOUNT_PATH) &&
           is_text(row + MOUNT_PARTITION, partition_bytes);
}

static bool device_is_valid(const struct bootconfig *config, uint32_t index)
{
    const struct bootconfig_device device = bootconfig_device(config, index);
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_DEVICES, index);
    if (!is_role(device.driver_role) || device.bus < BOOTCONFIG_BUS_PCI ||
        device.bus > BOOTCONFIG_BUS_ACPI || device.bar_mask > 0x3f ||
        load_le32(row + DEVICE_FLAGS) > device_flag_dma || device.port_count > 2) {
        return false;
    }
    for (uint32_t range = 0; range < device.port_count; range++) {
        if (device.ports[range].first > device.ports[range].last ||
            device.ports[range].last > UINT16_MAX) {
            return false;
        }
    }
    return true;
}

static bool rows_are_valid(const struct bootconfig *config)
{
    const struct {
        bool (*is_valid)(const struct bootconfig *config, uint32_t index);
        uint32_t count;
    } tables[] = {
        {launch_is_valid, config->launch_count},
        {program_is_valid, config->program_count},
        {mount_is_valid, config->mount_count},
        {device_is_valid, config->device_count},
    };
    for (uint32_t table = 0; table < sizeof tables / sizeof tables[0]; table++) {
        for (uint32_t index = 0; index < tables[table].count; index++) {
            if (!tables[table].is_valid(config, index)) {
                return false;
            }
        }
    }
    return true;
}

enum status bootconfig_open(const void *bytes, size_t size_bytes, struct bootconfig *config_out)
{
    const uint8_t *header = bytes;
    if (size_bytes < HEADER_BYTES || size_bytes > bootconfig_bytes_max ||
        load_le64(header + HEADER_MAGIC) != bootconfig_magic) {
        return STATUS_CORRUPT;
    }
    if (load_le32(header + HEADER_VERSION) != bootconfig_version) {
        return STATUS_UNSUPPORTED;
    }
    const uint32_t profile = load_le32(header + HEADER_PROFILE);
    if (load_le32(header + HEADER_SIZE_BYTES) != size_bytes || profile < profile_first ||
        profile > profile_last || load_le32(header + HEADER_RESERVED) != 0 ||
        !is_text(header + HEADER_INIT_PATH, path_bytes) || !tables_are_valid(header, size_bytes)) {
        return STATUS_CORRUPT;
    }
    const uint8_t *counts = header + HEADER_TABLES + 4;
    const struct bootconfig config = {
        .bytes = bytes,
        .profile = profile,
        .init_path = (const char *)header + HEADER_INIT_PATH,
        .launch_count = load_le32(counts + 8 * TABLE_LAUNCHES),
        .grant_count = load_le32(counts + 8 * TABLE_GRANTS),
        .program_count = load_le32(counts + 8 * TABLE_PROGRAMS),
        .mount_count = load_le32(counts + 8 * TABLE_MOUNTS),
        .device_count = load_le32(counts + 8 * TABLE_DEVICES),
    };
    if (!rows_are_valid(&config)) {
        return STATUS_CORRUPT;
    }
    *config_out = config;
    return STATUS_OK;
}
