/* SPDX-License-Identifier: ISC */
/*
 * Files that belong to the file system itself: they have an inode and blocks, and no name.
 */
#include "transaction.h"

enum status ext_own_file_open(
    struct ext_mount *mount, uint32_t number, const char *missing, struct ext_file *file_out)
{
    struct ext_file file = {.change_count = mount->change_count};
    enum status status = ext_load_inode(mount, number, &file.inode);
    if (status == STATUS_NOT_FOUND || status == STATUS_INVALID_ARGUMENT) {
        return ext_corrupt(mount, missing, 0);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool mapped = (file.inode.flags & inode_flag_inline_data) == 0;
    if (file.inode.type != EXT_TYPE_FILE || !mapped) {
        return ext_corrupt(mount, missing, 0);
    }
    *file_out = file;
    return STATUS_OK;
}

enum status ext_own_file_pin(struct ext_mount *mount, struct ext_file *file, uint64_t logical_block,
    const char *hole, struct block_cache_entry **entry_out)
{
    struct ext_run run;
    enum status status = ext_map(mount, file, logical_block, &run);
    if (status == STATUS_OK && run.kind != EXT_RUN_DATA) {
        status = ext_corrupt(mount, hole, 0);
    }
    return status == STATUS_OK ? block_cache_get(&mount->cache, run.physical_block, entry_out)
                               : status;
}
