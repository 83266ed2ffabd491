/* SPDX-License-Identifier: ISC */
/*
 * Replaying names. Each adds or takes away one entry and one link, in one change; what is so
 * already is left. A name in a directory that is free, or of an inode that is, was overtaken: what
 * is made and gone again before a fast commit leaves only its unlinking there.
 */
#include "../naming.h"
#include "fast_commit.h"

struct name_step {
    const struct ext_fast_operation *operation;
    struct ext_name name;
    bool ended;
};

static struct name_step step_of(const struct ext_fast_operation *operation)
{
    return (struct name_step){
        .operation = operation,
        .name = {.bytes = operation->name, .size_bytes = operation->name_bytes},
    };
}

/* The directory that the name is in; NOT_FOUND if it is free. */
static enum status open_parent(
    struct ext_mount *mount, const struct name_step *step, struct ext_file *parent_out)
{
    *parent_out = (struct ext_file){.change_count = mount->change_count};
    enum status status = ext_fast_load(mount, step->operation->parent_number, &parent_out->inode);
    if (status != STATUS_OK) {
        return status;
    }
    if (parent_out->inode.type != EXT_TYPE_DIRECTORY || parent_out->inode.link_count == 0) {
        return ext_corrupt(mount, "fast commit of a name in no directory", 0);
    }
    if (ext_is_encrypted(&parent_out->inode)) {
        return ext_journal_refuse(mount, "fast commit", "it changes names that are encrypted");
    }
    return ext_name_check(step->name) == STATUS_OK
               ? STATUS_OK
               : ext_corrupt(mount, "fast commit of an impossible name", 0);
}

/* ---- Adding ---------------------------------------------------------------------------------- */

/* The first name of a new directory. */
static enum status start_directory(
    struct ext_mount *mount, struct ext_file *parent, struct ext_file *node)
{
    struct ext_inode *inode = &node->inode;
    uint64_t end = 0;
    enum status status = STATUS_OK;
    bool inline_data = (inode->flags & inode_flag_inline_data) != 0;
    if (!inline_data) {
        status = ext_map_end(mount, inode, &end);
    }
    if (status == STATUS_OK && (inode->link_count != 0 || inline_data || end != 0)) {
        status = ext_corrupt(mount, "fast commit of another name of a directory", 0);
    }
    if (status == STATUS_OK) {
        inode->link_count = 2;
        status = ext_directory_start(mount, node, (uint32_t)parent->inode.number);
    }
    return status == STATUS_OK ? ext_link_count_add(mount, &parent->inode) : status;
}

