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
    uint32_t forbidding = inode_flag_immutable | (removes ? inode_flag_append : 0);
    if ((inode.flags & forbidding) != 0) {
        return STATUS_DENIED;
    }
    *node_out = (struct ext_file){.inode = inode, .change_count = mount->change_count};
    return STATUS_OK;
}

enum status ext_name_find(struct ext_mount *mount, struct ext_file *directory, struct ext_name name,
    struct ext_entry_place *place_out)
{
    struct ext_names names = ext_names_of(mount, &directory->inode);
    enum status status = ext_names_stored(&names, &name);
    return status == STATUS_OK ? ext_entry_find(mount, directory, name, place_out) : status;
}

enum status ext_name_add(struct ext_mount *mount, struct ext_file *directory, struct ext_name name,
    const struct ext_inode *inode)
{
    struct ext_names names = ext_names_of(mount, &directory->inode);
    struct ext_new_entry entry = {
        .inode_number = (uint32_t)inode->number,
        .type = inode->type,
    };
    enum status status = ext_names_entry(&names, name, &entry);
    return status == STATUS_OK ? ext_entry_add(mount, directory, &entry) : status;
}

/* As far as encryption goes. */
static enum status check_protection(
    struct ext_mount *mount, const struct ext_inode *directory, const struct ext_inode *inode)
{
    struct ext_names names = ext_names_of(mount, directory);
    bool fits;
    enum status status = ext_names_fit_child(&names, inode, &fits);
    return status == STATUS_OK && !fits ? STATUS_CROSS_DEVICE : status;
}

enum status ext_node_check_place(
    struct ext_mount *mount, const struct ext_inode *directory, const struct ext_inode *inode)
{
    bool other_project = (directory->flags & inode_flag_project_inherit) != 0 &&
                         directory->project_id != inode->project_id;
    return other_project ? STATUS_CROSS_DEVICE : check_protection(mount, directory, inode);
}

enum status ext_node_open_entry(struct ext_mount *mount, const struct ext_inode *directory,
    const struct ext_entry_place *place, struct ext_file *node_out)
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
    status = check_protection(mount, directory, &inode);
    if (status != STATUS_OK) {
        return status == STATUS_CROSS_DEVICE ? ext_corrupt(mount, ext_names_misfit, 0) : status;
    }
    *node_out = (struct ext_file){.inode = inode, .change_count = mount->change_count};
    return STATUS_OK;
}

enum status ext_node_store(struct ext_mount *mount, struct ext_file *node)
{
    node->inode.changed = mount->now;
    return ext_store_inode(mount, &node->inode);
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
