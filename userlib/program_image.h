/* SPDX-License-Identifier: ISC */
/*
 * From the load plan of an ELF file to frames: how many of which size go where, and what goes into
 * each. For launchers. Pure: the caller makes and maps the frames.
 */
#pragma once

#include <lib/elf/elf.h>

constexpr uint32_t image_pieces_max = 96;

/* One frame: [address, address + 2^bits), aligned to its size. */
struct image_piece {
    uint64_t address;
    uint32_t bits;
    uint16_t rights; /* to map it with; never writable and executable */
};

struct image_pieces {
    uint32_t count;
    struct image_piece pieces[image_pieces_max];
};

/* The largest frames that fit, for every page of every segment. TOO_LARGE: more than
 * image_pieces_max. */
enum status image_pieces_plan(const struct elf_plan *plan, struct image_pieces *pieces_out);

/* Whether any byte of the file goes into the piece; the rest is zero. */
bool image_piece_has_bytes(const struct elf_plan *plan, const struct image_piece *piece);

/* Copies what the file (that the plan was made of) has for the piece to its zeroed memory. */
void image_piece_fill(const struct elf_plan *plan, const uint8_t *file,
    const struct image_piece *piece, uint8_t *memory);
