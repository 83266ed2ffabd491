/* SPDX-License-Identifier: ISC */
/*
 * Four-level page tables (Intel SDM volume 3, 4.5), built in memory whose physical addresses are
 * the addresses that the loader sees. Pure: no firmware, no loader state.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

/* Rights of a mapping; always readable, for the supervisor only, write-back. */
enum page_rights : uint32_t {
    PAGE_READ = 0,
    PAGE_WRITE = 1,
    PAGE_EXECUTE = 2,
};

struct page_tables {
    uint64_t *top;       /* borrowed: the first of the pages below */
    uint32_t page_count; /* 4 KiB pages of memory in all */
    uint32_t used_count; /* those that are tables already */
};

struct page_mapping {
    uint64_t virtual_address;
    uint64_t physical_address;
    uint64_t size_bytes;
    uint64_t page_bytes; /* 4 KiB or 2 MiB: all of the above are multiples of it */
    enum page_rights rights;
};

/* Starts empty tables in page_count pages at `memory`, which is page-aligned. */
void page_tables_init(struct page_tables *tables, void *memory, uint32_t page_count);

/* How many pages of tables a mapping can take at most, besides the top one. */
uint64_t page_tables_needed(struct page_mapping mapping);

/* OK, or NO_MEMORY: the pages are used up. EXISTS: something is mapped there already. On failure
 * the mapping may be there in part. */
enum status page_tables_map(struct page_tables *tables, struct page_mapping mapping);
