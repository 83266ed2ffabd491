/* SPDX-License-Identifier: ISC */
/*
 * Reading extended attributes, [ext4 Extended Attributes]: the one parser of both sets.
 *
 * What holds for a set that was verified:
 *   1. Its entries end with a zero word inside the area, before the first value.
 *   2. Every value is inside the area and overlaps neither an entry nor another value.
 *   3. In a block: the entries' hashes are right.
 */
#include "attribute.h"

#include <string.h>

constexpr uint32_t hash_name_shift = 5;
constexpr uint32_t hash_value_shift = 16;
constexpr uint32_t terminator_bytes = 4;

/* ---- One set --------------------------------------------------------------------------------- */

bool ext_attribute_at(
    const struct ext_attribute_area *area, uint32_t at, struct ext_attribute *attribute_out)
{
    if (area->entry == nullptr || load_le32(area->bytes + at) == 0) {
        return false;
    }
    const uint8_t *raw = area->bytes + at;
    *attribute_out = (struct ext_attribute){
        .name = (const char *)raw + attribute_entry_bytes,
        .at = at,
        .next_at = at + ext_attribute_entry_size(raw[attribute_name_bytes]),
        .value_at = load_le16(raw + attribute_value_offset),
        .value_bytes = load_le32(raw + attribute_value_bytes),
        .value_inode = load_le32(raw + attribute_value_inode),
        .index = raw[attribute_name_index],
        .name_bytes = raw[attribute_name_bytes],
    };
    return true;
}

bool ext_attribute_find(const struct ext_attribute_area *area,
    const struct ext_attribute_name *name, struct ext_attribute *attribute_out)
{
    struct ext_attribute attribute;
    uint32_t at = area->entries_at;
    while (ext_attribute_at(area, at, &attribute)) {
        if (attribute.index == name->index && attribute.name_bytes == name->size_bytes &&
            memcmp(attribute.name, name->bytes, name->size_bytes) == 0) {
            *attribute_out = attribute;
            return true;
        }
        at = attribute.next_at;
    }
    return false;
}

static uint32_t rotate(uint32_t hash, uint32_t shift)
{
    return hash << shift | hash >> (32 - shift);
}

/* Old programs took the bytes of names for signed numbers. */
static uint32_t hash_of_name(const struct ext_attribute *attribute, bool signed_names)
{
    uint32_t hash = 0;
    for (uint32_t index = 0; index < attribute->name_bytes; index++) {
        uint32_t byte = (uint8_t)attribute->name[index];
        if (signed_names && byte >= 0x80) {
            byte |= 0xffff'ff00;
        }
        hash = rotate(hash, hash_name_shift) ^ byte;
    }
    return hash;
}

static uint32_t hash_of(
    const struct ext_attribute_area *area, const struct ext_attribute *attribute, bool signed_names)
{
    uint32_t hash = hash_of_name(attribute, signed_names);
    uint32_t value_bytes = (uint32_t)align_up(attribute->value_bytes, 4);
    for (uint32_t at = 0; at < value_bytes; at += 4) {
        hash = rotate(hash, hash_value_shift) ^ load_le32(area->bytes + attribute->value_at + at);
    }
    return hash;
}

uint32_t ext_attribute_hash(
    const struct ext_attribute_area *area, const struct ext_attribute *attribute)
{
    return hash_of(area, attribute, false);
}

bool ext_attribute_value_hash_valid(const struct ext_attribute_area *area,
    const struct ext_attribute *attribute, uint32_t value_hash)
{
    uint32_t stored = load_le32(area->bytes + attribute->at + attribute_value_hash);
    return stored == (rotate(hash_of_name(attribute, false), hash_value_shift) ^ value_hash) ||
           stored == (rotate(hash_of_name(attribute, true), hash_value_shift) ^ value_hash);
}

/* ---- Verification ---------------------------------------------------------------------------- */

static const char *entry_fault(const struct ext_mount *mount, const struct ext_attribute_area *area,
    uint32_t at, uint32_t *next_at)
{
    uint32_t left_bytes = area->size_bytes - at;
    const uint8_t *raw = area->bytes + at;
    if (left_bytes < attribute_entry_bytes + terminator_bytes ||
        left_bytes - terminator_bytes < ext_attribute_entry_size(raw[attribute_name_bytes])) {
        return "attribute entry";
    }
    *next_at = at + ext_attribute_entry_size(raw[attribute_name_bytes]);
    uint32_t value_bytes = load_le32(raw + attribute_value_bytes);
    if (load_le32(raw + attribute_value_inode) != 0) {
        bool known = ext_has(mount, EXT_INCOMPAT, incompat_attribute_inodes);
        return known && value_bytes <= attribute_value_bytes_max
                   ? nullptr
                   : "attribute value in another inode";
    }
    uint64_t end = (uint64_t)load_le16(raw + attribute_value_offset) + align_up(value_bytes, 4);
    return value_bytes != 0 && end > area->size_bytes ? "attribute value outside its place"
                                                      : nullptr;
}

static bool has_bytes(const struct ext_attribute *attribute)
{
    return attribute->value_inode == 0 && attribute->value_bytes != 0;
}

static bool overlap(const struct ext_attribute *one, const struct ext_attribute *other)
{
    return one->value_at < other->value_at + align_up(other->value_bytes, 4) &&
           other->value_at < one->value_at + align_up(one->value_bytes, 4);
}

