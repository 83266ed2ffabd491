/* SPDX-License-Identifier: ISC */
/*
 * Good transfers. The requests of protocols disk and block have the same segments, so they are made
 * here once: as many as fit, each of one block into a place of its own in verify_page()'s buffer.
 */
#pragma once

#include <stdint.h>

constexpr uint32_t transfer_segments = 24;

struct transfer_segment {
    uint64_t first_block;
    uint32_t buffer;
    uint32_t offset_bytes;
    uint32_t block_count;
    uint8_t reserved[4];
};

/* Fill `segments`, all of the first block: a write of what was just read changes nothing. */
void transfer_fill(void *segments, uint32_t buffer, uint64_t first_block);
