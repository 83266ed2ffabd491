/* SPDX-License-Identifier: ISC */
/*
 * Changing sets of attributes, [ext4 Extended Attributes]. All runs inside one change, which takes
 * back what a failure leaves half done.
 *
 * A set in a block that other inodes share is never modified: the inode gets a block of its own.
 */
#include "attribute.h"

#include <string.h>

constexpr uint32_t terminator_bytes = 4;
constexpr uint32_t sector_bytes = 512;
constexpr uint32_t hash_block_shift = 16;

/* ---- One set --------------------------------------------------------------------------------- */

static bool is_empty(const struct ext_attribute_area *area)
{
    return load_le32(area->bytes + area->entries_at) == 0;
}

/* Where the entries end and where the values begin. */
struct extent_of_area {
    uint32_t entries_end; /* of the terminator */
    uint32_t values_at;
};

static struct extent_of_area measure(const struct ext_attribute_area *area)
{
    struct extent_of_area extent = {.values_at = area->size_bytes};
    struct ext_attribute attribute;
    uint32_t at = area->entries_at;
    while (ext_attribute_at(area, at, &attribute)) {
        bool has_bytes = attribute.value_inode == 0 && attribute.value_bytes != 0;
        if (has_bytes && attribute.value_at < extent.values_at) {
            extent.values_at = attribute.value_at;
        }
        at = attribute.next_at;
    }
    extent.entries_end = at;
    return extent;
}

/* The bytes that a new entry and its value can take together. */
static uint32_t room_of(const struct ext_attribute_area *area)
{
    struct extent_of_area extent = measure(area);
    uint32_t used_end = extent.entries_end + terminator_bytes;
    return extent.values_at > used_end ? extent.values_at - used_end : 0;
}

/* The hash of the whole set, which equal sets share; 0 if one of its entries has none. */
static void rehash(const struct ext_attribute_area *area)
{
    if (!area->block) {
        return;
    }
    uint32_t hash = 0;
    struct ext_attribute attribute;
    uint32_t at = area->entries_at;
    while (ext_attribute_at(area, at, &attribute)) {
        uint32_t entry_hash = load_le32(area->bytes + at + attribute_value_hash);
        if (entry_hash == 0) {
            hash = 0;
            break;
        }
        hash = (hash << hash_block_shift | hash >> (32 - hash_block_shift)) ^ entry_hash;
        at = attribute.next_at;
    }
    store_le32(area->bytes + attribute_block_hash, hash);
}

/* The values before the one that goes move up, so that room stays in one piece. */
static void remove_value(
    const struct ext_attribute_area *area, const struct ext_attribute *removed, uint32_t values_at)
{
    uint32_t size_bytes = (uint32_t)align_up(removed->value_bytes, 4);
    memmove(area->bytes + values_at + size_bytes, area->bytes + values_at,
        removed->value_at - values_at);
    memset(area->bytes + values_at, 0, size_bytes);
    struct ext_attribute attribute;
    uint32_t at = area->entries_at;
    while (ext_attribute_at(area, at, &attribute)) {
        bool moves = attribute.value_inode == 0 && attribute.value_bytes != 0 &&
                     attribute.value_at < removed->value_at;
        if (moves) {
            store_le16(area->bytes + at + attribute_value_offset,
                (uint16_t)(attribute.value_at + size_bytes));
        }
        at = attribute.next_at;
    }
}

static void remove_entry(
    const struct ext_attribute_area *area, const struct ext_attribute *attribute)
{
    struct extent_of_area extent = measure(area);
    if (attribute->value_inode == 0 && attribute->value_bytes != 0) {
        remove_value(area, attribute, extent.values_at);
    }
    uint32_t entry_bytes = attribute->next_at - attribute->at;
    memmove(area->bytes + attribute->at, area->bytes + attribute->next_at,
        extent.entries_end - attribute->next_at);
    memset(area->bytes + extent.entries_end - entry_bytes, 0, entry_bytes);
    rehash(area);
}

/* The order of entries in a block. */
static int compare(const struct ext_attribute *one, const struct ext_attribute_name *other)
{
    if (one->index != other->index) {
        return one->index - other->index;
    }
    if (one->name_bytes != other->size_bytes) {
        return one->name_bytes - other->size_bytes;
    }
    return memcmp(one->name, other->bytes, other->size_bytes);
}

