/* SPDX-License-Identifier: ISC */
/* Builds small GPT disks in memory and repairs their checksums, for the test and the fuzz target.
 */
#pragma once

#include <lib/base/base.h>
#include <lib/crc/crc.h>
#include <lib/gpt/gpt.h>

#include <string.h>

constexpr size_t disk_bytes_max = 512 * 1024;
constexpr size_t array_bytes = gpt_entries_max * gpt_entry_bytes;

struct disk {
    uint32_t block_bytes;
    uint64_t block_count;
    uint32_t read_count;
    uint32_t read_count_max; /* further reads fail; 0: no limit */
    uint8_t bytes[disk_bytes_max];
};

static inline enum status disk_read(
    void *context, uint64_t first_block, uint32_t block_count, void *bytes_out)
{
    struct disk *disk = context;
    disk->read_count++;
    if (disk->read_count_max != 0 && disk->read_count > disk->read_count_max) {
        return STATUS_PEER_LOST;
    }
    if (first_block > disk->block_count || block_count > disk->block_count - first_block) {
        return STATUS_INVALID_ARGUMENT;
    }
    memcpy(bytes_out, disk->bytes + first_block * disk->block_bytes,
        (size_t)block_count * disk->block_bytes);
    return STATUS_OK;
}

static inline uint8_t *disk_header(struct disk *disk, enum gpt_copy copy)
{
    uint64_t block = copy == GPT_COPY_PRIMARY ? 1 : disk->block_count - 1;
    return disk->bytes + block * disk->block_bytes;
}

static inline uint8_t *disk_entries(struct disk *disk, enum gpt_copy copy)
{
    uint64_t blocks = array_bytes / disk->block_bytes;
    uint64_t block = copy == GPT_COPY_PRIMARY ? 2 : disk->block_count - 1 - blocks;
    return disk->bytes + block * disk->block_bytes;
}

static inline void disk_sum_header(struct disk *disk, enum gpt_copy copy)
{
    uint8_t *header = disk_header(disk, copy);
    store_le32(header + 16, 0);
    store_le32(header + 16, crc32(header, 92));
}

/* Makes array and header checksums of both copies right, whatever the fields now say. */
static inline void disk_sum(struct disk *disk)
{
    for (enum gpt_copy copy = GPT_COPY_PRIMARY; copy <= GPT_COPY_BACKUP; copy++) {
        uint8_t *header = disk_header(disk, copy);
        uint32_t count = load_le32(header + 80);
        count = count <= gpt_entries_max ? count : gpt_entries_max;
        store_le32(header + 88, crc32(disk_entries(disk, copy), count * gpt_entry_bytes));
        disk_sum_header(disk, copy);
    }
}

static inline void disk_put_header(struct disk *disk, enum gpt_copy copy)
{
    const uint64_t last_block = disk->block_count - 1;
    const uint64_t blocks = array_bytes / disk->block_bytes;
    const bool primary = copy == GPT_COPY_PRIMARY;
    uint8_t *header = disk_header(disk, copy);
    memcpy(header, "EFI PART", 8);
    store_le32(header + 8, 0x00010000);
    store_le32(header + 12, 92);
    store_le64(header + 24, primary ? 1 : last_block);
    store_le64(header + 32, primary ? last_block : 1);
    store_le64(header + 40, 2 + blocks);
    store_le64(header + 48, last_block - blocks - 1);
    memset(header + 56, 0xd1, 16);
    store_le64(header + 72, primary ? 2 : last_block - blocks);
    store_le32(header + 80, gpt_entries_max);
    store_le32(header + 84, gpt_entry_bytes);
}

/* In both arrays; the name is ASCII. */
static inline void disk_put_entry(
    struct disk *disk, uint32_t number, uint64_t first_block, uint64_t last_block, const char *name)
{
    for (enum gpt_copy copy = GPT_COPY_PRIMARY; copy <= GPT_COPY_BACKUP; copy++) {
        uint8_t *entry = disk_entries(disk, copy) + (number - 1) * gpt_entry_bytes;
        memset(entry, 0x7e, 16);
        memset(entry + 16, (uint8_t)number, 16);
        store_le64(entry + 32, first_block);
        store_le64(entry + 40, last_block);
        for (size_t index = 0; name[index] != '\0'; index++) {
            entry[56 + 2 * index] = (uint8_t)name[index];
        }
    }
}

/* A sound disk with partitions 1 (40 to 49), 2 (50 to 59) and 5 (60 to 60). */
static inline void disk_make(struct disk *disk, uint32_t block_bytes, uint64_t block_count)
{
    memset(disk, 0, sizeof(*disk));
    disk->block_bytes = block_bytes;
    disk->block_count = block_count;
    uint8_t *mbr_entry = disk->bytes + 446;
    mbr_entry[2] = 2;
    mbr_entry[4] = 0xee;
    store_le32(mbr_entry + 8, 1);
    store_le32(mbr_entry + 12, (uint32_t)(block_count - 1));
    store_le16(disk->bytes + 510, 0xaa55);
    disk_put_header(disk, GPT_COPY_PRIMARY);
    disk_put_header(disk, GPT_COPY_BACKUP);
    disk_put_entry(disk, 1, 40, 49, "erix-esp");
    disk_put_entry(disk, 2, 50, 59, "erix-data");
    disk_put_entry(disk, 5, 60, 60, "");
    disk_sum(disk);
}

static inline struct gpt_source disk_source(struct disk *disk)
{
    return (struct gpt_source){
        .context = disk,
        .block_bytes = disk->block_bytes,
        .block_count = disk->block_count,
        .read = disk_read,
    };
}
