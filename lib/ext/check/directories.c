/* SPDX-License-Identifier: ISC */
/*
 * What directories hold: blocks, entries, and whom the entries name. What is wrong with a block as
 * a whole is found first; then its entries are followed as far as they make sense, so that what
 * they name does not seem to be lost.
 */
#include "check.h"

static void find_entry(
    struct ext_check *check, const char *what, uint64_t directory, uint64_t block)
{
    ext_check_find_inode(check, what, directory, block);
}

static void check_type(
    struct ext_check *check, uint64_t directory, uint64_t block, const struct ext_record *record)
{
    if (ext_has(&check->mount, EXT_INCOMPAT, incompat_filetype) &&
        record->type != ext_check_node(check, record->inode_number)->type) {
        ext_check_find(check, (struct ext_finding){.what = "type of a directory entry",
                                  .inode = directory,
                                  .block = block,
                                  .group = ext_check_no_group,
                                  .valued = true,
                                  .expected = ext_check_node(check, record->inode_number)->type,
                                  .found = record->type});
    }
}

static bool is_name(const struct ext_record *record, const char *name, uint32_t name_bytes)
{
    struct ext_name wanted = {.bytes = name, .size_bytes = name_bytes};
    return ext_record_is(record, wanted);
}

/* An entry that is not "." or "..". */
static void check_child(
    struct ext_check *check, uint64_t directory, uint64_t block, const struct ext_record *record)
{
    struct ext_check_node *node = ext_check_node(check, record->inode_number);
    if (record->inode_number == ext_root_number) {
        find_entry(check, "directory entry names the root", directory, block);
        return;
    }
    if ((node->state & (check_system | check_value)) != 0) {
        find_entry(check, "directory entry names an inode that is no file", directory, block);
        return;
    }
    node->link_count_found++;
    if (node->type != EXT_TYPE_DIRECTORY) {
        return;
    }
    if (node->parent != 0) {
        find_entry(check, "directory has two names", directory, block);
        return;
    }
    node->parent = (uint32_t)directory;
}

/* Whose entry it is, and where. */
struct place {
    uint64_t directory;
    uint64_t block;
    bool dots; /* "." and ".." stand here */
};

static void check_entry(
    struct ext_check *check, const struct place *place, const struct ext_record *record)
{
    if (record->inode_number == 0) {
        return;
    }
    if (!ext_check_number_valid(check, record->inode_number) ||
        (ext_check_node(check, record->inode_number)->state & check_in_use) == 0) {
        find_entry(check, "directory entry names no inode in use", place->directory, place->block);
        return;
    }
    bool dot = is_name(record, ".", 1);
    bool dot_dot = is_name(record, "..", 2);
    if ((dot || dot_dot) && !place->dots) {
        find_entry(check, "'.' or '..' among the entries", place->directory, place->block);
        return;
    }
    check_type(check, place->directory, place->block, record);
    if (dot_dot) {
        ext_check_node(check, place->directory)->dot_dot = record->inode_number;
    }
    if (dot || dot_dot) {
        ext_check_node(check, record->inode_number)->link_count_found++;
        return;
    }
    check_child(check, place->directory, place->block, record);
}

static void check_area(
    struct ext_check *check, struct place place, const struct ext_entry_area *area)
{
    constexpr uint32_t dots_count = 2;
    uint32_t at = 0;
    struct ext_record record;
    bool first_block = place.dots;
    for (uint32_t index = 0; ext_record_parse(&check->mount, area, at, &record); index++) {
        place.dots = first_block && index < dots_count;
        check_entry(check, &place, &record);
        at += record.record_bytes;
    }
}

/* The names "." and ".." are ended by a zero. */
static void check_dots(
    struct ext_check *check, uint64_t directory, uint64_t block, const struct ext_entry_area *area)
{
    struct ext_record dot;
    struct ext_record dot_dot;
    if (ext_record_parse(&check->mount, area, 0, &dot) && is_name(&dot, ".", 1) &&
        ext_record_parse(&check->mount, area, dot.record_bytes, &dot_dot) &&
        is_name(&dot_dot, "..", 2) && (dot.name[1] != 0 || dot_dot.name[2] != 0)) {
        find_entry(check, "'.' or '..' is not ended by a zero", directory, block);
    }
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

/* The block as it is, if it is there at all. */
static struct block_cache_entry *pin_unverified(
    struct ext_check *check, struct ext_file *directory, uint64_t logical_block)
{
    struct ext_run run;
    struct block_cache_entry *entry;
    enum status status = ext_map(&check->mount, directory, logical_block, &run);
    if (status != STATUS_OK || run.kind != EXT_RUN_DATA ||
        !ext_check_pin(check, run.physical_block, &entry)) {
        return nullptr;
    }
    return entry;
}

static void check_block(struct ext_check *check, struct ext_file *directory, uint64_t logical_block)
{
    struct block_cache_entry *entry;
    enum status status = ext_directory_pin_next(&check->mount, directory, logical_block, &entry);
    ext_check_note(check, status, directory->inode.number);
    if (status != STATUS_OK) {
        entry = pin_unverified(check, directory, logical_block);
    }
    if (entry == nullptr) {
        return;
    }
    struct place place = {
        .directory = directory->inode.number,
        .block = entry->block,
        .dots = logical_block == 0,
    };
    struct ext_entry_area area = {
        .bytes = entry->buffer.bytes,
        .size_bytes = check->mount.geometry.block_bytes,
    };
    check_area(check, place, &area);
    if (place.dots) {
        check_dots(check, place.directory, place.block, &area);
    }
    ext_check_put(check, entry);
}

static void check_inside(struct ext_check *check, const struct ext_inode *inode)
{
    struct ext_inline_directory pieces;
    enum status status = ext_inline_directory_pin(&check->mount, inode, &pieces);
    ext_check_note(check, status, inode->number);
    if (status != STATUS_OK) {
        return;
    }
    struct ext_check_node *node = ext_check_node(check, inode->number);
    node->dot_dot = load_le32(pieces.parent);
    node->link_count_found++;
    ext_check_node(check, node->dot_dot)->link_count_found++;
    struct place place = {.directory = inode->number, .block = pieces.entry->block};
    check_area(check, place, &pieces.areas[0]);
    check_area(check, place, &pieces.areas[1]);
    ext_check_put(check, pieces.entry);
}

static void check_directory(struct ext_check *check, uint32_t number)
{
    struct ext_file directory;
    enum status status = ext_open(&check->mount, number, &directory);
    if (status != STATUS_OK) {
        return; /* Its inode was found to lie. */
    }
    if ((directory.inode.flags & inode_flag_inline_data) != 0) {
        check_inside(check, &directory.inode);
        return;
    }
    uint64_t block_count = directory.inode.size_bytes >> check->mount.geometry.block_shift;
    for (uint64_t block = 0; block < block_count && check->failure == STATUS_OK; block++) {
        check_block(check, &directory, block);
    }
    ext_check_duplicates(check, &directory);
    ext_check_index(check, &directory);
}

void ext_check_directories(struct ext_check *check)
{
    for (uint32_t number = 1; number <= check->mount.geometry.inode_count; number++) {
        const struct ext_check_node *node = ext_check_node(check, number);
        bool readable =
            (node->state & (check_in_use | check_system | check_map_bad | check_inode_bad)) ==
            check_in_use;
        if (node->type == EXT_TYPE_DIRECTORY && readable && check->failure == STATUS_OK) {
            check_directory(check, number);
        }
    }
}
