/* SPDX-License-Identifier: ISC */
/* One GPT header, decoded and checked by itself; private to this library. */
#pragma once

#include <lib/gpt/gpt.h>

struct gpt_header {
    uint64_t entries_block;
    uint64_t entries_block_count;
    uint64_t first_usable_block;
    uint64_t last_usable_block;
    struct gpt_guid disk;
    uint32_t entry_count;
    uint32_t entries_crc;
};

/* Where a copy has to be, and what disk it describes. */
struct gpt_place {
    enum gpt_copy copy;
    uint64_t own_block;
    uint64_t other_block;
    uint32_t block_bytes;
    uint64_t block_count; /* of the disk */
};

/* Checks one header's block; *header_out is untouched unless the answer is GPT_NONE. */
enum gpt_reason header_decode(
    const uint8_t *block, struct gpt_place place, struct gpt_header *header_out);