/* Where the entry of a new name belongs. */
static uint32_t find_place(
    const struct ext_attribute_area *area, const struct ext_attribute_name *name)
{
    struct ext_attribute attribute;
    uint32_t at = area->entries_at;
    while (
        ext_attribute_at(area, at, &attribute) && (!area->block || compare(&attribute, name) < 0)) {
        at = attribute.next_at;
    }
    return at;
}

static enum status insert(const struct ext_attribute_area *area,
    const struct ext_attribute_name *name, const struct ext_attribute_source *source)
{
    uint32_t entry_bytes = ext_attribute_entry_size(name->size_bytes);
    uint32_t stored_bytes = (uint32_t)align_up(source->value_bytes, 4);
    if (source->value_bytes > area->size_bytes || entry_bytes + stored_bytes > room_of(area)) {
        return STATUS_NO_SPACE;
    }
    struct extent_of_area extent = measure(area);
    uint32_t at = find_place(area, name);
    uint8_t *entry = area->bytes + at;
    memmove(entry + entry_bytes, entry, extent.entries_end - at);
    memset(entry, 0, entry_bytes);
    memset(area->bytes + extent.entries_end + entry_bytes, 0, terminator_bytes);
    uint32_t value_at = source->value_bytes == 0 ? 0 : extent.values_at - stored_bytes;
    entry[attribute_name_bytes] = name->size_bytes;
    entry[attribute_name_index] = name->index;
    store_le16(entry + attribute_value_offset, (uint16_t)value_at);
    store_le32(entry + attribute_value_bytes, source->value_bytes);
    memcpy(entry + attribute_entry_bytes, name->bytes, name->size_bytes);
    if (source->value_bytes != 0) {
        memset(area->bytes + value_at, 0, stored_bytes);
        source->fill(source->context, area->bytes + value_at, source->value_bytes);
    }
    struct ext_attribute attribute;
    if (area->block && ext_attribute_at(area, at, &attribute)) {
        store_le32(entry + attribute_value_hash, ext_attribute_hash(area, &attribute));
    }
    rehash(area);
    return STATUS_OK;
}

/* ---- The set in the inode -------------------------------------------------------------------- */

/* Makes the inode's block part of the change. */
static enum status change_inode_block(struct ext_mount *mount, struct block_cache_entry *entry)
{
    enum status status = ext_change_block(mount, entry);
    if (status == STATUS_OK) {
        entry->owner_mark = ext_mark_of(EXT_MARK_INODES, 0);
    }
    return status;
}

/* The set in the inode to be changed, made if there is none. NO_SPACE if there cannot be one. */
static enum status open_inside(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_attribute_area *area_out)
{
    enum status status = ext_attribute_pin_inode(mount, inode, area_out);
    if (status != STATUS_OK) {
        return status;
    }
    if (area_out->entry != nullptr) {
        status = change_inode_block(mount, area_out->entry);
        if (status != STATUS_OK) {
            ext_attribute_put(mount, area_out);
        }
        return status;
    }
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    if (inode_bytes == original_inode_bytes) {
        return STATUS_NO_SPACE;
    }
    struct block_cache_entry *entry;
    uint8_t *raw;
    status = ext_inode_change(mount, inode->number, &entry, &raw);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t at = original_inode_bytes + load_le16(raw + inode_extra_bytes);
    if (at + attribute_header_bytes + terminator_bytes > inode_bytes) {
        block_cache_put(&mount->cache, entry);
        return STATUS_NO_SPACE;
    }
    memset(raw + at, 0, inode_bytes - at);
    store_le32(raw + at, attribute_magic);
    at += attribute_header_bytes;
    *area_out = (struct ext_attribute_area){
        .entry = entry, .bytes = raw + at, .size_bytes = inode_bytes - at};
    return STATUS_OK;
}

/* An empty set has no header. */
static void close_inside(struct ext_mount *mount, const struct ext_attribute_area *area)
{
    if (is_empty(area)) {
        store_le32(area->bytes - attribute_header_bytes, 0);
    }
    ext_attribute_put(mount, area);
}

enum status ext_attribute_add_inside(struct ext_mount *mount, const struct ext_inode *inode,
    const struct ext_attribute_name *name, const struct ext_attribute_source *source)
{
    struct ext_attribute_area area;
    enum status status = open_inside(mount, inode, &area);
    if (status != STATUS_OK) {
        return status;
    }
    status = insert(&area, name, source);
    close_inside(mount, &area);
    return status;
}

