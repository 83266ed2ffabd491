/* SPDX-License-Identifier: ISC */
/* Entries of page tables and the levels that they stand on (Intel SDM volume 3, 4.5). */
#pragma once

#include <stdint.h>

constexpr uint64_t entry_present = 1 << 0;
constexpr uint64_t entry_writable = 1 << 1;
constexpr uint64_t entry_user = 1 << 2;
constexpr uint64_t entry_write_through = 1 << 3; /* alone: write-combining, by our PAT */
constexpr uint64_t entry_no_cache = 1 << 4;      /* with the one above: uncached */
constexpr uint64_t entry_large = 1 << 7;
constexpr uint64_t entry_global = 1 << 8;
constexpr uint64_t entry_permanent = 1 << 10; /* ours: made at boot, without a capability */
constexpr uint64_t entry_no_execute = UINT64_C(1) << 63;
constexpr uint64_t entry_address_mask = UINT64_C(0x000ffffffffff000);

/* An entry on a level maps or leads to 2^bits bytes. */
constexpr uint32_t small_page_bits = 12;
constexpr uint32_t large_page_bits = 21;
constexpr uint32_t huge_page_bits = 30;
constexpr uint32_t top_entry_bits = 39;
constexpr uint32_t index_bits = 9;
constexpr uint32_t table_entries = 512;
