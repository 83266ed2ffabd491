/* SPDX-License-Identifier: ISC */
/*
 * malloc and its relatives, over the one region that the system gives.
 *
 * The region is a row of blocks without gaps. Free blocks also hang in lists by size, four lists
 * for each power of two, so that a search is a look at a bitmap; a block is split if it is too
 * large and merged with free neighbours when it is freed.
 *
 * Invariants:
 *   1. `previous_units` of a block is `units` of the one before it, 0 for the first.
 *   2. Two neighbours are never both free.
 *   3. `check` of a block is its seal: a write past the end of a block breaks the seal of the next.
 *
 * A block's seal and those of its neighbours are checked whenever it is allocated, freed or
 * resized; a broken one ends the program.
 */
#include <errno.h>
#include <stdckdint.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"

constexpr size_t unit_bytes = 16;
constexpr uint32_t block_units_min = 2;
constexpr uint64_t heap_units_max = UINT32_MAX;
constexpr uint32_t bin_count = 128;

enum block_state : uint32_t {
    BLOCK_FREE = 0x65657246,
    BLOCK_USED = 0x64657355
};

struct block {
    uint32_t units; /* the header included */
    uint32_t previous_units;
    enum block_state state;
    uint32_t check;
    /* In a free block only; in one that is used, the memory starts here. */
    struct block *next; /* owned by the bin */
    struct block *previous;
};

constexpr size_t header_bytes = offsetof(struct block, next);

static_assert(header_bytes == unit_bytes);
static_assert(sizeof(struct block) == block_units_min * unit_bytes);

static struct {
    uint8_t *base; /* a null pointer before the first allocation */
    uint8_t *end;
    uint64_t bin_mask[bin_count / 64]; /* bit set: that bin is not empty */
    struct block *bins[bin_count];
} heap;

static _Noreturn void report_damage(void)
{
    static const char message[] = "malloc: the heap is damaged\n";
    (void)system_write(2, message, sizeof(message) - 1);
    system_abort();
}

/* A number that a stray write is unlikely to leave right. */
static uint32_t seal_of(const struct block *block)
{
    uint64_t mixed = (uint64_t)(uintptr_t)block * 0x9e3779b97f4a7c15U;
    mixed ^= (uint64_t)block->units << 32 | block->previous_units;
    mixed = (mixed ^ block->state) * 0xff51afd7ed558ccdU;
    return (uint32_t)(mixed >> 32);
}

static void seal(struct block *block)
{
    block->check = seal_of(block);
}

static void verify(const struct block *block, enum block_state state)
{
    if (block->check != seal_of(block) || block->state != state) {
        report_damage();
    }
}

static void *memory_of(struct block *block)
{
    return (uint8_t *)block + header_bytes;
}

static struct block *block_of(void *memory)
{
    uint8_t *at = memory;
    bool inside = at > heap.base && at < heap.end;
    if (!inside || (uintptr_t)at % unit_bytes != 0) {
        report_damage();
    }
    return (struct block *)(void *)(at - header_bytes);
}

/* The block after this one, or a null pointer. */
static struct block *block_after(const struct block *block)
{
    uint8_t *after = (uint8_t *)block + block->units * unit_bytes;
    if (after > heap.end) {
        report_damage();
    }
    return after == heap.end ? nullptr : (struct block *)(void *)after;
}

/* The block before this one, or a null pointer. */
static struct block *block_before(const struct block *block)
{
    if (block->previous_units == 0) {
        return nullptr;
    }
    return (struct block *)(void *)((uint8_t *)block - block->previous_units * unit_bytes);
}

/* Set the size of a block, and what its neighbour knows about it. */
static void set_units(struct block *block, uint32_t units)
{
    block->units = units;
    seal(block);
    struct block *after = block_after(block);
    if (after != nullptr) {
        after->previous_units = units;
        seal(after);
    }
}

static uint32_t log2_of(uint32_t units)
{
    return 31U - (uint32_t)__builtin_clz(units);
}

/* Blocks in one bin differ by less than a quarter of their size. */
static uint32_t bin_of(uint32_t units)
{
    uint32_t exponent = log2_of(units);
    return exponent < 2 ? units : exponent * 4 + (units >> (exponent - 2) & 3);
}

