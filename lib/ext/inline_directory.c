/* SPDX-License-Identifier: ISC */
/*
 * Directories inside their inodes, [ext4 Inline Data]: the parent's number instead of "." and "..",
 * then records up to the end of the block area, then those in the attribute.
 */
#include "directory.h"

/* Where bytes of the inode are that ext_inline_pin gives to be read. */
static uint8_t *writable(const struct ext_inline *pieces, const uint8_t *bytes)
{
    uint8_t *start = pieces->entry->buffer.bytes;
    return start + (bytes - start);
}

enum status ext_inline_directory_pin(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_inline_directory *pieces_out)
{
    struct ext_inline pieces;
    enum status status = ext_inline_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *first = writable(&pieces, pieces.first);
    struct ext_inline_directory directory = {
        .entry = pieces.entry,
        .parent = first,
        .areas = {{.bytes = first + inline_directory_parent_bytes,
                      .size_bytes = pieces.first_bytes - inline_directory_parent_bytes},
            {.bytes = writable(&pieces, pieces.second), .size_bytes = pieces.second_bytes}},
        .offset_bytes = {inline_directory_parent_bytes, pieces.first_bytes},
    };
    uint32_t parent = load_le32(directory.parent);
    const char *fault = nullptr;
    if (parent == 0 || parent > mount->geometry.inode_count) {
        fault = "directory has no parent";
    }
    for (uint32_t index = 0; index < 2 && fault == nullptr; index++) {
        fault = ext_area_fault(mount, inode, &directory.areas[index]);
    }
    if (fault != nullptr) {
        status = ext_corrupt(mount, fault, pieces.entry->block);
        block_cache_put(&mount->cache, pieces.entry);
        return status;
    }
    *pieces_out = directory;
    return STATUS_OK;
}

enum status ext_inline_directory_find(struct ext_mount *mount, const struct ext_inode *inode,
    struct ext_name name, struct ext_entry_place *place)
{
    struct ext_inline_directory pieces;
    enum status status = ext_inline_directory_pin(mount, inode, &pieces);
    if (status != STATUS_OK) {
        return status;
    }
    place->entry = pieces.entry;
    status = STATUS_NOT_FOUND;
    for (uint32_t index = 0; index < 2 && status == STATUS_NOT_FOUND; index++) {
        status = ext_area_find(mount, &pieces.areas[index], name, place);
    }
    if (status != STATUS_OK) {
        block_cache_put(&mount->cache, pieces.entry);
    }
    return status;
}
