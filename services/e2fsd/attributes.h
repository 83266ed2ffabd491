/* SPDX-License-Identifier: ISC */
/* What the volume says about a file, in the words of protocol filesystem. */
#pragma once

#include <lib/ext/ext.h>
#include <protocol/filesystem.h>

/* 0 if the volume does not say. */
uint32_t attributes_kind(enum ext_type type);

struct filesystem_attributes attributes_make(const struct ext_inode *inode);

/* "ext2", "ext3" or "ext4", by its features. */
const char *attributes_format(const struct ext_mount *mount);
