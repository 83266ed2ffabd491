/* SPDX-License-Identifier: ISC */
/*
 * Reading fast commits. The scan decides how many tags count: framing and checksums. The walk
 * decodes those, so it only meets what a right checksum covers, and believes none of it.
 */
#include <lib/crc/crc.h>

#include <string.h>

#include "fast_commit.h"

/* A walk over the tags of the area. */
struct tags {
    const struct ext_journal *journal;
    struct journal_log *log;
    uint32_t block;
    uint32_t at_bytes;
};

struct tag {
    uint16_t type;
    uint32_t value_bytes; /* all in the block; of a tail: the part with a meaning */
    const uint8_t *bytes; /* header and value */
    const uint8_t *value;
    uint32_t block;
};

static struct tags tags_of(struct journal_log *log)
{
    return (struct tags){
        .journal = log->journal, .log = log, .block = log->journal->fast_first_block};
}

/* Whether a tag of this type may be this long. */
static bool length_valid(const struct ext_mount *mount, uint16_t type, uint32_t value_bytes)
{
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    switch (type) {
    case FAST_TAG_ADD_RANGE:
        return value_bytes == fast_add_range_bytes;
    case FAST_TAG_DELETE_RANGE:
        return value_bytes == fast_delete_range_bytes;
    case FAST_TAG_CREATE:
    case FAST_TAG_LINK:
    case FAST_TAG_UNLINK:
        return value_bytes > fast_entry_name && value_bytes <= fast_entry_name + ext_name_bytes_max;
    case FAST_TAG_INODE:
        return value_bytes >= fast_inode_raw + original_inode_bytes &&
               value_bytes <= fast_inode_raw + inode_bytes;
    case FAST_TAG_HEAD:
        return value_bytes == fast_head_bytes;
    case FAST_TAG_TAIL:
        return value_bytes >= fast_tail_bytes;
    case FAST_TAG_PAD:
        return true;
    default:
        return false;
    }
}

/* The tag that stands at `at_bytes`; CORRUPT (without a note) if none does. */
static enum status read_tag(
    const struct ext_mount *mount, struct tags *tags, const uint8_t *block, struct tag *tag_out)
{
    uint32_t left_bytes = tags->journal->block_bytes - tags->at_bytes - fast_tag_header_bytes;
    struct tag tag = {.bytes = block + tags->at_bytes, .block = tags->block};
    tag.type = load_le16(tag.bytes + fast_tag_type);
    tag.value_bytes = load_le16(tag.bytes + fast_tag_value_bytes);
    tag.value = tag.bytes + fast_tag_header_bytes;
    if (!length_valid(mount, tag.type, tag.value_bytes)) {
        return STATUS_CORRUPT;
    }
    bool ends_block = tag.type == FAST_TAG_TAIL;
    if (ends_block) {
        tag.value_bytes = fast_tail_bytes; /* The rest of it is the rest of the block. */
    }
    if (tag.value_bytes > left_bytes) {
        return STATUS_CORRUPT;
    }
    tags->at_bytes += fast_tag_header_bytes + tag.value_bytes;
    if (ends_block) {
        tags->at_bytes = tags->journal->block_bytes;
    }
    *tag_out = tag;
    return STATUS_OK;
}

/* The next tag; END after the last block; CORRUPT (without a note) where there is no tag. */
static enum status next_tag(const struct ext_mount *mount, struct tags *tags, struct tag *tag_out)
{
    struct block_buffer buffer;
    if (tags->at_bytes + fast_tag_header_bytes > tags->journal->block_bytes) {
        tags->at_bytes = 0;
        tags->block++;
    }
    if (tags->block >= tags->journal->fast_end_block) {
        return STATUS_END;
    }
    enum status status = journal_log_read(tags->log, tags->block, &buffer);
    return status == STATUS_OK ? read_tag(mount, tags, buffer.bytes, tag_out) : status;
}

/* ---- The scan -------------------------------------------------------------------------------- */

