/* SPDX-License-Identifier: ISC */
/* Segments are cut into naturally aligned powers of two; no two segments share a page. */
#include <userlib/program_image.h>

#include <abi/object.h>
#include <lib/base/base.h>

#include <string.h>

static uint16_t rights_of(const struct elf_segment *segment)
{
    uint16_t rights = RIGHT_READ;
    rights |= segment->writable ? RIGHT_WRITE : 0;
    rights |= segment->executable ? RIGHT_EXECUTE : 0;
    return rights;
}

/* The largest frame that starts at `address` and ends by `end`; both are page-aligned. */
static uint32_t largest_bits(uint64_t address, uint64_t end)
{
    const uint32_t by_alignment = (uint32_t)__builtin_ctzll(address);
    const uint32_t by_size = log2_floor(end - address);
    const uint32_t bits = by_alignment < by_size ? by_alignment : by_size;
    return bits < frame_bits_max ? bits : frame_bits_max;
}

static enum status plan_segment(const struct elf_segment *segment, struct image_pieces *pieces)
{
    uint64_t at = align_down(segment->address, elf_page_bytes);
    const uint64_t end = align_up(segment->address + segment->memory_bytes, elf_page_bytes);
    while (at < end) {
        if (pieces->count == image_pieces_max) {
            return STATUS_TOO_LARGE;
        }
        const uint32_t bits = largest_bits(at, end);
        pieces->pieces[pieces->count++] =
            (struct image_piece){.address = at, .bits = bits, .rights = rights_of(segment)};
        at += UINT64_C(1) << bits;
    }
    return STATUS_OK;
}

enum status image_pieces_plan(const struct elf_plan *plan, struct image_pieces *pieces_out)
{
    pieces_out->count = 0;
    for (uint32_t index = 0; index < plan->segment_count; index++) {
        const enum status status = plan_segment(&plan->segments[index], pieces_out);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* The part of a segment's file bytes that lies in a piece, as addresses; empty if first >= end. */
struct overlap {
    uint64_t first;
    uint64_t end;
};

static struct overlap find_overlap(
    const struct elf_segment *segment, const struct image_piece *piece)
{
    const uint64_t piece_end = piece->address + (UINT64_C(1) << piece->bits);
    const uint64_t file_end = segment->address + segment->file_bytes;
    return (struct overlap){
        .first = segment->address > piece->address ? segment->address : piece->address,
        .end = file_end < piece_end ? file_end : piece_end,
    };
}

bool image_piece_has_bytes(const struct elf_plan *plan, const struct image_piece *piece)
{
    for (uint32_t index = 0; index < plan->segment_count; index++) {
        const struct overlap overlap = find_overlap(&plan->segments[index], piece);
        if (overlap.first < overlap.end) {
            return true;
        }
    }
    return false;
}

void image_piece_fill(const struct elf_plan *plan, const uint8_t *file,
    const struct image_piece *piece, uint8_t *memory)
{
    for (uint32_t index = 0; index < plan->segment_count; index++) {
        const struct elf_segment *segment = &plan->segments[index];
        const struct overlap overlap = find_overlap(segment, piece);
        if (overlap.first < overlap.end) {
            memcpy(memory + (overlap.first - piece->address),
                file + segment->file_offset + (overlap.first - segment->address),
                overlap.end - overlap.first);
        }
    }
}