static void remove_free(struct block *block)
{
    uint32_t bin = bin_of(block->units);
    if (block->next != nullptr) {
        verify(block->next, BLOCK_FREE);
        block->next->previous = block->previous;
    }
    if (block->previous != nullptr) {
        verify(block->previous, BLOCK_FREE);
        block->previous->next = block->next;
    } else {
        heap.bins[bin] = block->next;
        if (block->next == nullptr) {
            heap.bin_mask[bin / 64] &= ~(1ULL << bin % 64);
        }
    }
}

static void insert_free(struct block *block)
{
    uint32_t bin = bin_of(block->units);
    block->state = BLOCK_FREE;
    block->previous = nullptr;
    block->next = heap.bins[bin];
    if (block->next != nullptr) {
        block->next->previous = block;
    }
    heap.bins[bin] = block;
    heap.bin_mask[bin / 64] |= 1ULL << bin % 64;
    seal(block);
}

static void heap_start(void)
{
    void *base = nullptr;
    size_t bytes = 0;
    system_heap(&base, &bytes);
    uint64_t units = bytes / unit_bytes;
    if ((uintptr_t)base % unit_bytes != 0 || units < block_units_min || units > heap_units_max) {
        report_damage();
    }
    heap.base = base;
    heap.end = heap.base + units * unit_bytes;
    struct block *whole = base;
    *whole = (struct block){.units = (uint32_t)units};
    insert_free(whole);
}

/* The units that a request needs, 0 if no heap could be so large. */
static uint32_t units_for(size_t bytes)
{
    size_t whole_bytes;
    if (ckd_add(&whole_bytes, bytes, header_bytes + unit_bytes - 1) ||
        whole_bytes / unit_bytes > heap_units_max) {
        return 0;
    }
    uint32_t units = (uint32_t)(whole_bytes / unit_bytes);
    return units < block_units_min ? block_units_min : units;
}

/* The first bin from `bin` on that is not empty, or bin_count. */
static uint32_t find_bin(uint32_t bin)
{
    for (uint32_t word = bin / 64; word < bin_count / 64; word++) {
        uint64_t mask = heap.bin_mask[word];
        if (word == bin / 64) {
            mask &= ~0ULL << bin % 64;
        }
        if (mask != 0) {
            return word * 64 + (uint32_t)__builtin_ctzll(mask);
        }
    }
    return bin_count;
}

/* A free block of at least `units`, or a null pointer. */
static struct block *find_free(uint32_t units)
{
    /* In the bins above the one for this size every block is large enough. */
    uint32_t own_bin = bin_of(units);
    uint32_t bin = find_bin(own_bin + 1);
    struct block *own = heap.bins[own_bin];
    if (own != nullptr && (own->units >= units || bin == bin_count)) {
        while (own != nullptr && own->units < units) {
            own = own->next;
        }
        if (own != nullptr) {
            return own;
        }
    }
    return bin == bin_count ? nullptr : heap.bins[bin];
}

/* Cut a used block down to `units`; what remains becomes free. */
static void trim(struct block *block, uint32_t units)
{
    uint32_t rest_units = block->units - units;
    if (rest_units < block_units_min) {
        return;
    }
    struct block *rest = (struct block *)(void *)((uint8_t *)block + units * unit_bytes);
    struct block *after = block_after(block);
    *rest = (struct block){.previous_units = units};
    if (after != nullptr && after->state == BLOCK_FREE) {
        verify(after, BLOCK_FREE);
        remove_free(after);
        rest_units += after->units;
    }
    block->units = units;
    seal(block);
    rest->state = BLOCK_FREE;
    set_units(rest, rest_units);
    insert_free(rest);
}

static void *allocate(size_t bytes)
{
    if (heap.base == nullptr) {
        heap_start();
    }
    uint32_t units = units_for(bytes);
    struct block *block = units == 0 ? nullptr : find_free(units);
    if (block == nullptr) {
        errno = ENOMEM;
        return nullptr;
    }
    verify(block, BLOCK_FREE);
    remove_free(block);
    block->state = BLOCK_USED;
    seal(block);
    trim(block, units);
    return memory_of(block);
}

