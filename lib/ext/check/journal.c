/* SPDX-License-Identifier: ISC */
/*
 * The journal as far as a volume at rest has one: its super block, and that nothing waits in it.
 */
#include "../journal/journal.h"

#include "check.h"

void ext_check_journal(struct ext_check *check)
{
    struct ext_mount *mount = &check->mount;
    const struct ext_journal *journal = &mount->journal;
    uint32_t number = journal->inode_number;
    if (!ext_has(mount, EXT_COMPAT, compat_has_journal)) {
        return;
    }
    struct ext_mount_options options = {
        .read_only = true,
        .journal_device = check->journal_device,
    };
    enum status status = ext_journal_open(mount, mount->cache.device, options);
    ext_check_note(check, status, number);
    if (status != STATUS_OK) {
        return;
    }
    bool waiting = ext_has(mount, EXT_INCOMPAT, incompat_needs_recovery);
    if (journal->start_block != 0 && !waiting) {
        ext_check_find_inode(check, "journal holds what the volume does not wait for", number, 0);
    }
    struct ext_inode inode;
    uint64_t bytes = (uint64_t)journal->block_count * journal->block_bytes;
    if (!journal->external && ext_load_inode(mount, number, &inode) == STATUS_OK &&
        inode.size_bytes < bytes) {
        ext_check_find_inode(check, "journal is longer than its file", number, 0);
    }
    if (journal->error_code != 0) {
        ext_check_find_inode(check, "journal says that there was an error", number, 0);
    }
}
