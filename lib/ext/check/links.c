/* SPDX-License-Identifier: ISC */
/*
 * Whether all that is in use can be reached from the root, and has as many links as it says.
 */
#include "check.h"

/* The greatest count; a directory with more says 1, [ext4 Inode Table Entry]. */
constexpr uint32_t link_count_max = 65000;

static void find(struct ext_check *check, const char *what, uint32_t number)
{
    ext_check_find_inode(check, what, number, 0);
}

/* A number that is not what it should be. */
static void find_number(struct ext_check *check, uint32_t number, struct ext_finding finding)
{
    if (finding.found == finding.expected) {
        return;
    }
    finding.inode = number;
    finding.group = ext_check_no_group;
    finding.valued = true;
    ext_check_find(check, finding);
}

/*
 * Goes up from a directory to one that is reached, or to an end; all on the way are then reached,
 * or found once. The way is walked again to clear its marks.
 */
static void reach(struct ext_check *check, uint32_t number)
{
    uint32_t at = number;
    struct ext_check_node *node = ext_check_node(check, at);
    while ((node->state & (check_reached | check_on_way)) == 0 && node->parent != 0) {
        node->state |= check_on_way;
        at = node->parent;
        node = ext_check_node(check, at);
    }
    if ((node->state & check_reached) == 0) {
        find(check,
            (node->state & check_on_way) != 0 ? "directories are inside each other"
                                              : "directory has no name",
            at);
    }
    node->state = (uint8_t)((node->state & ~check_on_way) | check_reached);
    for (at = number; (ext_check_node(check, at)->state & check_on_way) != 0;) {
        node = ext_check_node(check, at);
        node->state = (uint8_t)((node->state & ~check_on_way) | check_reached);
        at = node->parent;
    }
}

static void check_directory(struct ext_check *check, uint32_t number)
{
    const struct ext_check_node *node = ext_check_node(check, number);
    uint32_t parent = number == ext_root_number ? ext_root_number : node->parent;
    if ((node->state & check_map_bad) == 0 && parent != 0) {
        find_number(check, number,
            (struct ext_finding){
                .what = "'..' of a directory", .expected = parent, .found = node->dot_dot});
    }
}

static void check_count(struct ext_check *check, uint32_t number)
{
    const struct ext_check_node *node = ext_check_node(check, number);
    uint32_t expected = node->link_count_found;
    if (node->type == EXT_TYPE_DIRECTORY && expected > link_count_max) {
        expected = 1;
    }
    bool uncounted = node->type == EXT_TYPE_DIRECTORY && node->link_count == 1 &&
                     ext_has(&check->mount, EXT_RO_COMPAT, ro_compat_directory_links);
    if (!uncounted) {
        find_number(check, number,
            (struct ext_finding){
                .what = "link count", .expected = expected, .found = node->link_count});
    }
}

/* The inode of a value has one link, and counts the attributes that share it. */
static void check_references(struct ext_check *check, uint32_t number)
{
    const struct ext_check_node *node = ext_check_node(check, number);
    struct block_cache_entry *entry;
    const uint8_t *raw;
    if (node->reference_count == 0) {
        find(check, "value of an attribute that no inode has", number);
        return;
    }
    enum status status = ext_inode_pin(&check->mount, number, &entry, &raw);
    ext_check_note(check, status, number);
    if (status != STATUS_OK) {
        return;
    }
    uint64_t found = (uint64_t)load_le32(raw + inode_value_references_high) << 32 |
                     load_le32(raw + inode_value_references_low);
    ext_check_put(check, entry);
    find_number(check, number,
        (struct ext_finding){.what = "references of an attribute's value",
            .expected = node->reference_count,
            .found = found});
    find_number(check, number,
        (struct ext_finding){.what = "link count", .expected = 1, .found = node->link_count});
}

static void check_inode(struct ext_check *check, uint32_t number)
{
    const struct ext_check_node *node = ext_check_node(check, number);
    if ((node->state & check_value) != 0) {
        check_references(check, number);
        return;
    }
    if (node->type == EXT_TYPE_DIRECTORY) {
        check_directory(check, number);
    } else if (node->link_count_found == 0) {
        find(check, "inode has no name", number);
        return;
    }
    check_count(check, number);
}

void ext_check_links(struct ext_check *check)
{
    uint32_t inode_count = check->mount.geometry.inode_count;
    ext_check_node(check, ext_root_number)->state |= check_reached;
    for (uint32_t number = 1; number <= inode_count; number++) {
        const struct ext_check_node *node = ext_check_node(check, number);
        if ((node->state & check_in_use) == 0 || (node->state & check_system) != 0) {
            continue;
        }
        if (node->type == EXT_TYPE_DIRECTORY && (node->state & check_reached) == 0) {
            reach(check, number);
        }
        if ((node->state & check_orphan) == 0) {
            check_inode(check, number);
        }
    }
}