void *malloc(size_t bytes)
{
    return allocate(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    size_t all_bytes;
    if (ckd_mul(&all_bytes, count, bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    void *memory = allocate(all_bytes);
    return memory == nullptr ? nullptr : memset(memory, 0, all_bytes);
}

void free(void *memory)
{
    if (memory == nullptr) {
        return;
    }
    struct block *block = block_of(memory);
    verify(block, BLOCK_USED);
    struct block *after = block_after(block);
    struct block *before = block_before(block);
    uint32_t units = block->units;
    if (after != nullptr) {
        verify(after, after->state);
        if (after->state == BLOCK_FREE) {
            remove_free(after);
            units += after->units;
        }
    }
    if (before != nullptr) {
        verify(before, before->state);
        if (before->state == BLOCK_FREE) {
            /* A second free() of the memory must find no block that is in use. */
            block->state = BLOCK_FREE;
            block->check = ~seal_of(block);
            remove_free(before);
            units += before->units;
            block = before;
        }
    }
    set_units(block, units);
    insert_free(block);
}

/* Let a used block take in the free one after it; what is too much is given back by trim(). */
static bool grow_in_place(struct block *block, uint32_t units)
{
    struct block *after = block_after(block);
    if (after == nullptr || after->state != BLOCK_FREE) {
        return false;
    }
    verify(after, BLOCK_FREE);
    if (block->units + after->units < units) {
        return false;
    }
    remove_free(after);
    set_units(block, block->units + after->units);
    return true;
}

void *realloc(void *memory, size_t bytes)
{
    if (memory == nullptr) {
        return malloc(bytes);
    }
    struct block *block = block_of(memory);
    verify(block, BLOCK_USED);
    uint32_t units = units_for(bytes);
    if (units == 0) {
        errno = ENOMEM;
        return nullptr;
    }
    if (units <= block->units || grow_in_place(block, units)) {
        trim(block, units);
        return memory;
    }
    void *moved = allocate(bytes);
    if (moved != nullptr) {
        memcpy(moved, memory, block->units * unit_bytes - header_bytes);
        free(memory);
    }
    return moved;
}

void *reallocarray(void *memory, size_t count, size_t bytes)
{
    size_t all_bytes;
    if (ckd_mul(&all_bytes, count, bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    return realloc(memory, all_bytes);
}

/* Split a used block so that its second part has its memory at `aligned`; free the first part. */
static void *split_at(struct block *block, uint8_t *aligned)
{
    struct block *second = (struct block *)(void *)(aligned - header_bytes);
    uint32_t first_units = (uint32_t)((size_t)((uint8_t *)second - (uint8_t *)block) / unit_bytes);
    uint32_t second_units = block->units - first_units;
    block->units = first_units;
    seal(block);
    second->previous_units = first_units;
    second->state = BLOCK_USED;
    set_units(second, second_units);
    free(memory_of(block));
    return aligned;
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        errno = EINVAL;
        return nullptr;
    }
    if (alignment <= unit_bytes) {
        return allocate(bytes);
    }
    size_t all_bytes;
    /* Room to move up to the alignment with a whole block left in front. */
    if (ckd_add(&all_bytes, bytes, alignment) ||
        ckd_add(&all_bytes, all_bytes, block_units_min * unit_bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    uint8_t *memory = allocate(all_bytes);
    if (memory == nullptr) {
        return nullptr;
    }
    uint8_t *aligned = memory;
    if ((uintptr_t)memory % alignment != 0) {
        uintptr_t first = (uintptr_t)memory + block_units_min * unit_bytes;
        aligned = memory + ((first + alignment - 1) / alignment * alignment - (uintptr_t)memory);
        (void)split_at(block_of(memory), aligned);
    }
    trim(block_of(aligned), units_for(bytes));
    return aligned;
}

int posix_memalign(void **memory_out, size_t alignment, size_t bytes)
{
    if (alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    int saved = errno;
    void *memory = aligned_alloc(alignment, bytes);
    int error = errno;
    errno = saved;
    if (memory == nullptr) {
        return error;
    }
    *memory_out = memory;
    return 0;
}
