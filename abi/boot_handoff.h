/* SPDX-License-Identifier: ISC */
/*
 * What the boot loader tells the kernel: one page-aligned block of little-endian fixed layout.
 *
 * The loader enters the kernel's ELF entry point with interrupts off, in long mode, on the tables
 * described below, with rdi = virtual address of struct boot_handoff (in the direct map).
 *
 * Address space at entry, built by the loader:
 *   - the kernel's segments at their linked addresses (higher half), W^X, pages of 4 KiB;
 *   - all memory below handoff.direct_map_bytes at direct_map_base, writable, not executable;
 *   - the page that holds the loader's last instructions, identity mapped.
 * The kernel replaces these tables by its own before it runs anything else.
 * The stack at entry is the loader's, valid until the kernel takes its own.
 */
#pragma once

#include <stdint.h>

constexpr uint64_t boot_handoff_magic = UINT64_C(0x464f444e41485845); /* "EXHANDOF" */
constexpr uint32_t boot_handoff_version = 1;

constexpr uint64_t kernel_base = UINT64_C(0xffffffff80000000);
constexpr uint64_t direct_map_base = UINT64_C(0xffff800000000000);

constexpr uint32_t boot_regions_max = 256;
constexpr uint32_t boot_modules_max = 64;
constexpr uint32_t boot_module_name_bytes = 32;
constexpr uint32_t boot_interrupt_overrides_max = 16;
constexpr uint32_t boot_io_apics_max = 4;

enum boot_region_kind : uint32_t {
    BOOT_REGION_FREE = 1,     /* RAM that nobody uses */
    BOOT_REGION_LOADER = 2,   /* RAM of the loader: free once the kernel runs on its own tables */
    BOOT_REGION_KERNEL = 3,   /* RAM with the kernel image */
    BOOT_REGION_MODULE = 4,   /* RAM with boot modules, page-aligned */
    BOOT_REGION_ACPI = 5,     /* RAM with ACPI tables (reclaimable or NVS) */
    BOOT_REGION_FIRMWARE = 6, /* RAM that firmware keeps, never to be touched */
    BOOT_REGION_DEVICE = 7,   /* memory-mapped devices */
};

/* Sorted by address, page-aligned, not overlapping. What is in no region is not RAM. */
struct boot_region {
    uint64_t address;
    uint64_t size_bytes;
    enum boot_region_kind kind;
    uint32_t reserved;
};

enum boot_module_kind : uint32_t {
    BOOT_MODULE_BOOT_CONFIG = 1,
    BOOT_MODULE_SERVICE = 2,
    BOOT_MODULE_BLOB = 3,
};

/* A verified section of the boot image, copied to whole pages (the rest of the last is zero). */
struct boot_module {
    enum boot_module_kind kind;
    uint32_t reserved;
    char name[boot_module_name_bytes]; /* ends with zeros */
    uint64_t address;
    uint64_t size_bytes;
};

/* All zero where there is no framebuffer. */
struct boot_framebuffer {
    uint64_t address;
    uint64_t size_bytes;
    uint32_t width;
    uint32_t height;
    uint32_t stride_pixels;
    uint32_t format; /* 1: bytes are blue, green, red, unused; 2: red, green, blue, unused */
};

struct boot_io_apic {
    uint64_t address;
    uint32_t id;
    uint32_t first_interrupt; /* global interrupt number of its first line */
};

struct boot_interrupt_override {
    uint8_t isa_line;
    uint8_t active_low;
    uint8_t level_triggered;
    uint8_t reserved;
    uint32_t interrupt; /* global interrupt number */
};

/* Platform facts that the kernel needs before any driver runs, read from ACPI by the loader. */
struct boot_platform {
    uint64_t acpi_rsdp;
    uint64_t local_apic_address;
    uint64_t hpet_address;
    uint32_t io_apic_count;
    uint32_t override_count;
    struct boot_io_apic io_apics[boot_io_apics_max];
    struct boot_interrupt_override overrides[boot_interrupt_overrides_max];
};

enum boot_profile : uint32_t {
    BOOT_PROFILE_DEV = 1,
    BOOT_PROFILE_RELEASE = 2,
    BOOT_PROFILE_TEST = 3,
};

struct boot_handoff {
    uint64_t magic;
    uint32_t version;
    uint32_t size_bytes; /* of this structure */
    enum boot_profile profile;
    uint32_t region_count;
    uint32_t module_count;
    uint32_t reserved;
    uint64_t direct_map_bytes; /* extent of the loader's direct map */
    uint64_t kernel_address;   /* physical; the image is contiguous from kernel_base on */
    uint64_t kernel_size_bytes;
    uint64_t loader_start_ticks; /* time stamp counter at the loader's entry */
    struct boot_framebuffer framebuffer;
    struct boot_platform platform;
    uint8_t image_digest[32]; /* SHA-256 over the boot image's signed part */
    struct boot_region regions[boot_regions_max];
    struct boot_module modules[boot_modules_max];
};
