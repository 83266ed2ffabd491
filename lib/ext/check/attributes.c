/* SPDX-License-Identifier: ISC */
/*
 * Extended attributes of an inode in both places, and how often a block of them is shared.
 */
#include "check.h"

/* The blocks of a value are counted among those of every file that has it. */
static uint64_t value_block_count(const struct ext_geometry *geometry, uint32_t value_bytes)
{
    uint32_t shift = geometry->block_shift + geometry->cluster_shift;
    uint64_t cluster_count = ((uint64_t)value_bytes + ((uint64_t)1 << shift) - 1) >> shift;
    return cluster_count << geometry->cluster_shift;
}

/* The inode that holds the value of an attribute; how many blocks that adds to those of `inode`. */
static uint64_t check_value_inode(struct ext_check *check, const struct ext_inode *inode,
    const struct ext_attribute_area *area, const struct ext_attribute *attribute)
{
    uint32_t number = attribute->value_inode;
    struct ext_inode value;
    enum status status = ext_load_value_inode(&check->mount, number, &value);
    if (status == STATUS_INVALID_ARGUMENT || status == STATUS_NOT_FOUND) {
        ext_check_find_inode(check, "value of an attribute is not there", inode->number, 0);
        return 0;
    }
    ext_check_note(check, status, inode->number);
    if (status != STATUS_OK) {
        return 0;
    }
    ext_check_node(check, number)->reference_count++;
    if (value.size_bytes != attribute->value_bytes) {
        ext_check_find(check, (struct ext_finding){.what = "size of an attribute's value",
                                  .inode = number,
                                  .group = ext_check_no_group,
                                  .valued = true,
                                  .expected = attribute->value_bytes,
                                  .found = value.size_bytes});
    }
    if (!ext_attribute_value_names(&value, inode) &&
        !ext_attribute_value_hash_valid(area, attribute, (uint32_t)value.accessed.seconds)) {
        ext_check_find_inode(check, "hash of an attribute", inode->number, 0);
    }
    return value_block_count(&check->mount.geometry, attribute->value_bytes);
}

/* e2fsck does not look into them; whoever asks for one would be told that it is corrupt. */
static void check_list(struct ext_check *check, const struct ext_inode *inode,
    const struct ext_attribute_area *area, const struct ext_attribute *attribute)
{
    uint32_t value_bytes;
    const char *fault = ext_attribute_is_acl(attribute->index)
                            ? ext_acl_measure(area, attribute, &value_bytes)
                            : nullptr;
    if (fault != nullptr) {
        ext_check_find_inode(check, fault, inode->number, area->entry->block);
    }
}

static uint64_t check_set(
    struct ext_check *check, const struct ext_inode *inode, const struct ext_attribute_area *area)
{
    struct ext_attribute attribute;
    uint64_t block_count = 0;
    uint32_t at = area->entries_at;
    while (ext_attribute_at(area, at, &attribute)) {
        uint32_t hash = load_le32(area->bytes + attribute.at + attribute_value_hash);
        check_list(check, inode, area, &attribute);
        if (attribute.value_inode != 0) {
            block_count += check_value_inode(check, inode, area, &attribute);
        } else if (!area->block && hash != 0 && hash != ext_attribute_hash(area, &attribute)) {
            ext_check_find_inode(check, "hash of an attribute", inode->number, 0);
        }
        at = attribute.next_at;
    }
    return block_count;
}

static uint64_t check_pinned(struct ext_check *check, const struct ext_inode *inode,
    enum status status, const struct ext_attribute_area *area)
{
    if (status != STATUS_OK) {
        ext_check_note(check, status, inode->number);
        return 0;
    }
    uint64_t block_count = check_set(check, inode, area);
    ext_attribute_put(&check->mount, area);
    return block_count;
}

uint64_t ext_check_attributes(struct ext_check *check, const struct ext_inode *inode)
{
    struct ext_mount *mount = &check->mount;
    struct ext_attribute_area area;
    uint64_t block_count = 0;
    if ((ext_check_node(check, inode->number)->state & check_inode_bad) == 0) {
        enum status status = ext_attribute_pin_inode(mount, inode, &area);
        block_count = check_pinned(check, inode, status, &area);
    }
    if (inode->attribute_block == 0) {
        return block_count;
    }
    if (!ext_blocks_valid(mount, inode->attribute_block, 1) ||
        !ext_has(mount, EXT_COMPAT, compat_attributes)) {
        ext_check_find_inode(
            check, "place of an attribute block", inode->number, inode->attribute_block);
        return block_count;
    }
    check->attribute_blocks[check->attribute_block_count++] = inode->attribute_block;
    block_count += check_pinned(check, inode, ext_attribute_pin_block(mount, inode, &area), &area);
    return block_count + ((uint64_t)1 << mount->geometry.cluster_shift);
}

/* ---- References ------------------------------------------------------------------------------ */

static void check_block(struct ext_check *check, uint64_t block, uint32_t count)
{
    struct block_cache_entry *entry;
    ext_check_claim(check, 0, block, 1);
    if (!ext_check_pin(check, block, &entry)) {
        return;
    }
    const uint8_t *bytes = entry->buffer.bytes;
    uint32_t found = load_le32(bytes + attribute_block_references);
    ext_check_put(check, entry);
    if (found != count) {
        ext_check_find(check, (struct ext_finding){.what = "references of an attribute block",
                                  .block = block,
                                  .group = ext_check_no_group,
                                  .valued = true,
                                  .expected = count,
                                  .found = found});
    }
}

void ext_check_references(struct ext_check *check)
{
    uint32_t total = check->attribute_block_count;
    ext_check_sort(check->attribute_blocks, total);
    uint32_t first = 0;
    while (first < total) {
        uint64_t block = check->attribute_blocks[first];
        uint32_t end = first;
        while (end < total && check->attribute_blocks[end] == block) {
            end++;
        }
        check_block(check, block, end - first);
        first = end;
    }
}
