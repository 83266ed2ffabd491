/* SPDX-License-Identifier: ISC */
/* Implements paging.h. */
#include "paging.h"

#include <string.h>

constexpr uint64_t entry_present = UINT64_C(1) << 0;
constexpr uint64_t entry_writable = UINT64_C(1) << 1;
constexpr uint64_t entry_large = UINT64_C(1) << 7;
constexpr uint64_t entry_no_execute = UINT64_C(1) << 63;
constexpr uint64_t entry_address_mask = UINT64_C(0x000ffffffffff000);

constexpr uint32_t table_entries = 512;
constexpr uint64_t table_bytes = 4096;
constexpr uint32_t small_page_shift = 12;
constexpr uint32_t large_page_shift = 21;
constexpr uint32_t top_shift = 39;
constexpr uint32_t level_bits = 9;

static uint64_t *table_below(struct page_tables *tables, uint64_t *entry);
static uint64_t *entry_find(
    struct page_tables *tables, uint64_t virtual_address, uint32_t leaf_shift);
static uint64_t entry_flags(struct page_mapping mapping);

void page_tables_init(struct page_tables *tables, void *memory, uint32_t page_count)
{
    memset(memory, 0, page_count * table_bytes);
    *tables = (struct page_tables){.top = memory, .page_count = page_count, .used_count = 1};
}

uint64_t page_tables_needed(struct page_mapping mapping)
{
    uint64_t first = mapping.virtual_address;
    uint64_t last = first + mapping.size_bytes - 1;
    uint32_t leaf_shift =
        mapping.page_bytes >> large_page_shift != 0 ? large_page_shift : small_page_shift;
    uint64_t count = 0;
    for (uint32_t shift = leaf_shift + level_bits; shift <= top_shift; shift += level_bits) {
        count += (last >> shift) - (first >> shift) + 1;
    }
    return count;
}

enum status page_tables_map(struct page_tables *tables, struct page_mapping mapping)
{
    uint32_t leaf_shift =
        mapping.page_bytes >> large_page_shift != 0 ? large_page_shift : small_page_shift;
    uint64_t flags = entry_flags(mapping);
    for (uint64_t offset = 0; offset < mapping.size_bytes; offset += mapping.page_bytes) {
        uint64_t *entry = entry_find(tables, mapping.virtual_address + offset, leaf_shift);
        if (entry == nullptr) {
            return STATUS_NO_MEMORY;
        }
        if (*entry != 0) {
            return STATUS_EXISTS;
        }
        *entry = (mapping.physical_address + offset) | flags;
    }
    return STATUS_OK;
}

/* The entry of the level `leaf_shift` for an address, with the tables above it; nullptr if there is
 * no page left for one, or a larger page is in the way. */
static uint64_t *entry_find(
    struct page_tables *tables, uint64_t virtual_address, uint32_t leaf_shift)
{
    uint64_t *table = tables->top;
    for (uint32_t shift = top_shift; shift > leaf_shift; shift -= level_bits) {
        table = table_below(tables, &table[(virtual_address >> shift) % table_entries]);
        if (table == nullptr) {
            return nullptr;
        }
    }
    return &table[(virtual_address >> leaf_shift) % table_entries];
}

/* Tables allow everything: the rights stand in the last entry. */
static uint64_t *table_below(struct page_tables *tables, uint64_t *entry)
{
    if ((*entry & entry_large) != 0) {
        return nullptr;
    }
    if ((*entry & entry_present) == 0) {
        if (tables->used_count == tables->page_count) {
            return nullptr;
        }
        uint64_t address = (uint64_t)(uintptr_t)tables->top + tables->used_count * table_bytes;
        tables->used_count++;
        *entry = address | entry_present | entry_writable;
    }
    return (uint64_t *)(uintptr_t)(*entry & entry_address_mask);
}

static uint64_t entry_flags(struct page_mapping mapping)
{
    uint64_t flags = entry_present;
    flags |= (mapping.rights & PAGE_WRITE) != 0 ? entry_writable : 0;
    flags |= (mapping.rights & PAGE_EXECUTE) != 0 ? 0 : entry_no_execute;
    flags |= mapping.page_bytes >> large_page_shift != 0 ? entry_large : 0;
    return flags;
}
