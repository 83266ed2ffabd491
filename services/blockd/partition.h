/* SPDX-License-Identifier: ISC */
/* What a partition is, and what lies in it. Pure. */
#pragma once

#include <abi/status.h>
#include <lib/gpt/gpt.h>

#include <stddef.h>
#include <stdint.h>

/*
 * Where `block_count` blocks from `first_block` of the partition are on the disk.
 * INVALID_ARGUMENT unless there is at least one and all are in the partition.
 */
enum status partition_translate(const struct gpt_partition *partition, uint64_t first_block,
    uint32_t block_count, uint64_t *disk_block_out);

/* The partition of that name. NOT_FOUND if there is none; CORRUPT if there are several: nobody
 * could say which one is meant. An empty name is nobody's. */
enum status partition_find(const struct gpt_table *table, const char *name, uint32_t *index_out);

/* The name with zeros behind it, cut to whole characters if it is longer than size_bytes - 1. */
void partition_copy_name(const struct gpt_partition *partition, char *name_out, size_t size_bytes);
