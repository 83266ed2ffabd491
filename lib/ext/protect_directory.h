/* SPDX-License-Identifier: ISC */
/* Private to lib/ext. */
#pragma once

#include "internal.h"

/* Whether it may be changed whether names in an inode differ by case. Inside a change. */
enum status ext_check_fold(struct ext_mount *mount, const struct ext_inode *inode);
