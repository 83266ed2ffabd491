/* SPDX-License-Identifier: ISC */
/*
 * BootConfig: what is launched with which authority, what is mounted, and which programs of the
 * disk may do more than others. tools/planogen writes it, the boot image carries it signed, rootd,
 * procd, deviced and vfsd read it. tools/planogen/bootconfig.py is the other description of the
 * same bytes; lib/bootconfig/test compares the two.
 *
 * bootconfig_open() checks everything once; after that every accessor is total for an index below
 * its count, and every text is a string. Nothing is copied: texts point into the caller's bytes.
 * Numbers of abi/ (kinds of objects, rights, profiles) are plain integers here: this library also
 * runs where there is no kernel.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t bootconfig_version = 1;
constexpr uint32_t bootconfig_bytes_max = 512 * 1024;

/* Where a launcher maps it, read-only, for a program with `boot_config = true` in its manifest: in
 * the same 2 MiB as start-up block and IPC buffer. Its start-up row "boot-config" has slot 0 and
 * the size in bytes as parameter. */
constexpr uint64_t bootconfig_address = UINT64_C(0x0000000010180000);

constexpr uint32_t bootconfig_launches_max = 64;
constexpr uint32_t bootconfig_grants_max = 2048;
constexpr uint32_t bootconfig_programs_max = 128;
constexpr uint32_t bootconfig_mounts_max = 16;
constexpr uint32_t bootconfig_devices_max = 64;
constexpr uint32_t bootconfig_row_grants_max = 48; /* rows of a start-up block */
constexpr uint32_t bootconfig_roles_max = 255;
constexpr uint32_t bootconfig_digest_bytes = 32;
constexpr uint32_t bootconfig_any = UINT32_MAX; /* a device row that asks for no value */

enum bootconfig_grant_kind : uint32_t {
    GRANT_SELF_CSPACE = 1,  /* its own capability space, CONTROL */
    GRANT_REPLY = 2,        /* one reply object */
    GRANT_CONTROL = 3,      /* the endpoint that it serves, RECEIVE */
    GRANT_NOTIFICATION = 4, /* its own notification, bound to its thread */
    GRANT_REPORT = 5,       /* rootd's endpoint, badge with the right of protocol report */
    GRANT_PEER = 6,         /* endpoint of source_role, badge with protocol_rights */
    GRANT_SIGNAL = 7,       /* notification of source_role, badge 1 << parameters[0] */
    GRANT_CLOCK = 8,
    GRANT_CONSOLE = 9,
    GRANT_IRQ_CONTROL = 10,
    GRANT_PORTS = 11,         /* parameters: first port, last port */
    GRANT_TEST = 12,          /* the test object; nothing in a runtime image */
    GRANT_RAM = 13,           /* all RAM as untyped capabilities, moved: slot, slot + 1, ... */
    GRANT_DEVICE_MEMORY = 14, /* all device memory but that of ACPI, likewise */
    GRANT_ACPI_MEMORY = 15,   /* all ACPI memory, likewise */
    GRANT_BOOT_CONFIG = 16,   /* mapped at bootconfig_address; slot 0 */
    GRANT_BLOB = 17,          /* frames of the module NAME of "blob-NAME" */
    GRANT_DEFERRED = 18,      /* parameters[0] more reply objects: slot, slot + 1, ... */
    GRANT_ABSENT = 19, /* an optional peer that this image does not have: announced, not given */
    GRANT_KIND_END
};

/* One capability, or slot_count of them (that many at most for RAM, memory and blobs). */
struct bootconfig_grant {
    enum bootconfig_grant_kind kind;
    uint8_t object_kind; /* an enum object_kind */
    uint32_t slot;
    uint32_t slot_count;
    uint32_t source_role;     /* of peers, signals, control and report */
    uint16_t rights;          /* mask of enum rights for the copy; 0: as it is */
    uint32_t protocol_rights; /* for the badge of a peer or report */
    uint64_t parameters[2];
    const char *name; /* shorter than startup_name_bytes */
};

enum bootconfig_program_kind : uint8_t {
    BOOTCONFIG_SERVICE = 1,
    BOOTCONFIG_DRIVER = 2,
    BOOTCONFIG_PROGRAM = 3,
};

