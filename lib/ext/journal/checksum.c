/* SPDX-License-Identifier: ISC */
/*
 * Checksums of the journal. Those of v2 and v3 are CRC-32C, seeded with the journal's UUID; a field
 * counts as zero among the bytes that it covers. The legacy one is a CRC-32 that takes the bits of
 * a byte from the top down, the other way round than lib/crc.
 */
#include <lib/crc/crc.h>

#include "journal.h"

static uint32_t checksum_around(
    uint32_t seed, const uint8_t *bytes, size_t checksum_at, size_t size_bytes)
{
    static const uint8_t zero[4] = {};
    size_t after = checksum_at + sizeof zero;
    uint32_t checksum = crc32c_update(seed, bytes, checksum_at);
    checksum = crc32c_update(checksum, zero, sizeof zero);
    return crc32c_update(checksum, bytes + after, size_bytes - after);
}

uint32_t ext_journal_superblock_checksum(const uint8_t *superblock)
{
    return checksum_around(
        crc32c_seed, superblock, journal_superblock_checksum, journal_superblock_bytes);
}

uint32_t ext_journal_block_checksum(
    const struct ext_journal *journal, const uint8_t *block, size_t checksum_at)
{
    return checksum_around(journal->checksum_seed, block, checksum_at, journal->block_bytes);
}

uint32_t ext_journal_tag_checksum(
    const struct ext_journal *journal, uint32_t sequence, const uint8_t *block)
{
    uint8_t number[4];
    store_be32(number, sequence);
    uint32_t checksum = crc32c_update(journal->checksum_seed, number, sizeof number);
    checksum = crc32c_update(checksum, block, journal->block_bytes);
    return ext_journal_has(journal, journal_incompat_checksum_v3) ? checksum : (uint16_t)checksum;
}

static uint8_t reverse_bits(uint8_t byte)
{
    uint32_t bits = byte;
    bits = (bits & 0x55) << 1 | (bits >> 1 & 0x55);
    bits = (bits & 0x33) << 2 | (bits >> 2 & 0x33);
    return (uint8_t)(bits << 4 | bits >> 4);
}

static uint32_t reverse_word(uint32_t word)
{
    uint8_t bytes[4];
    store_le32(bytes, word);
    for (uint32_t index = 0; index < sizeof bytes; index++) {
        bytes[index] = reverse_bits(bytes[index]);
    }
    return load_be32(bytes);
}

/* The same polynomial on reversed bits: lib/crc does the work between two reversals. */
uint32_t ext_journal_legacy_update(uint32_t checksum, const uint8_t *bytes, size_t size_bytes)
{
    uint8_t reversed[64];
    uint32_t mirrored = reverse_word(checksum);
    while (size_bytes > 0) {
        size_t part_bytes = size_bytes < sizeof reversed ? size_bytes : sizeof reversed;
        for (size_t index = 0; index < part_bytes; index++) {
            reversed[index] = reverse_bits(bytes[index]);
        }
        mirrored = crc32_update(mirrored, reversed, part_bytes);
        bytes += part_bytes;
        size_bytes -= part_bytes;
    }
    return reverse_word(mirrored);
}