enum status ext_attribute_room_inside(struct ext_mount *mount, const struct ext_inode *inode,
    const struct ext_attribute_name *name, uint32_t *value_bytes_out)
{
    struct ext_attribute_area area;
    enum status status = open_inside(mount, inode, &area);
    if (status != STATUS_OK) {
        return status;
    }
    struct ext_attribute attribute;
    uint32_t room = room_of(&area);
    if (ext_attribute_find(&area, name, &attribute)) {
        room += (uint32_t)align_up(attribute.value_bytes, 4);
    } else {
        uint32_t entry_bytes = ext_attribute_entry_size(name->size_bytes);
        room = room > entry_bytes ? room - entry_bytes : 0;
    }
    close_inside(mount, &area);
    *value_bytes_out = (uint32_t)align_down(room, 4);
    return STATUS_OK;
}

/* ---- The set in a block ---------------------------------------------------------------------- */

/* The inode has one block more or less. */
static enum status count_block(struct ext_mount *mount, struct ext_inode *inode, bool more)
{
    uint64_t bytes = (uint64_t)mount->geometry.block_bytes << mount->geometry.cluster_shift;
    uint64_t sectors = bytes / sector_bytes;
    if (!more && inode->sector_count < sectors) {
        return ext_corrupt(mount, "inode has more blocks than it counts", inode->attribute_block);
    }
    inode->sector_count = more ? inode->sector_count + sectors : inode->sector_count - sectors;
    return STATUS_OK;
}