static enum status add_link(struct ext_mount *mount, struct ext_file *parent, struct ext_file *node)
{
    enum status status = STATUS_OK;
    bool orphan = node->inode.link_count == 0;
    if (orphan) {
        status = ext_orphan_remove(mount, &node->inode);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return node->inode.type == EXT_TYPE_DIRECTORY ? start_directory(mount, parent, node)
                                                  : ext_link_count_add(mount, &node->inode);
}

/* Whether the entry is there; CORRUPT if the name leads elsewhere. */
static enum status find_same(
    struct ext_mount *mount, const struct name_step *step, struct ext_file *parent, bool *same_out)
{
    struct ext_entry_place place;
    enum status status = ext_name_find(mount, parent, step->name, &place);
    *same_out = false;
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    *same_out = place.inode_number == step->operation->inode_number;
    uint64_t block = place.entry->block;
    block_cache_put(&mount->cache, place.entry);
    return *same_out ? STATUS_OK : ext_corrupt(mount, "fast commit of a name that is taken", block);
}

static enum status add_entry(struct ext_mount *mount, const struct name_step *step,
    struct ext_file *parent, struct ext_file *node)
{
    enum status status = add_link(mount, parent, node);
    if (status == STATUS_OK) {
        status = ext_store_inode(mount, &node->inode);
    }
    if (status == STATUS_OK) {
        status = ext_name_add(mount, parent, step->name, &node->inode);
    }
    return status == STATUS_OK ? ext_store_inode(mount, &parent->inode) : status;
}

static enum status run_add(struct ext_mount *mount, void *context)
{
    const struct name_step *step = context;
    struct ext_file parent;
    struct ext_file node = {.change_count = mount->change_count};
    bool same = false;
    enum status status = open_parent(mount, step, &parent);
    if (status == STATUS_OK) {
        status = ext_fast_load(mount, step->operation->inode_number, &node.inode);
    }
    if (status == STATUS_OK) {
        status = find_same(mount, step, &parent, &same);
    }
    return status == STATUS_OK && !same ? add_entry(mount, step, &parent, &node) : status;
}

enum status ext_fast_add_name(struct ext_mount *mount, const struct ext_fast_operation *operation)
{
    struct name_step step = step_of(operation);
    enum status status = ext_change(mount, (struct ext_step){run_add, &step, ext_change_block_max});
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* ---- Taking away ----------------------------------------------------------------------------- */

/* A directory that loses its blocks from the end stays one as long as it has a block. */
static enum status shorten_directory(struct ext_mount *mount, struct ext_inode *inode)
{
    uint64_t end;
    enum status status = ext_map_end(mount, inode, &end);
    if (status == STATUS_OK && end > 0) {
        inode->size_bytes = end << mount->geometry.block_shift;
    }
    return status;
}

/*
 * Before the last name goes, the blocks do, in as many changes as it takes; so there is no orphan
 * whose number the next operation may want.
 */
static enum status remove_contents(
    struct ext_mount *mount, struct name_step *step, struct ext_file *node)
{
    enum status status = ext_inode_free_map(mount, &node->inode, &step->ended);
    if (status != STATUS_OK || step->ended) {
        return status;
    }
    if (node->inode.type == EXT_TYPE_DIRECTORY) {
        status = shorten_directory(mount, &node->inode);
    }
    return status == STATUS_OK ? ext_store_inode(mount, &node->inode) : status;
}

static enum status remove_entry(struct ext_mount *mount, struct ext_file *parent,
    const struct ext_entry_place *place, struct ext_file *node)
{
    bool directory = node->inode.type == EXT_TYPE_DIRECTORY;
    bool last = directory || node->inode.link_count == 1;
    enum status status = ext_entry_remove(mount, parent, place);
    if (status == STATUS_OK && directory) {
        ext_link_count_drop_child(&parent->inode);
    }
    if (status == STATUS_OK) {
        status = ext_store_inode(mount, &parent->inode);
    }
    if (status != STATUS_OK || last) {
        return status == STATUS_OK ? ext_inode_drop(mount, &node->inode) : status;
    }
    node->inode.link_count--;
    return ext_store_inode(mount, &node->inode);
}

/* The inode that the entry leads to, if it is the right one; else NOT_FOUND. */
static enum status open_node(struct ext_mount *mount, const struct name_step *step,
    const struct ext_entry_place *place, struct ext_file *node_out)
{
    if (place->inode_number != step->operation->inode_number) {
        return STATUS_NOT_FOUND;
    }
    *node_out = (struct ext_file){.change_count = mount->change_count};
    enum status status = ext_fast_load(mount, place->inode_number, &node_out->inode);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && node_out->inode.link_count == 0)) {
        return ext_corrupt(mount, "directory entry names a free inode", place->entry->block);
    }
    if (status != STATUS_OK || node_out->inode.type != EXT_TYPE_DIRECTORY) {
        return status;
    }
    status = ext_directory_check_empty(mount, node_out);
    return status == STATUS_NOT_EMPTY
               ? ext_corrupt(mount, "fast commit takes away a directory with names", 0)
               : status;
}

static enum status remove_found(struct ext_mount *mount, struct name_step *step,
    struct ext_file *parent, const struct ext_entry_place *place)
{
    struct ext_file node;
    enum status status = open_node(mount, step, place, &node);
    if (status != STATUS_OK) {
        return status;
    }
    bool last = node.inode.type == EXT_TYPE_DIRECTORY || node.inode.link_count == 1;
    step->ended = true;
    if (last) {
        status = remove_contents(mount, step, &node);
    }
    return status == STATUS_OK && step->ended ? remove_entry(mount, parent, place, &node) : status;
}

static enum status run_remove(struct ext_mount *mount, void *context)
{
    struct name_step *step = context;
    struct ext_file parent;
    struct ext_entry_place place;
    enum status status = open_parent(mount, step, &parent);
    if (status == STATUS_OK) {
        status = ext_name_find(mount, &parent, step->name, &place);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = remove_found(mount, step, &parent, &place);
    block_cache_put(&mount->cache, place.entry);
    return status;
}

enum status ext_fast_remove_name(
    struct ext_mount *mount, const struct ext_fast_operation *operation)
{
    struct name_step step = step_of(operation);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !step.ended) {
        status = ext_change(mount, (struct ext_step){run_remove, &step, ext_change_block_max});
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
