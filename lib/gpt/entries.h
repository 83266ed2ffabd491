/* SPDX-License-Identifier: ISC */
/* The partition entries; private to this library. */
#pragma once

#include <lib/gpt/gpt.h>

/*
 * Decodes all entries into table->partitions, whose disk and usable range are filled already.
 * *number_out is the number of the entry at fault.
 */
enum gpt_reason entries_decode(
    const uint8_t *entries, uint32_t entry_count, struct gpt_table *table, uint32_t *number_out);

/* UTF-16LE on disk to UTF-8; false if a surrogate is alone, or there are control characters, or
 * anything follows the terminating zero. */
bool name_decode(
    const uint8_t units[static 2 * gpt_name_units], char text_out[static gpt_name_bytes]);
