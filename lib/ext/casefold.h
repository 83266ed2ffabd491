/* SPDX-License-Identifier: ISC */
/* Directories that ignore case, [ext4 Super Block] s_encoding. Private to lib/ext. */
#pragma once

#include "internal.h"

static inline bool ext_ignores_case(const struct ext_inode *directory)
{
    return (directory->flags & inode_flag_casefold) != 0;
}

/* Judges the encoding that the super block names; nothing if the volume has no such directories. */
enum status ext_encoding_judge(struct ext_mount *mount, const uint8_t *superblock);

/* Whether a name is possible in a directory that ignores case: UTF-8, if the volume insists. */
bool ext_name_encoded(const struct ext_mount *mount, const char *name, uint32_t name_bytes);

/* Whether two names are one in a directory that ignores case. What is no UTF-8 is only itself. */
bool ext_names_fold_alike(
    const char *left, uint32_t left_bytes, const char *right, uint32_t right_bytes);
