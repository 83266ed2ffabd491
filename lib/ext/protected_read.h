/* SPDX-License-Identifier: ISC */
/* Reading files whose blocks are encrypted or verified. Private to lib/ext. */
#pragma once

#include "internal.h"

static inline bool ext_is_protected(const struct ext_inode *inode)
{
    return (inode->flags & (inode_flag_encrypted | inode_flag_verity)) != 0;
}

/*
 * As ext_read for a protected file; the request is within the file. NO_KEY; UNTRUSTED; CORRUPT for
 * bytes that are not those that were sealed; UNSUPPORTED, with the reason.
 */
enum status ext_read_protected(
    struct ext_mount *mount, struct ext_file *file, struct ext_read_request request);
