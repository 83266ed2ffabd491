/* SPDX-License-Identifier: ISC */
/*
 * Changes of fields, and the repair of checksums. What stands in a damaged volume is compared with
 * the bounds of its block before it is followed, as in lib/ext itself; what cannot be repaired
 * stays as it is. The bytes of super block, inodes and descriptors are sealed with the geometry and
 * the seeds of the base, so a changed UUID is not followed.
 */
#include "damage.h"

#include <string.h>

#include "../transaction.h"
#include "log_repair.h"

constexpr uint32_t copied_bytes = 16;

static bool touched[part_count_max];

struct input input_parse(const uint8_t *bytes, size_t size_bytes)
{
    struct input input = {};
    if (size_bytes < input_header_bytes) {
        return input;
    }
    input.base = bytes[0];
    input.flags = bytes[1];
    const uint8_t *at = bytes + input_header_bytes;
    const uint8_t *end = bytes + size_bytes;
    while ((size_t)(end - at) >= record_bytes && input.record_count < record_count_max) {
        input.records[input.record_count++] = (struct record){.verb = at[0],
            .which = at[1],
            .index = load_le16(at + 2),
            .offset = load_le16(at + 4),
            .value = load_le32(at + 6)};
        at += record_bytes;
    }
    return input;
}

/* ---- Changes --------------------------------------------------------------------------------- */

static uint32_t width_of(enum verb verb)
{
    switch (verb) {
    case VERB_SET_16:
    case VERB_ADD_16:
        return 2;
    case VERB_SET_32:
    case VERB_ADD_32:
    case VERB_SET_32_BIG:
    case VERB_ADD_32_BIG:
        return 4;
    case VERB_COPY:
    case VERB_MOVE:
        return copied_bytes;
    default:
        return 1;
    }
}

static void move_rest(uint8_t *at, uint32_t left_bytes, uint32_t value)
{
    uint32_t by = value % copied_bytes;
    if (value % 2 == 0) {
        memmove(at, at + by, left_bytes - by);
    } else {
        memmove(at + by, at, left_bytes - by);
    }
}

static void fill(uint8_t *at, uint32_t left_bytes, uint32_t value)
{
    uint32_t count = (value >> 8) % left_bytes + 1;
    memset(at, (int)(value & 0xff), count);
}

/* `other`: another part of the same kind. */
static void change(
    uint8_t *part, uint32_t size_bytes, const struct record *record, const uint8_t *other)
{
    enum verb verb = (enum verb)(record->verb % VERB_COUNT);
    uint32_t width = width_of(verb);
    uint32_t offset = record->offset % size_bytes;
    offset -= offset % (width < 4 ? width : 4);
    offset = offset + width > size_bytes ? size_bytes - width : offset;
    uint8_t *at = part + offset;
    switch (verb) {
    case VERB_SET_8:
        *at = (uint8_t)record->value;
        return;
    case VERB_SET_16:
        store_le16(at, (uint16_t)record->value);
        return;
    case VERB_SET_32:
        store_le32(at, record->value);
        return;
    case VERB_ADD_16:
        store_le16(at, (uint16_t)(load_le16(at) + record->value));
        return;
    case VERB_ADD_32:
        store_le32(at, load_le32(at) + record->value);
        return;
    case VERB_FLIP_BIT:
        *at ^= (uint8_t)(1U << record->value % 8);
        return;
    case VERB_COPY:
        memmove(at, other + record->value % (size_bytes - copied_bytes + 1), copied_bytes);
        return;
    case VERB_FILL:
        fill(at, size_bytes - offset, record->value);
        return;
    case VERB_SET_32_BIG:
        store_be32(at, record->value);
        return;
    case VERB_ADD_32_BIG:
        store_be32(at, load_be32(at) + record->value);
        return;
    case VERB_MOVE:
        move_rest(at, size_bytes - offset, record->value);
        return;
    default:
        return;
    }
}

/* ---- Repair ---------------------------------------------------------------------------------- */

static const struct part *inode_part(const struct base *base, uint32_t number)
{
    for (uint32_t index = base->first_part[PART_INODE]; index < base->first_part[PART_INODE + 1];
        index++) {
        if (base->parts[index].number == number) {
            return &base->parts[index];
        }
    }
    return nullptr;
}

static const struct part *descriptor_part(const struct base *base, uint32_t group)
{
    return &base->parts[base->first_part[PART_DESCRIPTOR] + group];
}

