/* SPDX-License-Identifier: ISC */
/*
 * Orphans: none waits in a volume at rest. Those that do are found, and marked, so that later parts
 * do not miss their names.
 */
#include "check.h"

static void find_orphan(struct ext_check *check, uint32_t number)
{
    ext_check_find_inode(check, "inode waits to be deleted or cut", number, 0);
    if (ext_check_number_valid(check, number)) {
        ext_check_node(check, number)->state |= check_orphan;
    }
}

/* The next of the list through inodes; 0 at its end, or if there is no such inode. */
static uint32_t next_of(struct ext_check *check, uint32_t number)
{
    struct block_cache_entry *entry;
    const uint8_t *raw;
    if (!ext_check_number_valid(check, number) ||
        ext_inode_pin(&check->mount, number, &entry, &raw) != STATUS_OK) {
        return 0;
    }
    uint32_t next = load_le32(raw + inode_deleted);
    ext_check_put(check, entry);
    return next;
}

static void check_list(struct ext_check *check)
{
    uint32_t number = ext_check_superblock_word(check, superblock_last_orphan);
    while (number != 0) {
        if (ext_check_number_valid(check, number) &&
            (ext_check_node(check, number)->state & check_orphan) != 0) {
            ext_check_find_inode(check, "list of orphans has a loop", number, 0);
            return;
        }
        find_orphan(check, number);
        number = next_of(check, number);
    }
}

static void check_block(struct ext_check *check, struct ext_file *file, uint64_t logical_block)
{
    struct block_cache_entry *entry;
    enum status status = ext_orphan_pin(&check->mount, file, logical_block, &entry);
    ext_check_note(check, status, file->inode.number);
    if (status != STATUS_OK) {
        return;
    }
    const uint8_t *bytes = entry->buffer.bytes;
    uint32_t end = check->mount.geometry.block_bytes - orphan_tail_bytes;
    for (uint32_t at = 0; at < end; at += 4) {
        uint32_t number = load_le32(bytes + at);
        if (number != 0) {
            find_orphan(check, number);
        }
    }
    ext_check_put(check, entry);
}

void ext_check_orphans(struct ext_check *check)
{
    struct ext_mount *mount = &check->mount;
    uint32_t number = mount->geometry.orphan_file_inode;
    check_list(check);
    if (number == 0) {
        return;
    }
    struct ext_file file;
    enum status status = ext_own_file_open(mount, number, "orphan file is missing", &file);
    ext_check_note(check, status, number);
    if (status != STATUS_OK) {
        return;
    }
    uint32_t shift = mount->geometry.block_shift;
    uint64_t block_count = file.inode.size_bytes >> shift;
    if (block_count == 0 || block_count > orphan_file_blocks_max ||
        block_count << shift != file.inode.size_bytes) {
        ext_check_find_inode(check, "orphan file size", number, 0);
        return;
    }
    for (uint64_t block = 0; block < block_count && check->failure == STATUS_OK; block++) {
        check_block(check, &file, block);
    }
}
