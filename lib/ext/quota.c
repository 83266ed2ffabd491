/* SPDX-License-Identifier: ISC */
/*
 * Quota files: how much the owners of inodes have.
 */
#include "transaction.h"

enum status ext_quota_charge(
    struct ext_mount *mount, const struct ext_inode *inode, int64_t bytes, int64_t inodes)
{
    (void)inode;
    (void)bytes;
    (void)inodes;
    return ext_has(mount, EXT_RO_COMPAT, ro_compat_quota) ? STATUS_UNSUPPORTED : STATUS_OK;
}