/* What every started program has, wherever it comes from. */
struct bootconfig_authority {
    uint32_t role; /* 0: no role of its own */
    uint8_t priority;
    uint8_t cspace_bits;
    uint32_t first_free_slot;
    uint64_t heap_bytes_max;
    uint64_t stack_bytes;
    uint32_t first_grant; /* index for bootconfig_grant() */
    uint32_t grant_count;
    const char *name;
};

/* A program of the boot image, in the order of launch. */
struct bootconfig_launch {
    struct bootconfig_authority authority;
    enum bootconfig_program_kind kind;
    uint32_t launcher_role; /* who acts on the row: rootd, procd or deviced */
    bool required;          /* READY means that it reported */
    bool verifier;          /* test images: started when all others are ready, in order */
    uint32_t protocol;      /* id of what it serves; 0: nothing */
    uint32_t parameter;     /* what a verifier is asked to do, in its own numbers */
    const char *module;     /* of the boot image */
};

/* A program of the disk. Exactly one row, the last, is the default for digests that no row has. */
struct bootconfig_program {
    struct bootconfig_authority authority;
    bool is_default;
    const uint8_t *digest; /* SHA-256 of the ELF file */
    const char *path;      /* where the image maker puts it; for people */
};

struct bootconfig_mount {
    uint32_t provider_role;
    bool read_only;
    const char *path;      /* absolute */
    const char *partition; /* GPT name, or "" for a provider without a device */
};

enum bootconfig_bus : uint32_t {
    BOOTCONFIG_BUS_PCI = 1,
    BOOTCONFIG_BUS_ISA = 2,
    BOOTCONFIG_BUS_ACPI = 3,
};

struct bootconfig_ports {
    uint32_t first;
    uint32_t last;
};

/* A device that a driver is for, and what deviced may hand to it. */
struct bootconfig_device {
    uint32_t driver_role;
    enum bootconfig_bus bus;
    uint32_t vendor; /* PCI; bootconfig_any matches all */
    uint32_t device;
    uint32_t class_code;
    uint32_t bar_mask;      /* base address registers whose memory it may map */
    uint32_t message_count; /* message interrupts at most */
    bool dma;
    uint32_t port_count; /* entries of ports[] */
    struct bootconfig_ports ports[2];
    uint32_t interrupt; /* ISA line, or bootconfig_any */
};

struct bootconfig {
    const uint8_t *bytes;  /* borrowed from the caller of bootconfig_open */
    uint32_t profile;      /* an enum boot_profile */
    const char *init_path; /* the program on the terminal, or "" */
    uint32_t launch_count;
    uint32_t grant_count;
    uint32_t program_count;
    uint32_t mount_count;
    uint32_t device_count;
};

/*
 * Check all of it. OK; UNSUPPORTED for another version; CORRUPT for anything that contradicts
 * itself or the limits above. The bytes must stay as long as *config_out is used.
 */
enum status bootconfig_open(const void *bytes, size_t size_bytes, struct bootconfig *config_out);

/* The size that the header claims, from its first 16 bytes; 0 if they are no BootConfig. For a
 * reader that does not know how much of a page is meant. */
uint32_t bootconfig_size_bytes(const void *bytes);

/* The rows; each index must be below its count. */
struct bootconfig_launch bootconfig_launch(const struct bootconfig *config, uint32_t index);
struct bootconfig_grant bootconfig_grant(const struct bootconfig *config, uint32_t index);
struct bootconfig_program bootconfig_program(const struct bootconfig *config, uint32_t index);
struct bootconfig_mount bootconfig_mount(const struct bootconfig *config, uint32_t index);
struct bootconfig_device bootconfig_device(const struct bootconfig *config, uint32_t index);

/* Index of the launch row of a role, or launch_count. */
uint32_t bootconfig_find_launch(const struct bootconfig *config, uint32_t role);

/* Index of the program row with this digest, else of the default row. */
uint32_t bootconfig_find_program(
    const struct bootconfig *config, const uint8_t digest[bootconfig_digest_bytes]);
