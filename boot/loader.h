/* SPDX-License-Identifier: ISC */
/*
 * The loader as a whole: its state and its stages, in the order in which main.c runs them.
 *
 * Each stage either does its work or records one refusal and returns what loader_refuse returned.
 * Before the last step of the last stage nothing is changed that firmware could not take back:
 * memory taken is on the list that memory_release returns.
 */
#pragma once

#include <abi/boot_handoff.h>
#include <abi/status.h>
#include <lib/acpi/acpi.h>
#include <lib/bootimg/bootimg.h>
#include <lib/elf/elf.h>

#include <stddef.h>
#include <stdint.h>

#include "console.h"
#include "paging.h"
#include "uefi.h"

constexpr uint32_t loader_blocks_max = 8;
constexpr uint32_t loader_detail_bytes = 96;
constexpr uint32_t loader_stages_max = 16;
constexpr uint64_t loader_page_bytes = 4096;
constexpr uint64_t loader_large_page_bytes = UINT64_C(2) << 20;
constexpr uint64_t loader_stack_bytes = UINT64_C(16) << 10;
constexpr uint64_t loader_map_bytes = UINT64_C(64) << 10;

/* Whole pages taken from firmware. */
struct loader_block {
    uint64_t address;
    uint64_t size_bytes;
};

/* Memory that the loader itself needs until the kernel has left it; in one block. */
struct loader_work {
    alignas(4096) struct boot_handoff handoff;
    alignas(4096) uint8_t stack[loader_stack_bytes];
    alignas(4096) uint8_t map[loader_map_bytes];
};

struct loader {
    struct loader_block config_spaces[acpi_segments_max]; /* of PCI, from the MCFG */
    uint32_t config_space_count;
    efi_handle image_handle;         /* borrowed from firmware, as are the next two */
    struct efi_system_table *system; /* nullptr once boot services may be gone */
    struct efi_boot_services *services;
    struct console console;
    bool refused;
    enum marker refusal; /* valid if refused, as is its detail */
    char detail[loader_detail_bytes];
    uint32_t block_count;
    struct loader_block blocks[loader_blocks_max];
    uint64_t stage_ticks[loader_stages_max]; /* time stamp counter at the end of each stage */
    uint64_t start_ticks;

    struct acpi_mcfg config_space; /* of PCI; no segments if the machine has no such table */
    struct loader_block file;      /* boot.img in memory; size_bytes is the file's */
    struct bootimg image;          /* borrows from `file` */
    struct elf_plan plan;          /* of the kernel */
    struct bootimg_section kernel;
    struct loader_block kernel_block;
    struct loader_block module_block;
    struct loader_block work_block;
    struct loader_work *work; /* owned: lies in work_block */
    struct loader_block table_block;
    struct page_tables tables; /* lie in table_block */
};

/* Records why the loader refuses to go on; the first reason stays. Returns what the stage shall
 * return. `detail` is copied, cut to the space there is. */
enum status loader_refuse(struct loader *loader, enum marker marker, const char *detail);

/* --- stages --- */

/* The processor has what the kernel's page tables need. */
enum status cpu_check(struct loader *loader);

/* boot.img of the volume that the loader came from -> loader->file. */
enum status file_read(struct loader *loader);

/* Structure, key, signature, digests -> loader->image, loader->kernel, loader->plan. */
enum status image_verify(struct loader *loader);

/* The block for handoff, stack and memory map -> loader->work; identity of the image. */
enum status handoff_start(struct loader *loader);

/* ACPI and framebuffer -> handoff. */
enum status platform_read(struct loader *loader);

/* The kernel's segments -> loader->kernel_block. */
enum status kernel_load(struct loader *loader);

/* All other sections -> loader->module_block and the handoff's list. */
enum status modules_load(struct loader *loader);

/* Address space at entry -> loader->tables. */
enum status tables_build(struct loader *loader);

/* Leaves boot services with the final list of regions in the handoff. */
enum status services_leave(struct loader *loader);

/* --- memory of firmware (memory.c) --- */

/* Takes size_bytes bytes, rounded up to pages, aligned to a power of two of at least a page. The
 * block is on the loader's list of what a refusal gives back. NO_MEMORY is recorded as refusal. */
enum status memory_take(
    struct loader *loader, uint64_t size_bytes, uint64_t alignment, struct loader_block *block_out);

/* Gives all blocks back. */
void memory_release(struct loader *loader);

/* --- the end (end_runtime.c or end_test.c) --- */

/* What happens after a refusal was said: a test image leaves the virtual machine with its exit
 * class, a runtime image returns from here. */
void loader_end_refused(void);