struct scan {
    struct ext_mount *mount;
    uint32_t sequence;
    uint32_t checksum; /* of the segment so far */
    uint32_t tag_count;
    uint32_t good_count; /* tags up to the last right tail */
};

/* What does not go on: after a right tail it is left over from before, else a segment is broken. */
static enum status stop(const struct scan *scan, const char *what, uint32_t block)
{
    return scan->good_count > 0 ? STATUS_END : ext_corrupt(scan->mount, what, block);
}

static enum status scan_head(struct scan *scan, const struct tag *tag)
{
    if (load_le32(tag->value + fast_head_sequence) != scan->sequence) {
        return STATUS_END; /* Of a transaction that was committed since. */
    }
    if (load_le32(tag->value + fast_head_features) != 0) {
        return ext_journal_refuse(scan->mount, "fast commit", "unknown feature bit in its head");
    }
    return STATUS_OK;
}

static enum status scan_tail(struct scan *scan, const struct tag *tag)
{
    uint32_t checksum =
        crc32c_update(scan->checksum, tag->bytes, fast_tag_header_bytes + fast_tail_checksum);
    if (load_le32(tag->value + fast_tail_sequence) != scan->sequence ||
        load_le32(tag->value + fast_tail_checksum) != checksum) {
        return stop(scan, "fast commit tail", tag->block);
    }
    scan->checksum = 0;
    scan->good_count = scan->tag_count;
    return STATUS_OK;
}

static enum status scan_tag(struct scan *scan, const struct tag *tag)
{
    enum status status = STATUS_OK;
    scan->tag_count++;
    if (tag->type == FAST_TAG_TAIL) {
        return scan_tail(scan, tag);
    }
    if (tag->type == FAST_TAG_HEAD) {
        status = scan_head(scan, tag);
    }
    scan->checksum =
        crc32c_update(scan->checksum, tag->bytes, fast_tag_header_bytes + tag->value_bytes);
    return status;
}

/* The area counts if it begins with a head; else nobody has made a fast commit. */
static enum status scan_area(struct scan *scan, struct tags *tags)
{
    struct tag tag;
    enum status status = next_tag(scan->mount, tags, &tag);
    if (status == STATUS_CORRUPT || (status == STATUS_OK && tag.type != FAST_TAG_HEAD)) {
        return STATUS_END;
    }
    while (status == STATUS_OK) {
        status = scan_tag(scan, &tag);
        if (status == STATUS_OK) {
            status = next_tag(scan->mount, tags, &tag);
            if (status == STATUS_CORRUPT || status == STATUS_END) {
                return stop(scan, "fast commit without a tail", tags->block);
            }
        }
    }
    return status;
}

enum status ext_fast_scan(
    struct ext_mount *mount, struct journal_log *log, uint32_t sequence, uint32_t *tag_count_out)
{
    struct tags tags = tags_of(log);
    struct scan scan = {.mount = mount, .sequence = sequence};
    enum status status = scan_area(&scan, &tags);
    if (status != STATUS_END) {
        return status;
    }
    *tag_count_out = scan.good_count;
    return STATUS_OK;
}

/* ---- The walk -------------------------------------------------------------------------------- */

static bool inode_valid(const struct ext_mount *mount, uint32_t number)
{
    return number > 0 && number <= mount->geometry.inode_count;
}

static const char *decode_add_range(
    const struct ext_mount *mount, const struct tag *tag, struct ext_fast_operation *operation)
{
    const uint8_t *extent = tag->value + fast_range_extent;
    uint32_t length = load_le16(extent + extent_length);
    operation->kind = EXT_FAST_ADD_RANGE;
    operation->inode_number = load_le32(tag->value + fast_range_inode);
    operation->logical_block = load_le32(extent + extent_logical);
    operation->physical_block = load_le32(extent + extent_start_low) |
                                (uint64_t)load_le16(extent + extent_start_high) << 32;
    operation->unwritten = length > extent_length_written_max;
    operation->block_count = operation->unwritten ? length - extent_length_written_max : length;
    if (operation->block_count == 0 ||
        operation->logical_block + (uint64_t)operation->block_count > extent_logical_limit ||
        !ext_blocks_valid(mount, operation->physical_block, operation->block_count)) {
        return "fast commit of an impossible range";
    }
    return nullptr;
}

