/* SPDX-License-Identifier: ISC */
/* The partition entries (UEFI 2.10, 5.3.3), each by itself and against those before it. */
#include "entries.h"

#include <lib/base/base.h>

#include <string.h>

#include "zero.h"

/* Bits 0 to 2 are defined, 48 to 63 belong to the partition's type; the rest is reserved. */
constexpr uint64_t attributes_reserved = UINT64_C(0x0000fffffffffff8);

static enum gpt_reason entry_decode(
    const uint8_t *entry, const struct gpt_table *table, struct gpt_partition *partition);
static enum gpt_reason entry_compare(
    const struct gpt_table *table, const struct gpt_partition *partition);

enum gpt_reason entries_decode(
    const uint8_t *entries, uint32_t entry_count, struct gpt_table *table, uint32_t *number_out)
{
    for (uint32_t index = 0; index < entry_count; index++) {
        const uint8_t *entry = entries + index * gpt_entry_bytes;
        *number_out = index + 1;
        if (is_zero(entry, sizeof(struct gpt_guid))) {
            if (!is_zero(entry, gpt_entry_bytes)) {
                return GPT_ENTRY_UNUSED;
            }
            continue;
        }
        struct gpt_partition *partition = &table->partitions[table->partition_count];
        partition->number = index + 1;
        enum gpt_reason reason = entry_decode(entry, table, partition);
        reason = reason == GPT_NONE ? entry_compare(table, partition) : reason;
        if (reason != GPT_NONE) {
            return reason;
        }
        table->partition_count++;
    }
    *number_out = 0;
    return GPT_NONE;
}

static enum gpt_reason entry_decode(
    const uint8_t *entry, const struct gpt_table *table, struct gpt_partition *partition)
{
    memcpy(partition->type.bytes, entry, sizeof(partition->type.bytes));
    memcpy(partition->unique.bytes, entry + 16, sizeof(partition->unique.bytes));
    uint64_t first_block = load_le64(entry + 32);
    uint64_t last_block = load_le64(entry + 40);
    if (is_zero(partition->unique.bytes, sizeof(partition->unique.bytes))) {
        return GPT_ENTRY_GUID;
    }
    if (first_block < table->first_usable_block || last_block > table->last_usable_block ||
        first_block > last_block) {
        return GPT_ENTRY_RANGE;
    }
    partition->first_block = first_block;
    partition->block_count = last_block - first_block + 1;
    partition->attributes = load_le64(entry + 48);
    if ((partition->attributes & attributes_reserved) != 0) {
        return GPT_ENTRY_ATTRIBUTES;
    }
    return name_decode(entry + 56, partition->name) ? GPT_NONE : GPT_ENTRY_NAME;
}

/* Against every partition before it; sums cannot wrap, all lie inside the usable range. */
static enum gpt_reason entry_compare(
    const struct gpt_table *table, const struct gpt_partition *partition)
{
    for (uint32_t index = 0; index < table->partition_count; index++) {
        const struct gpt_partition *other = &table->partitions[index];
        if (memcmp(&other->unique, &partition->unique, sizeof(other->unique)) == 0) {
            return GPT_ENTRY_GUID;
        }
        if (partition->first_block < other->first_block + other->block_count &&
            other->first_block < partition->first_block + partition->block_count) {
            return GPT_ENTRY_OVERLAP;
        }
    }
    return GPT_NONE;
}