/* A block for the set of one inode, pinned, with nothing in it. */
static enum status make_block(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_attribute_area *area_out)
{
    uint64_t block;
    uint32_t count;
    struct ext_allocation allocation = {
        .goal = {.block = ext_inode_goal(mount, inode->number)}, .block_count = 1};
    struct block_cache_entry *entry;
    enum status status = ext_allocate_blocks(mount, allocation, &block, &count);
    if (status == STATUS_OK) {
        status = ext_change_fresh(mount, block, ext_mark_of(EXT_MARK_ATTRIBUTES, 0), 0, &entry);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = entry->buffer.bytes;
    store_le32(bytes, attribute_magic);
    store_le32(bytes + attribute_block_references, 1);
    store_le32(bytes + attribute_block_count, 1);
    *area_out = (struct ext_attribute_area){
        .entry = entry,
        .bytes = bytes,
        .entries_at = attribute_block_header_bytes,
        .size_bytes = mount->geometry.block_bytes,
        .block = true,
    };
    return STATUS_OK;
}

/* The block has one owner less; the last one frees it. The block is pinned, and stays so. */
static enum status drop_reference(struct ext_mount *mount, const struct ext_attribute_area *area)
{
    enum status status = ext_change_block(mount, area->entry);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t references = load_le32(area->bytes + attribute_block_references);
    store_le32(area->bytes + attribute_block_references, references - 1);
    if (references > 1) {
        return STATUS_OK;
    }
    uint64_t block_count = (uint64_t)1 << mount->geometry.cluster_shift;
    return ext_free_blocks(mount, area->entry->block, block_count, true);
}

/* A copy of a shared set for this inode alone, pinned. */
static enum status copy_set(struct ext_mount *mount, struct ext_inode *inode,
    const struct ext_attribute_area *shared, struct ext_attribute_area *own_out)
{
    enum status status = make_block(mount, inode, own_out);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(own_out->bytes, shared->bytes, shared->size_bytes);
    store_le32(own_out->bytes + attribute_block_references, 1);
    inode->attribute_block = own_out->entry->block;
    status = drop_reference(mount, shared);
    if (status != STATUS_OK) {
        ext_attribute_put(mount, own_out);
    }
    return status;
}

/* The pinned set as one that only this inode has; on failure nothing is pinned. */
static enum status make_own(
    struct ext_mount *mount, struct ext_inode *inode, struct ext_attribute_area *area)
{
    struct ext_attribute_area shared = *area;
    if (load_le32(shared.bytes + attribute_block_references) == 1) {
        enum status status = ext_change_block(mount, shared.entry);
        if (status != STATUS_OK) {
            ext_attribute_put(mount, &shared);
        }
        return status;
    }
    enum status status = copy_set(mount, inode, &shared, area);
    ext_attribute_put(mount, &shared);
    return status;
}

static enum status leave_block(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_attribute_area *area)
{
    enum status status = drop_reference(mount, area);
    if (status == STATUS_OK) {
        status = count_block(mount, inode, false);
    }
    inode->attribute_block = 0;
    return status;
}

/* The set in the block to be changed, made if there is none. */
static enum status open_block(
    struct ext_mount *mount, struct ext_inode *inode, struct ext_attribute_area *area_out)
{
    enum status status = ext_attribute_pin_block(mount, inode, area_out);
    if (status != STATUS_OK) {
        return status;
    }
    if (area_out->entry != nullptr) {
        return make_own(mount, inode, area_out);
    }
    if (mount->geometry.revision == revision_original) {
        return STATUS_UNSUPPORTED; /* Such a volume cannot say that it has any. */
    }
    status = make_block(mount, inode, area_out);
    if (status != STATUS_OK) {
        return status;
    }
    mount->features[EXT_COMPAT] |= compat_attributes;
    inode->attribute_block = area_out->entry->block;
    status = count_block(mount, inode, true);
    if (status != STATUS_OK) {
        ext_attribute_put(mount, area_out);
    }
    return status;
}

/* ---- Both sets ------------------------------------------------------------------------------- */

enum status ext_attribute_add(struct ext_mount *mount, struct ext_inode *inode,
    const struct ext_attribute_name *name, const struct ext_attribute_source *source)
{
    enum status status = ext_attribute_add_inside(mount, inode, name, source);
    if (status != STATUS_NO_SPACE) {
        return status;
    }
    uint32_t stored_bytes = (uint32_t)align_up(source->value_bytes, 4);
    uint32_t room_bytes =
        mount->geometry.block_bytes - attribute_block_header_bytes - terminator_bytes;
    if (stored_bytes + ext_attribute_entry_size(name->size_bytes) > room_bytes) {
        return STATUS_TOO_LARGE;
    }
    struct ext_attribute_area area;
    status = open_block(mount, inode, &area);
    if (status == STATUS_OK) {
        status = insert(&area, name, source);
        ext_attribute_put(mount, &area);
    }
    return status;
}

/* Takes an attribute out of the block's set, which is pinned; gives the pin back. */
static enum status drop_from_block(struct ext_mount *mount, struct ext_inode *inode,
    struct ext_attribute_area *area, const struct ext_attribute *attribute)
{
    struct ext_attribute first;
    bool only = ext_attribute_at(area, area->entries_at, &first) &&
                load_le32(area->bytes + first.next_at) == 0;
    enum status status;
    if (only) {
        status = leave_block(mount, inode, area);
    } else {
        status = make_own(mount, inode, area);
        if (status != STATUS_OK) {
            return status;
        }
        remove_entry(area, attribute);
    }
    ext_attribute_put(mount, area);
    return status;
}

enum status ext_attribute_drop(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_attribute_name *name)
{
    struct ext_attribute_area area;
    struct ext_attribute attribute;
    enum status status = ext_attribute_pin(mount, inode, name, &area, &attribute);
    if (status != STATUS_OK) {
        return status;
    }
    if (attribute.value_inode != 0) {
        status = STATUS_UNSUPPORTED; /* Volumes with such values are not written. */
    } else if (area.block) {
        return drop_from_block(mount, inode, &area, &attribute);
    } else {
        status = change_inode_block(mount, area.entry);
    }
    if (status != STATUS_OK) {
        ext_attribute_put(mount, &area);
        return status;
    }
    remove_entry(&area, &attribute);
    close_inside(mount, &area);
    return STATUS_OK;
}

enum status ext_attribute_edit(struct ext_mount *mount, struct ext_inode *inode,
    const struct ext_attribute_name *name, struct ext_attribute_area *area_out,
    struct ext_attribute *attribute_out)
{
    enum status status = ext_attribute_pin(mount, inode, name, area_out, attribute_out);
    if (status != STATUS_OK) {
        return status;
    }
    if (area_out->block) {
        return make_own(mount, inode, area_out);
    }
    status = change_inode_block(mount, area_out->entry);
    if (status != STATUS_OK) {
        ext_attribute_put(mount, area_out);
    }
    return status;
}

void ext_attribute_edited(struct ext_mount *mount, const struct ext_attribute_area *area,
    const struct ext_attribute *attribute)
{
    if (area->block) {
        store_le32(area->bytes + attribute->at + attribute_value_hash,
            ext_attribute_hash(area, attribute));
    }
    rehash(area);
    ext_attribute_put(mount, area);
}

enum status ext_attributes_free(struct ext_mount *mount, struct ext_inode *inode)
{
    struct ext_attribute_area area;
    enum status status = ext_attribute_pin_block(mount, inode, &area);
    if (status != STATUS_OK || area.entry == nullptr) {
        return status;
    }
    status = leave_block(mount, inode, &area);
    ext_attribute_put(mount, &area);
    return status;
}
