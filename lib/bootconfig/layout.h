/* SPDX-License-Identifier: ISC */
/* Where each field of a BootConfig is; the same numbers are in tools/planogen/bootconfig.py. */
#pragma once

#include <lib/bootconfig/bootconfig.h>

constexpr uint64_t bootconfig_magic = UINT64_C(0x4746434258495245); /* "ERIXBCFG" */

/* What abi/object.h and abi/boot_handoff.h say; the test compares. */
constexpr uint32_t profile_first = 1;
constexpr uint32_t profile_last = 3;
constexpr uint32_t object_kind_first = 1;
constexpr uint32_t object_kind_end = 16;
constexpr uint32_t object_kind_endpoint = 7;
constexpr uint32_t rights_mask = 0xff;
constexpr uint32_t space_bits_min = 4;
constexpr uint32_t space_bits_max = 17;
constexpr uint32_t priority_last = 63;

enum table : uint32_t {
    TABLE_LAUNCHES,
    TABLE_GRANTS,
    TABLE_PROGRAMS,
    TABLE_MOUNTS,
    TABLE_DEVICES,
    TABLE_COUNT
};

enum header_field : uint32_t {
    HEADER_MAGIC = 0,
    HEADER_VERSION = 8,
    HEADER_SIZE_BYTES = 12,
    HEADER_PROFILE = 16,
    HEADER_RESERVED = 20,
    HEADER_TABLES = 24, /* offset, count */
    HEADER_INIT_PATH = 64,
    HEADER_BYTES = 128,
};

/* The first bytes of launch and program rows. */
enum authority_field : uint32_t {
    AUTHORITY_ROLE = 0,
    AUTHORITY_PRIORITY = 4,
    AUTHORITY_CSPACE_BITS = 5,
    AUTHORITY_KIND = 6, /* enum bootconfig_program_kind */
    AUTHORITY_FLAGS = 7,
    AUTHORITY_FIRST_FREE_SLOT = 8,
    AUTHORITY_FIRST_GRANT = 12,
    AUTHORITY_GRANT_COUNT = 16,
    AUTHORITY_PROTOCOL = 20,
    AUTHORITY_HEAP_BYTES = 24,
    AUTHORITY_STACK_BYTES = 32,
    AUTHORITY_NAME = 40,
    AUTHORITY_BYTES = 72,
};

constexpr uint8_t launch_flag_required = 1;
constexpr uint8_t launch_flag_verifier = 2;
constexpr uint8_t program_flag_default = 1;

enum launch_field : uint32_t {
    LAUNCH_LAUNCHER = 72,
    LAUNCH_PARAMETER = 76, /* for a verifier; 0 in all other rows */
    LAUNCH_MODULE = 80,
    LAUNCH_BYTES = 112,
};

enum program_field : uint32_t {
    PROGRAM_DIGEST = 72,
    PROGRAM_PATH = 104,
    PROGRAM_BYTES = 168,
};

enum grant_field : uint32_t {
    GRANT_FIELD_KIND = 0,
    GRANT_FIELD_OBJECT_KIND = 4,
    GRANT_FIELD_SLOT = 8,
    GRANT_FIELD_SLOT_COUNT = 12,
    GRANT_FIELD_SOURCE_ROLE = 16,
    GRANT_FIELD_RIGHTS = 20,
    GRANT_FIELD_PROTOCOL_RIGHTS = 24,
    GRANT_FIELD_RESERVED = 28,
    GRANT_FIELD_PARAMETERS = 32,
    GRANT_FIELD_NAME = 48,
    GRANT_BYTES = 80,
};

enum mount_field : uint32_t {
    MOUNT_PROVIDER_ROLE = 0,
    MOUNT_FLAGS = 4,
    MOUNT_PATH = 8,
    MOUNT_PARTITION = 72,
    MOUNT_BYTES = 112,
};

constexpr uint32_t mount_flag_read_only = 1;

enum device_field : uint32_t {
    DEVICE_DRIVER_ROLE = 0,
    DEVICE_BUS = 4,
    DEVICE_VENDOR = 8,
    DEVICE_DEVICE = 12,
    DEVICE_CLASS = 16,
    DEVICE_BAR_MASK = 20,
    DEVICE_MESSAGE_COUNT = 24,
    DEVICE_FLAGS = 28,
    DEVICE_PORT_COUNT = 32,
    DEVICE_PORTS = 36, /* first, last, first, last */
    DEVICE_INTERRUPT = 52,
    DEVICE_BYTES = 56,
};

constexpr uint32_t device_flag_dma = 1;

constexpr uint32_t name_bytes = 32;
constexpr uint32_t path_bytes = 64;
constexpr uint32_t partition_bytes = 40;

/* First byte of row `index` of a table; the header must have been checked. */
const uint8_t *bootconfig_row(const uint8_t *bytes, enum table table, uint32_t index);
