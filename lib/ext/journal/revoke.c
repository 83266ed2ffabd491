/* SPDX-License-Identifier: ISC */
/*
 * Revoked blocks. The table is never more than 7/8 full, so that a search ends soon.
 */
#include "journal.h"

#include <string.h>

void journal_revocations_reset(struct journal_revocations *table, uint64_t first, uint64_t end)
{
    memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    table->used_count = 0;
    table->first = first;
    table->end = end;
}

/* The slot of a block, or the free one where it would be put. */
static struct journal_revocation *find(
    const struct journal_revocations *table, uint64_t volume_block)
{
    uint64_t mixed = (volume_block * 0x9e3779b97f4a7c15) >> 32;
    uint32_t index = (uint32_t)((mixed * table->slot_count) >> 32);
    while (table->slots[index].block_after != 0 &&
           table->slots[index].block_after != volume_block + 1) {
        index = index + 1 == table->slot_count ? 0 : index + 1;
    }
    return &table->slots[index];
}

static bool in_range(const struct journal_revocations *table, uint64_t volume_block)
{
    return volume_block >= table->first && volume_block < table->end;
}

bool journal_revocations_add(
    struct journal_revocations *table, uint64_t volume_block, uint32_t sequence)
{
    if (!in_range(table, volume_block)) {
        return true;
    }
    struct journal_revocation *slot = find(table, volume_block);
    if (slot->block_after != 0) {
        if (ext_journal_later(sequence, slot->sequence)) {
            slot->sequence = sequence;
        }
        return true;
    }
    if (table->used_count >= table->slot_count - table->slot_count / 8 - 1) {
        return false;
    }
    *slot = (struct journal_revocation){.block_after = volume_block + 1, .sequence = sequence};
    table->used_count++;
    return true;
}

bool journal_revocations_forbid(
    const struct journal_revocations *table, uint64_t volume_block, uint32_t sequence)
{
    const struct journal_revocation *slot = find(table, volume_block);
    return slot->block_after != 0 && !ext_journal_later(sequence, slot->sequence);
}
