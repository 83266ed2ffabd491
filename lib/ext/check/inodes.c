/* SPDX-License-Identifier: ISC */
/*
 * Every inode that is in use, by itself: its fields, its map, its attributes. What it is for and
 * how many links it says that it has is kept for the parts that see who names it.
 */
#include "check.h"

#include <string.h>

constexpr uint32_t sector_bytes = 512;
constexpr uint32_t extra_bytes_min = 4;

static bool all_zero(const uint8_t *bytes, size_t size_bytes)
{
    for (size_t at = 0; at < size_bytes; at++) {
        if (bytes[at] != 0) {
            return false;
        }
    }
    return true;
}

static void find(struct ext_check *check, const struct ext_inode *inode, const char *what)
{
    ext_check_find_inode(check, what, inode->number, 0);
}

static void find_values(
    struct ext_check *check, const struct ext_inode *inode, struct ext_finding finding)
{
    finding.inode = inode->number;
    finding.group = ext_check_no_group;
    finding.valued = true;
    ext_check_find(check, finding);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static bool is_special(enum ext_type type)
{
    return type == EXT_TYPE_CHARACTER_DEVICE || type == EXT_TYPE_BLOCK_DEVICE ||
           type == EXT_TYPE_FIFO || type == EXT_TYPE_SOCKET;
}

static void check_flags(struct ext_check *check, const struct ext_inode *inode)
{
    const struct ext_mount *mount = &check->mount;
    uint32_t flags = inode->flags;
    if ((flags & inode_flag_extents) != 0 && !ext_has(mount, EXT_INCOMPAT, incompat_extents)) {
        find(check, inode, "inode has extents on a volume without");
    }
    if ((flags & inode_flag_inline_data) != 0) {
        if (!ext_has(mount, EXT_INCOMPAT, incompat_inline_data)) {
            find(check, inode, "inode has inline data on a volume without");
        }
        if ((flags & inode_flag_extents) != 0) {
            find(check, inode, "inode has extents beside inline data");
        }
    }
    if (((flags & inode_flag_encrypted) != 0 && !ext_has(mount, EXT_INCOMPAT, incompat_encrypt)) ||
        ((flags & inode_flag_casefold) != 0 && !ext_has(mount, EXT_INCOMPAT, incompat_casefold)) ||
        ((flags & inode_flag_verity) != 0 && !ext_has(mount, EXT_RO_COMPAT, ro_compat_verity))) {
        find(check, inode, "inode uses a feature that the volume has not");
    }
    if ((flags & inode_flag_attribute_value) != 0 &&
        !ext_has(mount, EXT_INCOMPAT, incompat_attribute_inodes)) {
        find(check, inode, "inode of an attribute value on a volume without");
    }
    if ((flags & inode_flag_indexed) != 0 &&
        (inode->type != EXT_TYPE_DIRECTORY ||
            !ext_has(mount, EXT_COMPAT, compat_directory_index))) {
        find(check, inode, "inode has a hash tree that it cannot have");
    }
    bool fixed = (flags & (inode_flag_immutable | inode_flag_append)) != 0;
    if (fixed && is_special(inode->type)) {
        find(check, inode, "device or pipe that cannot be changed");
    }
}

static void check_fields(struct ext_check *check, const struct ext_inode *inode, const uint8_t *raw)
{
    const struct ext_mount *mount = &check->mount;
    uint32_t inode_bytes = mount->geometry.inode_bytes;
    if (inode->type == EXT_TYPE_UNKNOWN) {
        find(check, inode, "inode type");
    }
    bool orphan = (ext_check_node(check, inode->number)->state & check_orphan) != 0;
    if (inode->deleted != 0 && !orphan) {
        find(check, inode, "inode in use has a time of deletion");
    }
    if (load_le32(raw + inode_fragment) != 0) {
        find(check, inode, "inode has a fragment");
    }
    if (load_le16(raw + inode_attribute_block_high) != 0 &&
        !ext_has(mount, EXT_INCOMPAT, incompat_64bit)) {
        find(check, inode, "place of an attribute block");
    }
    bool long_size =
        inode->type == EXT_TYPE_FILE || (inode->type == EXT_TYPE_DIRECTORY &&
                                            ext_has(mount, EXT_INCOMPAT, incompat_large_directory));
    if (!long_size && load_le32(raw + inode_size_high) != 0) {
        find(check, inode, "upper half of a size that has none");
    }
    if (load_le16(raw + inode_sector_count_high) != 0 &&
        !ext_has(mount, EXT_RO_COMPAT, ro_compat_huge_file)) {
        find(check, inode, "upper half of a count of sectors that has none");
    }
    uint32_t extra_bytes =
        inode_bytes > original_inode_bytes ? load_le16(raw + inode_extra_bytes) : 0;
    if (extra_bytes != 0 && (extra_bytes < extra_bytes_min || !is_aligned(extra_bytes, 4) ||
                                extra_bytes > inode_bytes - original_inode_bytes)) {
        find(check, inode, "extra bytes of an inode");
        ext_check_node(check, inode->number)->state |= check_inode_bad;
    }
    check_flags(check, inode);
}

/* Devices, pipes and sockets: no contents, and nothing behind the number of a device. */
static void check_special(struct ext_check *check, const struct ext_inode *inode)
{
    constexpr size_t number_bytes = 16;
    if (inode->size_bytes != 0) {
        find(check, inode, "device or pipe with a size");
    }
    if (!all_zero(inode->block_area + number_bytes, ext_block_area_bytes - number_bytes)) {
        find(check, inode, "device or pipe with blocks");
    }
    if ((inode->flags & (inode_flag_extents | inode_flag_inline_data)) != 0) {
        find(check, inode, "device or pipe with a map");
    }
}

/* ---- Contents -------------------------------------------------------------------------------- */

static bool is_short_link(const struct ext_inode *inode)
{
    return inode->type == EXT_TYPE_LINK && inode->size_bytes < ext_block_area_bytes &&
           (inode->flags & inode_flag_extents) == 0;
}

static void check_size(
    struct ext_check *check, const struct ext_inode *inode, const struct check_map *map)
{
    uint32_t shift = check->mount.geometry.block_shift;
    uint64_t found = inode->size_bytes;
    if (inode->type == EXT_TYPE_DIRECTORY) {
        if (map->end << shift != found) {
            find_values(check, inode,
                (struct ext_finding){
                    .what = "size of a directory", .expected = map->end << shift, .found = found});
        }
        return;
    }
    bool verity = (inode->flags & inode_flag_verity) != 0;
    if (map->end_written > 0 && !verity && found < (map->end_written - 1) << shift) {
        find_values(check, inode,
            (struct ext_finding){.what = "size is less than what is written",
                .expected = map->end_written << shift,
                .found = found});
    }
    bool extents = (inode->flags & inode_flag_extents) != 0;
    uint64_t limit = extents ? extent_logical_limit : ext_block_map_limit(&check->mount.geometry);
    if (found > limit << shift) {
        find_values(check, inode,
            (struct ext_finding){
                .what = "inode size beyond its map", .expected = limit << shift, .found = found});
    }
}

static void check_sectors(struct ext_check *check, const struct ext_inode *inode, uint64_t blocks)
{
    uint64_t expected = blocks * (check->mount.geometry.block_bytes / sector_bytes);
    if (inode->sector_count != expected) {
        find_values(check, inode,
            (struct ext_finding){
                .what = "sectors of an inode", .expected = expected, .found = inode->sector_count});
    }
}

/* The target ends where the size says; one in a block has only that. */
static void check_link(
    struct ext_check *check, const struct ext_inode *inode, const struct check_map *map)
{
    const uint8_t *target = inode->block_area;
    struct block_cache_entry *entry = nullptr;
    uint64_t room = ext_block_area_bytes;
    if (!is_short_link(inode)) {
        struct ext_file file = {.inode = *inode};
        struct ext_run run = {};
        room = check->mount.geometry.block_bytes;
        enum status status = ext_map(&check->mount, &file, 0, &run);
        if (status != STATUS_OK || run.kind != EXT_RUN_DATA || map->end != 1) {
            find(check, inode, "symbolic link without a block, or with many");
            return;
        }
        if (!ext_check_pin(check, run.physical_block, &entry)) {
            return;
        }
        target = entry->buffer.bytes;
    }
    uint64_t size = inode->size_bytes;
    bool readable = (inode->flags & inode_flag_encrypted) == 0;
    if (size == 0 || size >= room || target[size] != 0 ||
        (readable && memchr(target, 0, size) != nullptr)) {
        find(check, inode, "target of a symbolic link");
    }
    if (entry != nullptr) {
        ext_check_put(check, entry);
    }
}

/* A target inside the inode fills all that is there for it. */
static void check_inline_link(
    struct ext_check *check, const struct ext_inode *inode, const struct ext_inline *pieces)
{
    if (inode->size_bytes != pieces->first_bytes + (uint64_t)pieces->second_bytes ||
        memchr(pieces->first, 0, pieces->first_bytes) != nullptr ||
        memchr(pieces->second, 0, pieces->second_bytes) != nullptr) {
        find(check, inode, "target of a symbolic link");
    }
}

static void check_inline(struct ext_check *check, const struct ext_inode *inode)
{
    struct ext_inline pieces;
    enum status status = ext_inline_pin(&check->mount, inode, &pieces);
    ext_check_note(check, status, inode->number);
    if (status != STATUS_OK) {
        ext_check_node(check, inode->number)->state |= check_map_bad;
        return;
    }
    if (inode->type == EXT_TYPE_LINK) {
        check_inline_link(check, inode, &pieces);
    }
    ext_check_put(check, pieces.entry);
    if (inode->type == EXT_TYPE_DIRECTORY &&
        inode->size_bytes != pieces.first_bytes + pieces.second_bytes) {
        find_values(check, inode,
            (struct ext_finding){.what = "size of a directory",
                .expected = pieces.first_bytes + (uint64_t)pieces.second_bytes,
                .found = inode->size_bytes});
    }
}

/* Map, size, sectors and attributes. */
static void check_contents(struct ext_check *check, const struct ext_inode *inode)
{
    struct ext_check_node *node = ext_check_node(check, inode->number);
    uint64_t blocks = ext_check_attributes(check, inode);
    struct check_map map = {};
    bool inside = (inode->flags & inode_flag_inline_data) != 0;
    if (is_special(inode->type)) {
        check_special(check, inode);
    } else if (inside) {
        check_inline(check, inode);
    } else if (!is_short_link(inode)) {
        map = ext_check_map(check, inode);
    }
    if (map.bad) {
        node->state |= check_map_bad;
        return;
    }
    if (inode->type == EXT_TYPE_LINK && !inside) {
        check_link(check, inode, &map);
    } else if (!inside && !is_special(inode->type)) {
        check_size(check, inode, &map);
    }
    check_sectors(check, inode, blocks + map.block_count);
}

/* ---- All inodes ------------------------------------------------------------------------------ */

/* The volume's own: reserved numbers, and those that the super block names. */
static bool is_system(const struct ext_check *check, uint32_t number)
{
    const struct ext_mount *mount = &check->mount;
    return (number < mount->geometry.first_inode && number != ext_root_number) ||
           (ext_has(mount, EXT_COMPAT, compat_has_journal) && !mount->journal.external &&
               number == mount->journal.inode_number) ||
           ext_check_is_quota(check, number) || ext_check_is_orphan_file(check, number);
}

/* The inode of the blocks kept for growing has no type if there are none. */
static void check_fields_of_system(
    struct ext_check *check, const struct ext_inode *inode, const uint8_t *raw)
{
    if (inode->type != EXT_TYPE_UNKNOWN) {
        check_fields(check, inode, raw);
        check_size(check, inode, &(struct check_map){});
    }
}

/* A reserved number that nothing uses may hold anything without blocks. */
static void check_system_inode(
    struct ext_check *check, const struct ext_inode *inode, const uint8_t *raw)
{
    const struct ext_mount *mount = &check->mount;
    bool journal = ext_has(mount, EXT_COMPAT, compat_has_journal) && !mount->journal.external &&
                   inode->number == mount->journal.inode_number;
    bool used = journal || ext_check_is_quota(check, (uint32_t)inode->number) ||
                ext_check_is_orphan_file(check, (uint32_t)inode->number);
    if (inode->number == resize_inode_number) {
        check_fields_of_system(check, inode, raw);
        check_sectors(check, inode, ext_check_resize_inode(check, inode));
        return;
    }
    if (used) {
        if (inode->type != EXT_TYPE_FILE) {
            find(check, inode, "inode of the volume is no file");
        }
        check_fields(check, inode, raw);
        check_contents(check, inode);
        uint64_t sectors_needed = inode->size_bytes / sector_bytes;
        if (inode->type == EXT_TYPE_FILE && sectors_needed > inode->sector_count) {
            find(check, inode, "file of the volume is longer than its blocks");
        }
        return;
    }
    bool empty = all_zero(inode->block_area, ext_block_area_bytes) && inode->attribute_block == 0;
    check_flags(check, inode);
    if (inode->deleted != 0 && inode->deleted < mount->geometry.inode_count) {
        find(check, inode, "time of deletion that is the number of an orphan");
    }
    if (inode->number == journal_inode_number &&
        !(empty && inode->link_count == 0 && inode->sector_count == 0)) {
        find(check, inode, "inode of a journal that is not there");
    } else if (!empty) {
        check_sectors(check, inode,
            ext_check_map(check, inode).block_count + ext_check_attributes(check, inode));
    }
}

static void check_deleted(
    struct ext_check *check, const struct ext_inode *inode, const uint8_t *raw)
{
    if (load_le16(raw + inode_mode) != 0 && inode->deleted == 0) {
        find(check, inode, "deleted inode without a time of deletion");
    }
}

static void check_inode(struct ext_check *check, uint32_t number, const uint8_t *raw)
{
    struct ext_mount *mount = &check->mount;
    struct ext_check_node *node = ext_check_node(check, number);
    struct ext_inode inode = ext_inode_parse(mount, number, raw);
    if (ext_has_checksums(mount)) {
        inode.checksum_seed = ext_inode_checksum_seed(mount, number, raw);
        if (!ext_inode_checksum_valid(mount, inode.checksum_seed, raw) &&
            !all_zero(raw, mount->geometry.inode_bytes)) {
            find(check, &inode, "inode checksum");
        }
    }
    node->type = (uint8_t)inode.type;
    node->link_count = inode.link_count;
    if (is_system(check, number)) {
        node->state |= check_in_use | check_system;
        check_system_inode(check, &inode, raw);
        return;
    }
    if (inode.link_count == 0 && (node->state & check_orphan) == 0) {
        check_deleted(check, &inode, raw);
        return;
    }
    node->state |= check_in_use;
    if ((inode.flags & inode_flag_attribute_value) != 0) {
        node->state |= check_value;
    }
    check_fields(check, &inode, raw);
    if (number == ext_root_number && inode.type != EXT_TYPE_DIRECTORY) {
        find(check, &inode, "root is no directory");
    }
    check_contents(check, &inode);
}

static bool check_table_block(
    struct ext_check *check, uint64_t block, uint32_t first_number, uint32_t count)
{
    struct block_cache_entry *entry;
    if (!ext_check_pin(check, block, &entry)) {
        return false;
    }
    const uint8_t *raw = entry->buffer.bytes;
    for (uint32_t index = 0; index < count; index++) {
        check_inode(check, first_number + index, raw);
        raw += check->mount.geometry.inode_bytes;
    }
    ext_check_put(check, entry);
    return check->failure == STATUS_OK;
}

static bool check_table(struct ext_check *check, uint32_t group)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    struct ext_group values;
    if (ext_group_read(&check->mount, group, &values) != STATUS_OK) {
        return true;
    }
    uint32_t count = geometry->inodes_per_group - values.unused_inode_count;
    if ((values.flags & group_inodes_unused) != 0) {
        count = 0;
    }
    uint32_t per_block = geometry->block_bytes / geometry->inode_bytes;
    for (uint32_t index = 0; index < count; index += per_block) {
        uint32_t left = count - index;
        uint32_t number = group * geometry->inodes_per_group + index + 1;
        if (!check_table_block(check, values.inode_table + index / per_block, number,
                left < per_block ? left : per_block)) {
            return false;
        }
    }
    return true;
}

void ext_check_inodes(struct ext_check *check)
{
    for (uint32_t number = 1; number < check->mount.geometry.first_inode; number++) {
        ext_check_node(check, number)->state |= check_in_use | check_system;
    }
    ext_check_node(check, ext_root_number)->state &= (uint8_t)~check_system;
    for (uint32_t group = 0; group < check->mount.geometry.group_count; group++) {
        if (!check_table(check, group)) {
            return;
        }
    }
}