static const char *decode_delete_range(const struct tag *tag, struct ext_fast_operation *operation)
{
    operation->kind = EXT_FAST_DELETE_RANGE;
    operation->inode_number = load_le32(tag->value + fast_range_inode);
    operation->logical_block = load_le32(tag->value + fast_range_logical);
    operation->block_count = load_le32(tag->value + fast_range_length);
    if (operation->block_count == 0 ||
        operation->logical_block + (uint64_t)operation->block_count > extent_logical_limit) {
        return "fast commit of an impossible range";
    }
    return nullptr;
}

static const char *decode_name(
    const struct ext_mount *mount, const struct tag *tag, struct ext_fast_operation *operation)
{
    operation->kind = tag->type == FAST_TAG_CREATE ? EXT_FAST_CREATE
                      : tag->type == FAST_TAG_LINK ? EXT_FAST_LINK
                                                   : EXT_FAST_UNLINK;
    operation->parent_number = load_le32(tag->value + fast_entry_parent);
    operation->inode_number = load_le32(tag->value + fast_entry_inode);
    operation->name = (const char *)tag->value + fast_entry_name;
    operation->name_bytes = tag->value_bytes - fast_entry_name;
    if (!inode_valid(mount, operation->parent_number)) {
        return "fast commit in an impossible directory";
    }
    if (memchr(operation->name, '/', operation->name_bytes) != nullptr ||
        memchr(operation->name, '\0', operation->name_bytes) != nullptr) {
        return "fast commit of an impossible name";
    }
    return nullptr;
}

static const char *decode_inode(const struct tag *tag, struct ext_fast_operation *operation)
{
    operation->kind = EXT_FAST_INODE;
    operation->inode_number = load_le32(tag->value + fast_inode_number);
    operation->raw = tag->value + fast_inode_raw;
    operation->raw_bytes = tag->value_bytes - fast_inode_raw;
    return nullptr;
}

static const char *decode(
    const struct ext_mount *mount, const struct tag *tag, struct ext_fast_operation *operation)
{
    switch (tag->type) {
    case FAST_TAG_ADD_RANGE:
        return decode_add_range(mount, tag, operation);
    case FAST_TAG_DELETE_RANGE:
        return decode_delete_range(tag, operation);
    case FAST_TAG_INODE:
        return decode_inode(tag, operation);
    default:
        return decode_name(mount, tag, operation);
    }
}

static enum status visit_tag(
    struct ext_mount *mount, const struct tag *tag, struct ext_fast_visitor visitor)
{
    if (tag->type == FAST_TAG_HEAD || tag->type == FAST_TAG_TAIL || tag->type == FAST_TAG_PAD) {
        return STATUS_OK;
    }
    struct ext_fast_operation operation = {};
    const char *fault = decode(mount, tag, &operation);
    if (fault == nullptr && !inode_valid(mount, operation.inode_number)) {
        fault = "fast commit of an impossible inode";
    }
    if (fault != nullptr) {
        return ext_corrupt(mount, fault, tag->block);
    }
    return visitor.visit == nullptr ? STATUS_OK : visitor.visit(visitor.context, &operation);
}

enum status ext_fast_walk(struct ext_mount *mount, struct journal_log *log, uint32_t tag_count,
    struct ext_fast_visitor visitor)
{
    struct tags tags = tags_of(log);
    for (uint32_t index = 0; index < tag_count; index++) {
        struct tag tag;
        enum status status = next_tag(mount, &tags, &tag);
        if (status == STATUS_CORRUPT || status == STATUS_END) {
            return ext_corrupt(mount, "journal changes between two readings", tags.block);
        }
        if (status == STATUS_OK) {
            status = visit_tag(mount, &tag, visitor);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
