/* SPDX-License-Identifier: ISC */
/*
 * The input is a list of changes (place, value) to a sound disk's table; an odd first byte makes
 * the checksums right afterwards, which lets the fuzzer behind them. Whatever is accepted must keep
 * every promise of gpt.h.
 */
#include <lib/gpt/gpt.h>

#include "../test/disk_builder.h"

constexpr uint64_t disk_blocks = 200;

static void promise(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

static void table_check(const struct gpt_table *table)
{
    char text[gpt_guid_text_bytes];
    gpt_guid_text(table->disk, text);
    promise(memchr(text, '\0', sizeof(text)) == text + sizeof(text) - 1);
    promise(table->partition_count <= gpt_entries_max);
    promise(table->first_usable_block > 1 && table->last_usable_block < disk_blocks - 1);
    for (uint32_t index = 0; index < table->partition_count; index++) {
        const struct gpt_partition *one = &table->partitions[index];
        promise(one->number >= 1 && one->number <= gpt_entries_max && one->block_count > 0);
        promise(one->first_block >= table->first_usable_block);
        promise(one->first_block + one->block_count - 1 <= table->last_usable_block);
        promise(memchr(one->name, '\0', sizeof(one->name)) != nullptr);
        for (uint32_t before = 0; before < index; before++) {
            const struct gpt_partition *other = &table->partitions[before];
            promise(other->number < one->number);
            promise(other->first_block + other->block_count <= one->first_block ||
                    one->first_block + one->block_count <= other->first_block);
            promise(memcmp(&other->unique, &one->unique, sizeof(one->unique)) != 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static struct disk base;
    static struct disk disk;
    static struct gpt_workspace workspace;
    static struct gpt_table table;
    if (size_bytes == 0) {
        return 0;
    }
    if (base.block_count == 0) {
        disk_make(&base, 512, disk_blocks);
        disk = base;
    }
    memcpy(disk.bytes, base.bytes, disk_blocks * 512);
    struct reader reader = reader_init(bytes + 1, size_bytes - 1);
    while (reader.left_bytes >= 3) {
        uint16_t place = reader_le16(&reader);
        uint8_t value = reader_u8(&reader);
        size_t offset = place % (34 * 512);
        disk.bytes[place >= 0x8000 ? disk_blocks * 512 - 1 - offset : offset] = value;
        /* Entries go to both arrays, or the arrays would nearly always differ. */
        if (place < 0x8000 && offset >= 1024 && bytes[0] % 4 == 1) {
            disk_entries(&disk, GPT_COPY_BACKUP)[offset - 1024] = value;
        }
    }
    if (bytes[0] % 2 == 1) {
        disk_sum(&disk);
    }
    struct gpt_source source = disk_source(&disk);
    struct gpt_refusal refusal = {};
    enum status status = gpt_read(&source, &workspace, &table, &refusal);
    promise((status == STATUS_OK) == (refusal.reason == GPT_NONE));
    promise(refusal.reason != GPT_READ);
    if (status == STATUS_OK) {
        table_check(&table);
    } else {
        promise(table.partition_count == 0);
    }
    return 0;
}
