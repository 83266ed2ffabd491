/* SPDX-License-Identifier: ISC */
/* The rows of a checked BootConfig as structures. */
#include <lib/bootconfig/bootconfig.h>

#include <lib/base/base.h>

#include <string.h>

#include "layout.h"

static const uint32_t row_bytes[TABLE_COUNT] = {
    [TABLE_LAUNCHES] = LAUNCH_BYTES,
    [TABLE_GRANTS] = GRANT_BYTES,
    [TABLE_PROGRAMS] = PROGRAM_BYTES,
    [TABLE_MOUNTS] = MOUNT_BYTES,
    [TABLE_DEVICES] = DEVICE_BYTES,
};

const uint8_t *bootconfig_row(const uint8_t *bytes, enum table table, uint32_t index)
{
    const uint32_t offset = load_le32(bytes + HEADER_TABLES + 8 * (uint32_t)table);
    return bytes + offset + (size_t)index * row_bytes[table];
}

static struct bootconfig_authority read_authority(const uint8_t *row)
{
    return (struct bootconfig_authority){
        .role = load_le32(row + AUTHORITY_ROLE),
        .priority = row[AUTHORITY_PRIORITY],
        .cspace_bits = row[AUTHORITY_CSPACE_BITS],
        .first_free_slot = load_le32(row + AUTHORITY_FIRST_FREE_SLOT),
        .heap_bytes_max = load_le64(row + AUTHORITY_HEAP_BYTES),
        .stack_bytes = load_le64(row + AUTHORITY_STACK_BYTES),
        .first_grant = load_le32(row + AUTHORITY_FIRST_GRANT),
        .grant_count = load_le32(row + AUTHORITY_GRANT_COUNT),
        .name = (const char *)row + AUTHORITY_NAME,
    };
}

struct bootconfig_launch bootconfig_launch(const struct bootconfig *config, uint32_t index)
{
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_LAUNCHES, index);
    return (struct bootconfig_launch){
        .authority = read_authority(row),
        .kind = (enum bootconfig_program_kind)row[AUTHORITY_KIND],
        .launcher_role = load_le32(row + LAUNCH_LAUNCHER),
        .required = (row[AUTHORITY_FLAGS] & launch_flag_required) != 0,
        .verifier = (row[AUTHORITY_FLAGS] & launch_flag_verifier) != 0,
        .protocol = load_le32(row + AUTHORITY_PROTOCOL),
        .parameter = load_le32(row + LAUNCH_PARAMETER),
        .module = (const char *)row + LAUNCH_MODULE,
    };
}

struct bootconfig_grant bootconfig_grant(const struct bootconfig *config, uint32_t index)
{
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_GRANTS, index);
    return (struct bootconfig_grant){
        .kind = (enum bootconfig_grant_kind)load_le32(row + GRANT_FIELD_KIND),
        .object_kind = (uint8_t)load_le32(row + GRANT_FIELD_OBJECT_KIND),
        .slot = load_le32(row + GRANT_FIELD_SLOT),
        .slot_count = load_le32(row + GRANT_FIELD_SLOT_COUNT),
        .source_role = load_le32(row + GRANT_FIELD_SOURCE_ROLE),
        .rights = (uint16_t)load_le32(row + GRANT_FIELD_RIGHTS),
        .protocol_rights = load_le32(row + GRANT_FIELD_PROTOCOL_RIGHTS),
        .parameters = {load_le64(row + GRANT_FIELD_PARAMETERS),
            load_le64(row + GRANT_FIELD_PARAMETERS + 8)},
        .name = (const char *)row + GRANT_FIELD_NAME,
    };
}

struct bootconfig_program bootconfig_program(const struct bootconfig *config, uint32_t index)
{
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_PROGRAMS, index);
    return (struct bootconfig_program){
        .authority = read_authority(row),
        .is_default = (row[AUTHORITY_FLAGS] & program_flag_default) != 0,
        .digest = row + PROGRAM_DIGEST,
        .path = (const char *)row + PROGRAM_PATH,
    };
}

struct bootconfig_mount bootconfig_mount(const struct bootconfig *config, uint32_t index)
{
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_MOUNTS, index);
    return (struct bootconfig_mount){
        .provider_role = load_le32(row + MOUNT_PROVIDER_ROLE),
        .read_only = (load_le32(row + MOUNT_FLAGS) & mount_flag_read_only) != 0,
        .path = (const char *)row + MOUNT_PATH,
        .partition = (const char *)row + MOUNT_PARTITION,
    };
}

struct bootconfig_device bootconfig_device(const struct bootconfig *config, uint32_t index)
{
    const uint8_t *row = bootconfig_row(config->bytes, TABLE_DEVICES, index);
    const uint8_t *ports = row + DEVICE_PORTS;
    return (struct bootconfig_device){
        .driver_role = load_le32(row + DEVICE_DRIVER_ROLE),
        .bus = (enum bootconfig_bus)load_le32(row + DEVICE_BUS),
        .vendor = load_le32(row + DEVICE_VENDOR),
        .device = load_le32(row + DEVICE_DEVICE),
        .class_code = load_le32(row + DEVICE_CLASS),
        .bar_mask = load_le32(row + DEVICE_BAR_MASK),
        .message_count = load_le32(row + DEVICE_MESSAGE_COUNT),
        .dma = (load_le32(row + DEVICE_FLAGS) & device_flag_dma) != 0,
        .port_count = load_le32(row + DEVICE_PORT_COUNT),
        .ports = {{load_le32(ports), load_le32(ports + 4)},
            {load_le32(ports + 8), load_le32(ports + 12)}},
        .interrupt = load_le32(row + DEVICE_INTERRUPT),
    };
}

uint32_t bootconfig_find_launch(const struct bootconfig *config, uint32_t role)
{
    for (uint32_t index = 0; index < config->launch_count; index++) {
        if (bootconfig_launch(config, index).authority.role == role) {
            return index;
        }
    }
    return config->launch_count;
}

uint32_t bootconfig_find_program(
    const struct bootconfig *config, const uint8_t digest[bootconfig_digest_bytes])
{
    const uint32_t default_index = config->program_count - 1;
    for (uint32_t index = 0; index < default_index; index++) {
        if (memcmp(bootconfig_program(config, index).digest, digest, bootconfig_digest_bytes) ==
            0) {
            return index;
        }
    }
    return default_index;
}
