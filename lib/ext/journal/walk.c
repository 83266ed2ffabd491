/* SPDX-License-Identifier: ISC */
/*
 * Walking along the log. A walk ends: no block is passed twice.
 */
#include <string.h>

#include "walk.h"

void journal_walk_start(struct journal_walk *walk)
{
    const struct ext_journal *journal = walk->log->journal;
    walk->sequence = journal->sequence;
    walk->block = journal->start_block;
    walk->left_count = journal->end_block - journal->first_block;
    walk->log->loaded_count = 0;
}

static enum status pass(struct journal_walk *walk, uint32_t count)
{
    if (count > walk->left_count) {
        return ext_corrupt(walk->mount, "journal transaction is longer than the log", walk->block);
    }
    walk->left_count -= count;
    walk->block = ext_journal_advance(walk->log->journal, walk->block, count);
    return STATUS_OK;
}

enum status journal_walk_take(struct journal_walk *walk, struct block_buffer *buffer_out)
{
    enum status status = journal_log_read(walk->log, walk->block, buffer_out);
    return status == STATUS_OK ? pass(walk, 1) : status;
}

enum status journal_walk_next(
    struct journal_walk *walk, enum journal_block_type *type_out, const uint8_t **bytes_out)
{
    struct block_buffer buffer;
    if (walk->left_count == 0) {
        return STATUS_END; /* The whole log is full of whole transactions. */
    }
    enum status status = journal_log_read(walk->log, walk->block, &buffer);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *bytes = buffer.bytes;
    uint32_t type = load_be32(bytes + journal_header_type);
    bool known = type == JOURNAL_DESCRIPTOR || type == JOURNAL_COMMIT || type == JOURNAL_REVOKE;
    if (load_be32(bytes + journal_header_magic) != journal_magic || !known ||
        load_be32(bytes + journal_header_sequence) != walk->sequence) {
        return STATUS_END;
    }
    if (type == JOURNAL_DESCRIPTOR) {
        memcpy(walk->descriptor, bytes, walk->log->journal->block_bytes);
    }
    *type_out = (enum journal_block_type)type;
    *bytes_out = bytes;
    return pass(walk, 1);
}

enum status journal_walk_skip_tagged(struct journal_walk *walk)
{
    struct ext_journal_tags tags = ext_journal_tags_of(walk->log->journal, walk->descriptor);
    struct ext_journal_tag tag;
    uint32_t count = 0;
    while (ext_journal_tags_next(&tags, &tag)) {
        count++;
    }
    return pass(walk, count);
}
