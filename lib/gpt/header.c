/* SPDX-License-Identifier: ISC */
/* The GPT header (UEFI 2.10, 5.3.2), each copy checked by itself. */
#include "header.h"

#include <lib/base/base.h>
#include <lib/crc/crc.h>

#include <string.h>

#include "zero.h"

constexpr uint32_t revision_1_0 = 0x00010000;
constexpr uint32_t header_bytes = 92;
constexpr size_t crc_at = 16;
constexpr size_t reserved_at = 20;

static uint32_t header_crc(const uint8_t *block);
static bool usable_range_is_sound(const struct gpt_header *header, const struct gpt_place *place);
static bool entries_have_room(const struct gpt_header *header, const struct gpt_place *place);

enum gpt_reason header_decode(
    const uint8_t *block, struct gpt_place place, struct gpt_header *header_out)
{
    if (memcmp(block, "EFI PART", 8) != 0) {
        return GPT_HEADER_SIGNATURE;
    }
    if (load_le32(block + 8) != revision_1_0) {
        return GPT_HEADER_REVISION;
    }
    if (load_le32(block + 12) != header_bytes) {
        return GPT_HEADER_SIZE;
    }
    if (load_le32(block + crc_at) != header_crc(block)) {
        return GPT_HEADER_CRC;
    }
    if (load_le32(block + reserved_at) != 0 ||
        !is_zero(block + header_bytes, place.block_bytes - header_bytes)) {
        return GPT_HEADER_RESERVED;
    }
    if (load_le64(block + 24) != place.own_block) {
        return GPT_HEADER_MY_BLOCK;
    }
    if (load_le64(block + 32) != place.other_block) {
        return GPT_HEADER_OTHER_BLOCK;
    }
    if (load_le32(block + 84) != gpt_entry_bytes) {
        return GPT_HEADER_ENTRY_SIZE;
    }
    struct gpt_header header = {
        .first_usable_block = load_le64(block + 40),
        .last_usable_block = load_le64(block + 48),
        .entries_block = load_le64(block + 72),
        .entry_count = load_le32(block + 80),
        .entries_crc = load_le32(block + 88),
    };
    memcpy(header.disk.bytes, block + 56, sizeof(header.disk.bytes));
    if (header.entry_count == 0 || header.entry_count > gpt_entries_max) {
        return GPT_HEADER_ENTRY_COUNT;
    }
    header.entries_block_count =
        align_up(header.entry_count * gpt_entry_bytes, place.block_bytes) / place.block_bytes;
    if (!usable_range_is_sound(&header, &place)) {
        return GPT_HEADER_USABLE;
    }
    if (!entries_have_room(&header, &place)) {
        return GPT_HEADER_ENTRIES_BLOCK;
    }
    *header_out = header;
    return GPT_NONE;
}

/* The header's own checksum counts as zero in it. */
static uint32_t header_crc(const uint8_t *block)
{
    static const uint8_t zero[4] = {};
    uint32_t crc = crc32_update(crc32_seed, block, crc_at);
    crc = crc32_update(crc, zero, sizeof(zero));
    return ~crc32_update(crc, block + reserved_at, header_bytes - reserved_at);
}

/* Not empty, behind the primary header, before the backup header. */
static bool usable_range_is_sound(const struct gpt_header *header, const struct gpt_place *place)
{
    return header->first_usable_block > 1 &&
           header->first_usable_block <= header->last_usable_block &&
           header->last_usable_block < place->block_count - 1;
}

/*
 * The primary array lies between its header and the usable range, the backup array between the
 * usable range and its header (UEFI 5.3.1, figure 5.5). The count of blocks is 32 at most.
 */
static bool entries_have_room(const struct gpt_header *header, const struct gpt_place *place)
{
    bool primary = place->copy == GPT_COPY_PRIMARY;
    uint64_t room_first = primary ? 2 : header->last_usable_block + 1;
    uint64_t room_end = primary ? header->first_usable_block : place->own_block;
    return header->entries_block >= room_first && header->entries_block < room_end &&
           header->entries_block_count <= room_end - header->entries_block;
}
