/* SPDX-License-Identifier: ISC */
/*
 * Firmware's memory map as the kernel's list of regions. Pure: no firmware, no loader state.
 *
 * Invariants of a list: sorted by address, page-aligned, not empty, not overlapping. Neighbours of
 * one kind are one region after regions_merge.
 */
#pragma once

#include <abi/boot_handoff.h>
#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

struct region_list {
    struct boot_region *regions; /* borrowed: room for `capacity` of them */
    uint32_t capacity;
    uint32_t count;
};

/* The kind of a type of firmware's memory (UEFI 7.2); FIRMWARE for types that are not known. What
 * the loader keeps is claimed later: until then its memory is FREE. */
enum boot_region_kind regions_kind(uint32_t memory_type);

/* Adds a region. CORRUPT: empty, not page-aligned, wraps or overlaps one that is there. TOO_LARGE:
 * the list is full. */
enum status regions_add(
    struct region_list *list, uint64_t address, uint64_t size_bytes, enum boot_region_kind kind);

/* Makes the FREE parts of [address, address + size_bytes) be of `kind`; the others stay. OK with
 * the number of bytes changed, or TOO_LARGE: the list is full and may be half changed. */
enum status regions_convert(struct region_list *list, uint64_t address, uint64_t size_bytes,
    enum boot_region_kind kind, uint64_t *changed_bytes_out);

/* Makes the FIRMWARE parts of a range be DEVICE: firmware lists the configuration space of PCI as
 * reserved, so that nothing else is put there. TOO_LARGE as above. */
enum status regions_give_device(struct region_list *list, uint64_t address, uint64_t size_bytes);

/* FIRMWARE regions that lie wholly in [address, address + size_bytes) become DEVICE: registers that
 * firmware reserves so that no system takes the addresses for anything else. */
void regions_reveal_device(struct region_list *list, uint64_t address, uint64_t size_bytes);

/* Joins neighbours of one kind. */
void regions_merge(struct region_list *list);

/* The end of the last region that the kernel may read, or 0: firmware also keeps addresses that are
 * no RAM at all, far above the last RAM. */
uint64_t regions_ram_end(const struct region_list *list);
