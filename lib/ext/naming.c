/* SPDX-License-Identifier: ISC */
/*
 * Nodes as the operations on names see them: what forbids a change, counts of links, times.
 */
#include "naming.h"

#include "names.h"

constexpr uint16_t link_count_max = 65'000;

enum status ext_name_check(struct ext_name name)
{
    if (name.size_bytes > ext_name_bytes_max) {
        return STATUS_NAME_TOO_LONG;
    }
    for (uint32_t index = 0; index < name.size_bytes; index++) {
        if (name.bytes[index] == '/' || name.bytes[index] == '\0') {
            return STATUS_INVALID_ARGUMENT;
        }
    }
    bool dot = ext_name_is_dot(name.bytes, name.size_bytes);
    return name.size_bytes == 0 || dot ? STATUS_INVALID_ARGUMENT : STATUS_OK;
}

enum status ext_node_open_directory(
    struct ext_mount *mount, uint64_t number, bool removes, struct ext_file *node_out)
{
    struct ext_inode inode;
    enum status status = ext_read_inode(mount, number, &inode);
    if (status != STATUS_OK) {
        return status;
    }
    if (inode.type != EXT_TYPE_DIRECTORY) {
        return STATUS_NOT_DIRECTORY;
    }
    if ((inode.flags & (inode_flag_encrypted | inode_flag_casefold)) != 0) {
        return STATUS_UNSUPPORTED; /* Such volumes are read only as yet. */
    }
    uint32_t forbidding = inode_flag_immutable | (removes ? inode_flag_append : 0);
    if ((inode.flags & forbidding) != 0) {
        return STATUS_DENIED;
    }
    *node_out = (struct ext_file){.inode = inode, .change_count = mount->change_count};
    return STATUS_OK;
}

enum status ext_node_open_entry(
    struct ext_mount *mount, const struct ext_entry_place *place, struct ext_file *node_out)
{
    struct ext_inode inode;
    enum status status = ext_read_inode(mount, place->inode_number, &inode);
    if (status == STATUS_NOT_FOUND) {
        return ext_corrupt(mount, "directory entry names a free inode", place->entry->block);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if ((inode.flags & (inode_flag_immutable | inode_flag_append)) != 0) {
        return STATUS_DENIED;
    }
    *node_out = (struct ext_file){.inode = inode, .change_count = mount->change_count};
    return STATUS_OK;
}

enum status ext_node_store(struct ext_mount *mount, struct ext_file *node)
{
    node->inode.changed = mount->now;
    return ext_store_inode(mount, &node->inode);
}

bool ext_project_fits(const struct ext_inode *directory, const struct ext_inode *inode)
{
    return (directory->flags & inode_flag_project_inherit) == 0 ||
           directory->project_id == inode->project_id;
}

enum status ext_node_store_directory(struct ext_mount *mount, struct ext_file *node)
{
    node->inode.modified = mount->now;
    return ext_node_store(mount, node);
}

/* A directory that stopped to count has the count 1, which no other directory has. */
enum status ext_link_count_add(const struct ext_mount *mount, struct ext_inode *inode)
{
    bool directory = inode->type == EXT_TYPE_DIRECTORY;
    if (directory && inode->link_count == 1) {
        return STATUS_OK;
    }
    if (inode->link_count < link_count_max) {
        inode->link_count++;
        return STATUS_OK;
    }
    if (!directory || !ext_has(mount, EXT_RO_COMPAT, ro_compat_directory_links) ||
        !ext_is_indexed(mount, inode)) {
        return STATUS_TOO_LARGE;
    }
    inode->link_count = 1;
    return STATUS_OK;
}

void ext_link_count_drop_child(struct ext_inode *inode)
{
    if (inode->link_count > 2) {
        inode->link_count--;
    }
}
