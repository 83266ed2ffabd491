/* SPDX-License-Identifier: ISC */
/* Bounds and names of partitions. */
#include "partition.h"

#include <string.h>

enum status partition_translate(const struct gpt_partition *partition, uint64_t first_block,
    uint32_t block_count, uint64_t *disk_block_out)
{
    if (block_count == 0 || first_block >= partition->block_count ||
        block_count > partition->block_count - first_block) {
        return STATUS_INVALID_ARGUMENT;
    }
    *disk_block_out = partition->first_block + first_block; /* its end is on the disk: gpt_read */
    return STATUS_OK;
}

enum status partition_find(const struct gpt_table *table, const char *name, uint32_t *index_out)
{
    uint32_t found_count = 0;
    uint32_t found = 0;
    for (uint32_t i = 0; i < table->partition_count; i++) {
        if (name[0] != '\0' && strcmp(table->partitions[i].name, name) == 0) {
            found = i;
            found_count++;
        }
    }
    if (found_count != 1) {
        return found_count == 0 ? STATUS_NOT_FOUND : STATUS_CORRUPT;
    }
    *index_out = found;
    return STATUS_OK;
}

/* Whether a byte of UTF-8 continues a character. */
static bool continues(char byte)
{
    return ((uint8_t)byte & 0xc0) == 0x80;
}

void partition_copy_name(const struct gpt_partition *partition, char *name_out, size_t size_bytes)
{
    size_t length = strlen(partition->name);
    if (length > size_bytes - 1) {
        length = size_bytes - 1;
        while (length > 0 && continues(partition->name[length])) {
            length--;
        }
    }
    memset(name_out, 0, size_bytes);
    memcpy(name_out, partition->name, length);
}
