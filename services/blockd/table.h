/* SPDX-License-Identifier: ISC */
/* Reading the partition table from the disk. */
#pragma once

#include <lib/gpt/gpt.h>
#include <protocol/disk.h>

/*
 * Read and check the whole partition table through a buffer of our own. On failure *refusal_out
 * says what is wrong with the table; its reason is GPT_NONE if it was not reached.
 */
enum status table_read(const struct disk_describe_reply *disk, struct gpt_table *table_out,
    struct gpt_refusal *refusal_out);
