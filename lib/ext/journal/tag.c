/* SPDX-License-Identifier: ISC */
/*
 * The tags of a descriptor block, [jbd2 Descriptor Block]. A walk ends at the tag that says it is
 * the last, or where no other fits before the block's tail.
 */
#include "journal.h"

struct ext_journal_tags ext_journal_tags_of(const struct ext_journal *journal, const uint8_t *block)
{
    return (struct ext_journal_tags){
        .journal = journal, .block = block, .at_bytes = journal_header_bytes};
}

bool ext_journal_tags_next(struct ext_journal_tags *tags, struct ext_journal_tag *tag_out)
{
    const struct ext_journal *journal = tags->journal;
    uint32_t end_bytes = journal->block_bytes - journal->tail_bytes;
    if (tags->last_seen || tags->at_bytes + journal->tag_bytes > end_bytes) {
        return false;
    }
    const uint8_t *bytes = tags->block + tags->at_bytes;
    struct ext_journal_tag tag = {
        .volume_block = load_be32(bytes + journal_tag_block_low),
        .flags = load_be16(bytes + journal_tag_flags),
    };
    if (ext_journal_has(journal, journal_incompat_64bit)) {
        tag.volume_block |= (uint64_t)load_be32(bytes + journal_tag_block_high) << 32;
    }
    tag.checksum = ext_journal_has(journal, journal_incompat_checksum_v3)
                       ? load_be32(bytes + journal_tag_checksum_v3)
                       : load_be16(bytes + journal_tag_checksum_v2);
    tags->at_bytes += journal->tag_bytes;
    if ((tag.flags & journal_tag_same_uuid) == 0) {
        tags->at_bytes += journal_tag_uuid_bytes;
    }
    tags->last_seen = (tag.flags & journal_tag_last) != 0;
    *tag_out = tag;
    return true;
}