/* Whether a block says where its checksum is, in bounds. */
static bool can_be_sealed(const struct part *part, const uint8_t *bytes)
{
    uint32_t limit = part->size_bytes;
    uint32_t at = index_node_entries;
    switch (ext_mark_kind_of(part->mark)) {
    case EXT_MARK_EXTENT_NODE:
        return extent_header_bytes +
                   load_le16(bytes + extent_entry_count_max) * extent_entry_bytes + 4 <=
               limit;
    case EXT_MARK_DIRECTORY_FIRST: {
        uint32_t dot_bytes = load_le16(bytes + entry_record_bytes);
        if (dot_bytes + entry_header_bytes > limit ||
            load_le16(bytes + dot_bytes + entry_record_bytes) != limit - dot_bytes) {
            return dot_bytes + entry_header_bytes <= limit;
        }
        at = index_root_entries;
        [[fallthrough]];
    }
    case EXT_MARK_DIRECTORY_INDEX:
        return at + load_le16(bytes + at) * index_entry_bytes + index_tail_bytes <= limit &&
               load_le16(bytes + at + 2) <= load_le16(bytes + at);
    default:
        return true;
    }
}

static void seal_block(struct base *base, const struct part *part)
{
    uint8_t *bytes = base_touch(base, part);
    const struct part *inode = inode_part(base, part->number);
    struct block_cache_entry entry = {
        .block = part->offset_bytes >> base->mount.geometry.block_shift,
        .buffer = block_buffer_plain(bytes),
        .owner_mark = part->mark,
    };
    if (inode != nullptr) {
        entry.owner_seed =
            ext_inode_checksum_seed(&base->mount, part->number, base->bytes + inode->offset_bytes);
    }
    if (can_be_sealed(part, bytes)) {
        ext_seal(&base->mount, &entry);
    }
}

static void seal_part(struct base *base, const struct part *part)
{
    struct ext_mount *mount = &base->mount;
    uint8_t *bytes = base_touch(base, part);
    switch (part->kind) {
    case PART_BITMAP: {
        const struct part *descriptor = descriptor_part(base, part->number);
        if (ext_has_checksums(mount)) {
            ext_bitmap_checksum_store(
                mount, ext_mark_kind_of(part->mark), base_touch(base, descriptor), bytes);
        }
        touched[descriptor - base->parts] = true;
        return;
    }
    case PART_INODE:
        if (ext_has_checksums(mount)) {
            ext_inode_checksum_store(
                mount, ext_inode_checksum_seed(mount, part->number, bytes), bytes);
        }
        return;
    case PART_DESCRIPTOR:
        ext_descriptor_checksum_store(mount, part->number, bytes);
        return;
    case PART_SUPERBLOCK:
        ext_superblock_checksum_store(mount, bytes);
        return;
    case PART_MMP:
        ext_mmp_checksum_store(mount, bytes);
        return;
    case PART_LOG:
        return;
    default:
        seal_block(base, part);
        return;
    }
}

/* The seed of what belongs to an inode comes from the inode. */
static void touch_owned(const struct base *base)
{
    for (uint32_t index = 0; index < base->first_part[PART_LOG]; index++) {
        const struct part *inode = inode_part(base, base->parts[index].number);
        if (base->parts[index].mark != 0 && inode != nullptr && touched[inode - base->parts]) {
            touched[index] = true;
        }
    }
}

static void repair(struct base *base)
{
    touch_owned(base);
    for (uint32_t index = 0; index < base->part_count; index++) {
        if (touched[index]) {
            seal_part(base, &base->parts[index]);
        }
    }
    if (base->journal_blocks != 0) {
        log_repair(base);
    }
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void apply(struct base *base, const struct record *record, enum part_kind kind)
{
    uint32_t first = base->first_part[kind];
    uint32_t count = base->first_part[kind + 1] - first;
    if (count == 0) {
        return;
    }
    const struct part *part = &base->parts[first + record->index % count];
    const struct part *other = &base->parts[first + (record->value >> 16) % count];
    if (record->verb == record_spoil) {
        base->spoiled = part;
        return;
    }
    if (kind == PART_LOG && record->verb % VERB_COUNT == VERB_PLANT) {
        log_plant(base, part, record->offset, record->value);
    } else {
        change(base_touch(base, part), part->size_bytes, record, base->bytes + other->offset_bytes);
    }
    touched[part - base->parts] = true;
}

uint32_t damage(
    struct base *base, const struct input *input, const enum part_kind *kinds, uint32_t kind_count)
{
    uint32_t count = 0;
    memset(touched, 0, base->part_count);
    for (uint32_t index = 0; index < input->record_count; index++) {
        const struct record *record = &input->records[index];
        if (record->verb < record_operation) {
            apply(base, record, kinds[record->which % kind_count]);
            count++;
        }
    }
    if (count > 0 && (input->flags & input_unrepaired) == 0) {
        repair(base);
    }
    return count;
}
