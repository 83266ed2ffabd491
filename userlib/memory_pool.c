/* SPDX-License-Identifier: ISC */
/*
 * Pools.
 *
 * Invariants:
 *   1. next_slots links the slots of each pool from its first_slot on; the list ends with
 * slot_null.
 *   2. The untyped capabilities of a pool's blocks are in its list too.
 */
#include <userlib/memory_pool.h>

#include <userlib/assert.h>
#include <userlib/slots.h>

constexpr uint32_t slots_max = 1 << 13; /* the largest space that a manifest can ask for */

static uint16_t next_slots[slots_max];

static void link_slot(struct memory_pool *pool, cap_slot slot)
{
    assert(slot < slots_max);
    next_slots[slot] = (uint16_t)pool->first_slot;
    pool->first_slot = slot;
}

/* A block that holds at least one object of 2^bits bytes; each is twice as large as the one before.
 */
static enum status grow(struct memory_pool *pool, uint32_t bits)
{
    if (pool->block_count == memory_pool_blocks_max) {
        return STATUS_NO_MEMORY;
    }
    uint32_t block_bits = pool->first_bits + pool->block_count;
    block_bits =
        block_bits > memory_pool_growth_bits_max ? memory_pool_growth_bits_max : block_bits;
    block_bits = block_bits < bits ? bits : block_bits;
    struct memory_allocate_reply reply = {};
    struct untyped_cap memory = {};
    const enum status status = memory_allocate(
        pool->memory, &(struct memory_allocate_request){.bits = block_bits}, &reply, &memory);
    if (status != STATUS_OK) {
        return status;
    }
    pool->blocks[pool->block_count++] = reply.block;
    pool->size_bytes += UINT64_C(1) << block_bits;
    pool->newest = memory;
    link_slot(pool, memory.slot);
    return STATUS_OK;
}

static enum status make_from_newest(
    struct memory_pool *pool, enum object_kind kind, uint32_t bits, cap_slot slot)
{
    if (pool->newest.slot == slot_null) {
        return STATUS_NO_MEMORY;
    }
    return untyped_retype(pool->newest, &(struct untyped_retype){.kind = kind,
                                            .bits = bits,
                                            .count = 1,
                                            .cspace = SLOT_SELF_CSPACE,
                                            .first_slot = slot});
}

enum status memory_pool_make(
    struct memory_pool *pool, enum object_kind kind, uint32_t bits, cap_slot *slot_out)
{
    assert(kind == OBJECT_FRAME || kind == OBJECT_PAGE_TABLE);
    cap_slot slot = slot_null;
    enum status status = slots_take(&slot);
    if (status != STATUS_OK) {
        return status;
    }
    status = make_from_newest(pool, kind, bits, slot);
    if (status == STATUS_NO_MEMORY) {
        status = grow(pool, kind == OBJECT_FRAME ? bits : page_bits);
        if (status == STATUS_OK) {
            status = make_from_newest(pool, kind, bits, slot);
        }
    }
    if (status != STATUS_OK) {
        slots_give(slot);
        return status;
    }
    link_slot(pool, slot);
    *slot_out = slot;
    return STATUS_OK;
}

void memory_pool_release(struct memory_pool *pool)
{
    for (uint32_t index = 0; index < pool->block_count; index++) {
        const enum status status =
            memory_free(pool->memory, &(struct memory_free_request){.block = pool->blocks[index]});
        assert(status == STATUS_OK);
    }
    cap_slot slot = pool->first_slot;
    while (slot != slot_null) {
        const cap_slot next = next_slots[slot];
        slots_give(slot); /* empty: its memory is gone */
        slot = next;
    }
    *pool = (struct memory_pool){.memory = pool->memory, .first_bits = pool->first_bits};
}

static enum status take_table(void *self, struct page_table_cap *table_out)
{
    return memory_pool_make(self, OBJECT_PAGE_TABLE, 0, &table_out->slot);
}

struct table_source memory_pool_tables(struct memory_pool *pool)
{
    return (struct table_source){.self = pool, .take = take_table};
}
