/* SPDX-License-Identifier: ISC */
/* Files that are sealed with fs-verity. Private to lib/ext. */
#pragma once

#include "internal.h"

/*
 * Reads and judges the seal of a file with inode_flag_verity, unless it is that of the file looked
 * at last; `unit_shift_out` tells the size of the units that can be checked. UNTRUSTED if the
 * digest of the file is none that the caller trusts; UNSUPPORTED; CORRUPT.
 */
enum status ext_verity_open(
    struct ext_mount *mount, struct ext_file *file, uint32_t *unit_shift_out);

/*
 * Whether `count` units from `first` on are as they were sealed; what is beyond the end of the file
 * is made zero first. Only after ext_verity_open for the same file. CORRUPT.
 */
enum status ext_verity_check(
    struct ext_mount *mount, struct ext_file *file, uint64_t first, uint64_t count, uint8_t *bytes);
