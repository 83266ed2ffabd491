/* SPDX-License-Identifier: ISC */
/*
 * What the operations on names share: create.c, unlink.c, rename.c. Private to lib/ext.
 */
#pragma once

#include <lib/ext/ext_write.h>

#include "directory.h"

/* Enough for a step that adds an entry: blocks split on every level, each with what maps it. */
constexpr uint32_t naming_step_blocks = 48;

/* INVALID_ARGUMENT if nothing can have the name; NAME_TOO_LONG. */
enum status ext_name_check(struct ext_name name);

/*
 * A directory in which a name is to be changed, or taken away if `removes`. NOT_DIRECTORY; DENIED
 * by a flag.
 */
enum status ext_node_open_directory(
    struct ext_mount *mount, uint64_t number, bool removes, struct ext_file *node_out);

/* As ext_entry_find, for a name as users write it. NO_KEY; INVALID_ARGUMENT if none can be it. */
enum status ext_name_find(struct ext_mount *mount, struct ext_file *directory, struct ext_name name,
    struct ext_entry_place *place_out);

/* A name as users write it, which is not in the directory, leads to the inode. */
enum status ext_name_add(struct ext_mount *mount, struct ext_file *directory, struct ext_name name,
    const struct ext_inode *inode);

/*
 * What an entry leads to, to be unlinked, renamed or replaced. CORRUPT if it is no inode in use or
 * does not belong into the directory; DENIED by a flag.
 */
enum status ext_node_open_entry(struct ext_mount *mount, const struct ext_inode *directory,
    const struct ext_entry_place *place, struct ext_file *node_out);

/*
 * Whether a directory may hold a node: CROSS_DEVICE if it hands down another project, or is
 * encrypted and what it holds must be so alike.
 */
enum status ext_node_check_place(
    struct ext_mount *mount, const struct ext_inode *directory, const struct ext_inode *inode);

/* Writes the inode, which has changed now. */
enum status ext_node_store(struct ext_mount *mount, struct ext_file *node);

/* As ext_node_store for a directory in which entries were changed. */
enum status ext_node_store_directory(struct ext_mount *mount, struct ext_file *node);

/* One link more. TOO_LARGE; a directory may stop to count, [ext4 Directory Entries] dir_nlink. */
enum status ext_link_count_add(const struct ext_mount *mount, struct ext_inode *inode);

/* One subdirectory less. */
void ext_link_count_drop_child(struct ext_inode *inode);

/* ---- unlink.c -------------------------------------------------------------------------------- */

/*
 * Inside a change, when a node has lost a name, or a directory its only one: the last one takes the
 * inode along, as far as that fits into the change and it is not to be kept; the rest is for
 * ext_forget.
 */
enum status ext_node_unlink(struct ext_mount *mount, struct ext_file *node, bool keep);
