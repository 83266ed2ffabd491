/* SPDX-License-Identifier: ISC */
/* Where the demand-zero memory of a process lies, and which frame backs an address. Pure. */
#pragma once

#include <abi/status.h>

#include <stdint.h>

constexpr uint64_t region_bytes_max = UINT64_C(1) << 35;

/* Heap: [heap_base, heap_base + heap_bytes). Stack: [stack_top - stack_bytes, stack_top). */
struct regions {
    uint64_t heap_bytes;
    uint64_t stack_bytes;
};

/* Whether the ceilings are whole pages and the stack stays clear of what lies below it. */
bool regions_are_valid(const struct regions *regions);

/* The frame for an address: [address, address + 2^bits). */
struct region_frame {
    uint64_t address;
    uint32_t bits;
};

/* NOT_FOUND outside of both regions. */
enum status regions_find_frame(
    const struct regions *regions, uint64_t address, struct region_frame *frame_out);