/* The value of one attribute against all entries and the values of those behind it. */
static const char *value_fault(const struct ext_attribute_area *area,
    const struct ext_attribute *attribute, uint32_t entries_end)
{
    if (has_bytes(attribute) && attribute->value_at < entries_end) {
        return "attribute value among the entries";
    }
    struct ext_attribute later;
    uint32_t at = attribute->next_at;
    while (has_bytes(attribute) && ext_attribute_at(area, at, &later)) {
        if (has_bytes(&later) && overlap(attribute, &later)) {
            return "attribute values overlap";
        }
        at = later.next_at;
    }
    if (!area->block || attribute->value_inode != 0) {
        return nullptr;
    }
    uint32_t hash = load_le32(area->bytes + attribute->at + attribute_value_hash);
    bool right = hash == hash_of(area, attribute, false) || hash == hash_of(area, attribute, true);
    return hash == 0 || right ? nullptr : "hash of an attribute";
}

static const char *area_fault(const struct ext_mount *mount, const struct ext_attribute_area *area)
{
    uint32_t at = area->entries_at;
    while (at + terminator_bytes <= area->size_bytes && load_le32(area->bytes + at) != 0) {
        const char *fault = entry_fault(mount, area, at, &at);
        if (fault != nullptr) {
            return fault;
        }
    }
    if (at + terminator_bytes > area->size_bytes) {
        return "attribute entry";
    }
    struct ext_attribute attribute;
    uint32_t entries_end = at + terminator_bytes;
    at = area->entries_at;
    while (ext_attribute_at(area, at, &attribute)) {
        const char *fault = value_fault(area, &attribute, entries_end);
        if (fault != nullptr) {
            return fault;
        }
        at = attribute.next_at;
    }
    return nullptr;
}

static const char *block_fault_of(
    const struct ext_mount *mount, const struct ext_attribute_area *area)
{
    uint32_t references = load_le32(area->bytes + attribute_block_references);
    if (load_le32(area->bytes) != attribute_magic) {
        return "attribute block magic";
    }
    if (ext_has_checksums(mount) &&
        load_le32(area->bytes + attribute_block_checksum) !=
            ext_attribute_block_checksum(mount, area->entry->block, area->bytes)) {
        return "attribute block checksum";
    }
    if (load_le32(area->bytes + attribute_block_count) != 1) {
        return "attribute block count";
    }
    if (references == 0 || references > attribute_references_max) {
        return "attribute block references";
    }
    return area_fault(mount, area);
}

/* ---- Both sets ------------------------------------------------------------------------------- */

void ext_attribute_put(struct ext_mount *mount, const struct ext_attribute_area *area)
{
    if (area->entry != nullptr) {
        block_cache_put(&mount->cache, area->entry);
    }
}

enum status ext_attribute_pin_inode(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_attribute_area *area_out)
{
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    *area_out = (struct ext_attribute_area){};
    if (inode_bytes == original_inode_bytes) {
        return STATUS_OK;
    }
    struct block_cache_entry *entry;
    const uint8_t *raw;
    enum status status = ext_inode_pin(mount, (uint32_t)inode->number, &entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = entry->buffer.bytes;
    uint32_t at = original_inode_bytes + load_le16(raw + inode_extra_bytes);
    if (at + attribute_header_bytes + terminator_bytes > inode_bytes ||
        load_le32(raw + at) != attribute_magic) {
        block_cache_put(&mount->cache, entry);
        return STATUS_OK;
    }
    at += attribute_header_bytes;
    struct ext_attribute_area area = {
        .entry = entry,
        .bytes = bytes + (raw - bytes) + at,
        .size_bytes = inode_bytes - at,
    };
    const char *fault = area_fault(mount, &area);
    if (fault != nullptr) {
        status = ext_corrupt(mount, fault, entry->block);
        block_cache_put(&mount->cache, entry);
        return status;
    }
    *area_out = area;
    return STATUS_OK;
}

enum status ext_attribute_pin_block(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_attribute_area *area_out)
{
    *area_out = (struct ext_attribute_area){};
    if (inode->attribute_block == 0) {
        return STATUS_OK;
    }
    struct block_cache_entry *entry;
    enum status status = block_cache_get(&mount->cache, inode->attribute_block, &entry);
    if (status != STATUS_OK) {
        return status;
    }
    struct ext_attribute_area area = {
        .entry = entry,
        .bytes = entry->buffer.bytes,
        .entries_at = attribute_block_header_bytes,
        .size_bytes = mount->geometry.block_bytes,
        .block = true,
    };
    uint64_t mark = ext_mark_of(EXT_MARK_ATTRIBUTES, 0);
    if (entry->owner_mark != mark) {
        const char *fault = block_fault_of(mount, &area);
        if (fault != nullptr) {
            status = ext_corrupt(mount, fault, entry->block);
            block_cache_put(&mount->cache, entry);
            return status;
        }
        entry->owner_mark = mark;
    }
    *area_out = area;
    return STATUS_OK;
}

enum status ext_attribute_pin(struct ext_mount *mount, const struct ext_inode *inode,
    const struct ext_attribute_name *name, struct ext_attribute_area *area_out,
    struct ext_attribute *attribute_out)
{
    enum status status = ext_attribute_pin_inode(mount, inode, area_out);
    if (status != STATUS_OK || ext_attribute_find(area_out, name, attribute_out)) {
        return status;
    }
    ext_attribute_put(mount, area_out);
    status = ext_attribute_pin_block(mount, inode, area_out);
    if (status != STATUS_OK || ext_attribute_find(area_out, name, attribute_out)) {
        return status;
    }
    ext_attribute_put(mount, area_out);
    return STATUS_NOT_FOUND;
}
