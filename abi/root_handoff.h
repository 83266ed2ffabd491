/* SPDX-License-Identifier: ISC */
/*
 * What the kernel tells rootd, the first program: a read-only block at root_handoff_address in
 * rootd's address space, and the capabilities that it starts with.
 */
#pragma once

#include <abi/boot_handoff.h>
#include <abi/object.h>

#include <stdint.h>

constexpr uint64_t root_handoff_magic = UINT64_C(0x544f4f5258495245);
constexpr uint32_t root_handoff_version = 1;

/* rootd's fixed addresses. Its image is linked at program_base like every program's. */
constexpr uint64_t root_handoff_address = UINT64_C(0x0000000010000000);
constexpr uint64_t root_ipc_buffer_address = UINT64_C(0x0000000010100000);
constexpr uint64_t root_stack_top = UINT64_C(0x0000000010200000);
constexpr uint64_t root_stack_bytes = 65536;

constexpr uint32_t root_untyped_max = 192;
constexpr uint32_t root_cspace_bits = 13;

/* rootd's first slots. Modules and untyped memory follow from root_slot_first_free on. */
enum root_slot : cap_slot {
    ROOT_SLOT_CSPACE = 1,
    ROOT_SLOT_VSPACE = 2,
    ROOT_SLOT_THREAD = 3,
    ROOT_SLOT_IRQ_CONTROL = 4,
    ROOT_SLOT_PORTS = 5, /* all ports, except those that the kernel keeps */
    ROOT_SLOT_CLOCK = 6,
    ROOT_SLOT_CONSOLE = 7,
    ROOT_SLOT_TEST = 8, /* empty in a runtime image */
    ROOT_SLOT_IPC_BUFFER = 9,
    ROOT_SLOT_FIRST_DYNAMIC = 16,
};

struct root_untyped {
    cap_slot slot;
    uint8_t bits;
    uint8_t is_device; /* device or ACPI memory: not cleared, only frames */
    uint8_t is_acpi;
    uint8_t reserved;
    uint64_t address;
};

/* Its memory is given as `frame_count` frame capabilities of 2^frame_bits bytes from first_slot. */
struct root_module {
    enum boot_module_kind kind;
    uint32_t frame_count;
    char name[boot_module_name_bytes];
    uint64_t size_bytes;
    cap_slot first_slot;
    uint32_t frame_bits;
    uint64_t address; /* where it is mapped, readable, in rootd; 0 if it is not */
};

struct root_handoff {
    uint64_t magic;
    uint32_t version;
    uint32_t size_bytes;
    enum boot_profile profile;
    uint32_t untyped_count;
    uint32_t module_count;
    cap_slot first_free_slot;
    cap_slot end_slot; /* one past the last slot of rootd's capability space */
    uint32_t reserved;
    uint64_t acpi_rsdp;
    uint64_t boot_entry_ns; /* clock when rootd was started */
    uint64_t own_bytes;     /* rootd's image, stack, objects and page tables; this block */
    struct boot_framebuffer framebuffer;
    struct root_untyped untyped[root_untyped_max];
    struct root_module modules[boot_modules_max];
};
