/* SPDX-License-Identifier: ISC */
/*
 * Deleting an inode that nobody refers to any more, in as many changes as its blocks take. It is an
 * orphan meanwhile, so that a mount goes on where a loss of power ended it.
 */
#include "transaction.h"

bool ext_inode_has_map(const struct ext_inode *inode)
{
    if ((inode->flags & inode_flag_inline_data) != 0) {
        return false;
    }
    bool short_link = inode->type == EXT_TYPE_LINK && inode->size_bytes < ext_block_area_bytes &&
                      (inode->flags & inode_flag_extents) == 0;
    return inode->type == EXT_TYPE_FILE || inode->type == EXT_TYPE_DIRECTORY ||
           (inode->type == EXT_TYPE_LINK && !short_link);
}

struct delete_step {
    uint64_t number;
    bool done;
};

enum status ext_inode_free_map(struct ext_mount *mount, struct ext_inode *inode, bool *done_out)
{
    *done_out = true;
    return ext_inode_has_map(inode) ? ext_map_remove(mount, inode, 0, UINT64_MAX, done_out)
                                    : STATUS_OK;
}

enum status ext_inode_drop(struct ext_mount *mount, struct ext_inode *inode)
{
    enum status status = ext_attributes_free(mount, inode);
    if (status == STATUS_OK) {
        status = ext_clear_inode(mount, inode);
    }
    bool directory = inode->type == EXT_TYPE_DIRECTORY;
    return status == STATUS_OK ? ext_free_inode(mount, (uint32_t)inode->number, directory) : status;
}

static enum status run_delete(struct ext_mount *mount, void *context)
{
    struct delete_step *step = context;
    struct ext_inode inode;
    enum status status = ext_load_inode(mount, step->number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    status = ext_inode_free_map(mount, &inode, &step->done);
    if (status != STATUS_OK) {
        return status;
    }
    if (!step->done) {
        return ext_store_inode(mount, &inode);
    }
    status = ext_orphan_remove(mount, &inode);
    return status == STATUS_OK ? ext_inode_drop(mount, &inode) : status;
}

enum status ext_delete_inode(struct ext_mount *mount, uint64_t number)
{
    struct delete_step step = {.number = number};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !step.done) {
        status = ext_change(mount, (struct ext_step){run_delete, &step, ext_change_block_max});
    }
    return status;
}
