/* SPDX-License-Identifier: ISC */
/*
 * Taking names away, and inodes with their last name. A large one goes in a row of changes; until
 * it is gone, and while somebody has it open, it is an orphan, which the next mount removes.
 */
#include "naming.h"

/* ---- The last of an inode -------------------------------------------------------------------- */

/* Deletes what fits into the change; what is left is an orphan. */
static enum status abandon(struct ext_mount *mount, struct ext_inode *inode, bool keep)
{
    bool done = false;
    enum status status = keep ? STATUS_OK : ext_inode_free_map(mount, inode, &done);
    if (status == STATUS_OK && done) {
        return ext_inode_drop(mount, inode);
    }
    if (status == STATUS_OK) {
        status = ext_orphan_add(mount, inode);
    }
    inode->changed = mount->now;
    return status == STATUS_OK ? ext_store_inode(mount, inode) : status;
}

enum status ext_node_unlink(struct ext_mount *mount, struct ext_file *node, bool keep)
{
    struct ext_inode *inode = &node->inode;
    bool directory = inode->type == EXT_TYPE_DIRECTORY;
    inode->link_count = directory ? 0 : (uint16_t)(inode->link_count - 1);
    return inode->link_count > 0 ? ext_node_store(mount, node) : abandon(mount, inode, keep);
}

enum status ext_forget(struct ext_mount *mount, uint64_t number)
{
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, number, &inode);
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && inode.link_count > 0)) {
        return STATUS_OK;
    }
    return status == STATUS_OK ? ext_delete_inode(mount, number) : status;
}

/* ---- Names ----------------------------------------------------------------------------------- */

struct unlink_step {
    uint64_t parent;
    struct ext_name name;
    bool directory; /* what the name must lead to */
    bool keep;
    uint64_t orphan; /* an inode that is to be deleted in further changes; 0: none */
};

static enum status check_kind(
    struct ext_mount *mount, const struct unlink_step *step, struct ext_file *node)
{
    bool directory = node->inode.type == EXT_TYPE_DIRECTORY;
    if (directory != step->directory) {
        return directory ? STATUS_IS_DIRECTORY : STATUS_NOT_DIRECTORY;
    }
    return directory ? ext_directory_check_empty(mount, node) : STATUS_OK;
}

/* Takes the entry away; its node is opened. */
static enum status take_entry(struct ext_mount *mount, const struct unlink_step *step,
    struct ext_file *parent, struct ext_file *node_out)
{
    struct ext_entry_place place;
    enum status status = ext_name_find(mount, parent, step->name, &place);
    if (status != STATUS_OK) {
        return status;
    }
    status = ext_node_open_entry(mount, &parent->inode, &place, node_out);
    if (status == STATUS_OK) {
        status = check_kind(mount, step, node_out);
    }
    if (status == STATUS_OK) {
        status = ext_entry_remove(mount, parent, &place);
    }
    block_cache_put(&mount->cache, place.entry);
    return status;
}

static enum status run_unlink(struct ext_mount *mount, void *context)
{
    struct unlink_step *step = context;
    struct ext_file parent;
    struct ext_file node;
    enum status status = ext_node_open_directory(mount, step->parent, true, &parent);
    if (status == STATUS_OK) {
        status = take_entry(mount, step, &parent, &node);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (step->directory) {
        ext_link_count_drop_child(&parent.inode);
    }
    status = ext_node_store_directory(mount, &parent);
    if (status == STATUS_OK) {
        status = ext_node_unlink(mount, &node, step->keep);
    }
    step->orphan = node.inode.link_count == 0 && !step->keep ? node.inode.number : 0;
    return status;
}

static enum status unlink_name(struct ext_mount *mount, struct unlink_step *step)
{
    enum status status = ext_name_check(step->name);
    if (status == STATUS_OK) {
        status = ext_change(
            mount, (struct ext_step){
                       .run = run_unlink, .context = step, .block_count = ext_change_block_max});
    }
    return status == STATUS_OK && step->orphan != 0 ? ext_forget(mount, step->orphan) : status;
}

enum status ext_unlink(
    struct ext_mount *mount, uint64_t parent, struct ext_name name, bool keep_inode)
{
    struct unlink_step step = {.parent = parent, .name = name, .keep = keep_inode};
    return unlink_name(mount, &step);
}

enum status ext_remove_directory(
    struct ext_mount *mount, uint64_t parent, struct ext_name name, bool keep_inode)
{
    struct unlink_step step = {
        .parent = parent, .name = name, .directory = true, .keep = keep_inode};
    return unlink_name(mount, &step);
}
