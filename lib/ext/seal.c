/* SPDX-License-Identifier: ISC */
/*
 * Checksums of the blocks of a transaction, put in once for all their changes. What a block is
 * stands in its mark; where its checksum is follows from that, [ext4 Checksums].
 */
#include "transaction.h"

static void seal_extent_node(const struct block_cache_entry *entry)
{
    uint8_t *bytes = entry->buffer.bytes;
    size_t covered_bytes = extent_header_bytes +
                           (size_t)load_le16(bytes + extent_entry_count_max) * extent_entry_bytes;
    store_le32(bytes + covered_bytes, ext_checksum(entry->owner_seed, bytes, covered_bytes));
}

static void seal_index(const struct block_cache_entry *entry, size_t at)
{
    static const uint8_t zero[4] = {};
    uint8_t *bytes = entry->buffer.bytes;
    uint32_t limit = load_le16(bytes + at);
    uint32_t count = load_le16(bytes + at + 2);
    uint8_t *tail = bytes + at + (size_t)limit * index_entry_bytes;
    uint32_t checksum =
        ext_checksum(entry->owner_seed, bytes, at + (size_t)count * index_entry_bytes);
    checksum = ext_checksum(checksum, tail, sizeof zero);
    store_le32(tail + 4, ext_checksum(checksum, zero, sizeof zero));
}

/* A block of entries ends with a record for its checksum. */
static void seal_entries(const struct block_cache_entry *entry, uint32_t block_bytes)
{
    uint8_t *bytes = entry->buffer.bytes;
    uint32_t covered_bytes = block_bytes - entry_tail_bytes;
    store_le32(bytes + covered_bytes + entry_tail_checksum,
        ext_checksum(entry->owner_seed, bytes, covered_bytes));
}

/* The root of an index has no record for a checksum: its second record ends with the block. */
static void seal_first(const struct block_cache_entry *entry, uint32_t block_bytes)
{
    const uint8_t *bytes = entry->buffer.bytes;
    uint32_t dot_bytes = load_le16(bytes + entry_record_bytes);
    if (load_le16(bytes + dot_bytes + entry_record_bytes) == block_bytes - dot_bytes) {
        seal_index(entry, index_root_entries);
    } else {
        seal_entries(entry, block_bytes);
    }
}

/* The block is in memory, since what changed the bitmap changed the count beside the checksum. */
static void seal_bitmap(struct ext_mount *mount, const struct block_cache_entry *entry)
{
    enum ext_mark_kind kind = ext_mark_kind_of(entry->owner_mark);
    uint32_t group = (uint32_t)(entry->owner_mark >> 8);
    struct ext_descriptor_place place = ext_descriptor_place(mount, group);
    const struct block_cache_entry *holder = block_cache_peek(&mount->cache, place.block);
    uint8_t *raw = (uint8_t *)holder->buffer.bytes + place.offset_bytes;
    ext_bitmap_checksum_store(mount, kind, raw, entry->buffer.bytes);
    ext_descriptor_checksum_store(mount, group, raw);
}

static void seal_attributes(const struct ext_mount *mount, const struct block_cache_entry *entry)
{
    uint8_t *bytes = entry->buffer.bytes;
    store_le32(
        bytes + attribute_block_checksum, ext_attribute_block_checksum(mount, entry->block, bytes));
}

static void seal_orphans(const struct ext_mount *mount, const struct block_cache_entry *entry)
{
    uint8_t *tail =
        (uint8_t *)entry->buffer.bytes + mount->geometry.block_bytes - orphan_tail_bytes;
    store_le32(
        tail + orphan_tail_checksum, ext_orphan_block_checksum(mount, entry->owner_seed, entry));
}

void ext_seal(struct ext_mount *mount, struct block_cache_entry *entry)
{
    if (!ext_has_checksums(mount)) {
        return;
    }
    switch (ext_mark_kind_of(entry->owner_mark)) {
    case EXT_MARK_EXTENT_NODE:
        seal_extent_node(entry);
        return;
    case EXT_MARK_DIRECTORY_FIRST:
        seal_first(entry, mount->geometry.block_bytes);
        return;
    case EXT_MARK_DIRECTORY_LATER:
        seal_entries(entry, mount->geometry.block_bytes);
        return;
    case EXT_MARK_DIRECTORY_INDEX:
        seal_index(entry, index_node_entries);
        return;
    case EXT_MARK_BLOCK_BITMAP:
    case EXT_MARK_INODE_BITMAP:
        seal_bitmap(mount, entry);
        return;
    case EXT_MARK_ATTRIBUTES:
        seal_attributes(mount, entry);
        return;
    case EXT_MARK_ORPHANS:
        seal_orphans(mount, entry);
        return;
    default: /* Without a checksum, or with one that is always right. */
        return;
    }
}
