/* SPDX-License-Identifier: ISC */
/*
 * The journal of a damaged volume: its super block, then descriptors with the blocks behind them,
 * revoke and commit blocks, then the tails of fast commits. All is followed from block to block in
 * the memory of the base, within the journal.
 */
#include "log_repair.h"

#include <lib/crc/crc.h>

#include <string.h>

#include "../journal/fast_commit.h"

constexpr uint32_t repaired_blocks_max = 96;

static struct ext_mount judged; /* the damaged journal, as lib/ext sees it */

static struct ext_journal_run nowhere; /* for what a refusal says */

static uint8_t *log_block(struct base *base, uint32_t block)
{
    struct part part = {
        .offset_bytes = (uint64_t)base->journal_places[block] << base->mount.geometry.block_shift,
        .size_bytes = base->mount.geometry.block_bytes,
    };
    return base_touch(base, &part);
}

/* Whether the super block of the journal can be understood. */
static bool judge(struct base *base, const uint8_t *superblock)
{
    judged.geometry = base->mount.geometry;
    memcpy(judged.features, base->mount.features, sizeof judged.features);
    memset(&judged.journal, 0, sizeof judged.journal);
    judged.journal.runs = &nowhere;
    judged.journal.block_bytes = base->mount.geometry.block_bytes;
    return ext_journal_superblock_parse(&judged, superblock, base->journal_blocks) == STATUS_OK;
}

/* ---- The log --------------------------------------------------------------------------------- */

static void store_tag_checksum(uint8_t *tag, uint32_t checksum)
{
    const struct ext_journal *journal = &judged.journal;
    if (ext_journal_has(journal, journal_incompat_checksum_v3)) {
        store_be32(tag + journal_tag_checksum_v3, checksum);
    } else if (ext_journal_has_checksums(journal)) {
        tag[journal_tag_checksum_v2] = (uint8_t)(checksum >> 8);
        tag[journal_tag_checksum_v2 + 1] = (uint8_t)checksum;
    }
}

/* Gives the blocks behind a descriptor their tags' checksums; how many there are. */
static uint32_t repair_tagged(struct base *base, uint32_t block, uint32_t *legacy)
{
    const struct ext_journal *journal = &judged.journal;
    uint8_t *descriptor = log_block(base, block);
    struct ext_journal_tags tags = ext_journal_tags_of(journal, descriptor);
    struct ext_journal_tag tag;
    uint32_t sequence = load_be32(descriptor + journal_header_sequence);
    uint32_t count = 0;
    uint32_t at = tags.at_bytes;
    *legacy = ext_journal_legacy_update(*legacy, descriptor, journal->block_bytes);
    while (ext_journal_tags_next(&tags, &tag) && block + count + 1 < journal->end_block) {
        count++;
        const uint8_t *bytes = log_block(base, block + count);
        store_tag_checksum(descriptor + at, ext_journal_tag_checksum(journal, sequence, bytes));
        *legacy = ext_journal_legacy_update(*legacy, bytes, journal->block_bytes);
        at = tags.at_bytes;
    }
    return count;
}

static void repair_block(uint8_t *block, uint32_t *legacy)
{
    const struct ext_journal *journal = &judged.journal;
    bool commit = load_be32(block + journal_header_type) == JOURNAL_COMMIT;
    size_t at = commit ? journal_commit_checksum : journal->block_bytes - journal_tail_bytes;
    if (ext_journal_has_checksums(journal)) {
        store_be32(block + at, ext_journal_block_checksum(journal, block, at));
    } else if (commit && ext_journal_has_legacy_checksum(journal)) {
        store_be32(block + at, *legacy);
        *legacy = ext_journal_legacy_seed;
    }
}

static void repair_log(struct base *base)
{
    uint32_t end_block = judged.journal.end_block;
    uint32_t legacy = ext_journal_legacy_seed;
    end_block = end_block < repaired_blocks_max ? end_block : repaired_blocks_max;
    for (uint32_t block = base->journal_superblock + 1; block < end_block; block++) {
        uint8_t *at = log_block(base, block);
        uint32_t skipped = 0;
        if (load_be32(at + journal_header_magic) != journal_magic) {
            continue;
        }
        if (load_be32(at + journal_header_type) == JOURNAL_DESCRIPTOR) {
            skipped = repair_tagged(base, block, &legacy);
        }
        repair_block(at, &legacy);
        block += skipped;
    }
}

/* ---- Fast commits ---------------------------------------------------------------------------- */

static void repair_tails(struct base *base)
{
    uint32_t checksum = 0;
    uint32_t block_bytes = judged.journal.block_bytes;
    for (uint32_t block = judged.journal.fast_first_block; block < judged.journal.fast_end_block;
        block++) {
        uint8_t *at = log_block(base, block);
        uint32_t offset = 0;
        while (offset + fast_tag_header_bytes + 8 <= block_bytes) {
            uint8_t *tag = at + offset;
            uint32_t size_bytes = fast_tag_header_bytes + load_le16(tag + fast_tag_value_bytes);
            if (load_le16(tag) == FAST_TAG_TAIL) {
                store_le32(tag + 8, crc32c_update(checksum, tag, 8));
                checksum = 0;
                break;
            }
            if (offset + size_bytes > block_bytes) {
                break;
            }
            checksum = crc32c_update(checksum, tag, size_bytes);
            offset += size_bytes;
        }
    }
}

void log_repair(struct base *base)
{
    uint8_t *superblock = log_block(base, base->journal_superblock);
    store_be32(
        superblock + journal_superblock_checksum, ext_journal_superblock_checksum(superblock));
    if (judge(base, superblock)) {
        repair_log(base);
        repair_tails(base);
    }
}

/* ---- Planting -------------------------------------------------------------------------------- */

/* The head of the area, in its first block. */
static uint32_t plant_head(uint8_t *block, uint32_t sequence)
{
    store_le16(block, FAST_TAG_HEAD);
    store_le16(block + fast_tag_value_bytes, fast_head_bytes);
    store_le32(block + 4, 0);
    store_le32(block + 8, sequence);
    return fast_tag_header_bytes + fast_head_bytes;
}

/* A tag of its usual length behind some of those that are in the block already. */
static void plant_tag(uint8_t *block, uint32_t offset, uint32_t steps, uint32_t value)
{
    static const uint8_t lengths[] = {0, 16, 12, 12, 12, 12, 132, 8, 8};
    uint32_t block_bytes = judged.journal.block_bytes;
    for (; steps > 0; steps--) {
        uint32_t next =
            offset + fast_tag_header_bytes + load_le16(block + offset + fast_tag_value_bytes);
        offset = next + 200 < block_bytes ? next : offset;
    }
    uint16_t type = (uint16_t)(1 + value % FAST_TAG_TAIL);
    store_le16(block + offset, type);
    store_le16(block + offset + fast_tag_value_bytes, lengths[type]);
    if (type == FAST_TAG_TAIL) {
        store_le16(block + offset + fast_tag_value_bytes,
            (uint16_t)(block_bytes - offset - fast_tag_header_bytes));
        store_le32(block + offset + 4, judged.journal.sequence + (value >> 8) % 4);
    }
}

void log_plant(struct base *base, const struct part *part, uint16_t offset, uint32_t value)
{
    static const uint32_t types[] = {JOURNAL_DESCRIPTOR, JOURNAL_COMMIT, JOURNAL_REVOKE};
    uint8_t *block = base_touch(base, part);
    if (!judge(base, log_block(base, base->journal_superblock))) {
        return;
    }
    uint32_t sequence = judged.journal.sequence + (value >> 8) % 4;
    if (part->number < judged.journal.fast_first_block) {
        store_be32(block, journal_magic);
        store_be32(block + journal_header_type, types[value % 3]);
        store_be32(block + journal_header_sequence, sequence);
        return;
    }
    bool first = part->number == judged.journal.fast_first_block;
    plant_tag(block, first ? plant_head(block, sequence) : 0, offset % 6, value);
}
