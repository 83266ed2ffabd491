/* SPDX-License-Identifier: ISC */
/* Journals of every version with transactions that wait to be replayed, and with orphans. */
#include "recovery.h"
#include "target.h"

static const char *const names[] = {"ext3-log", "ext4-log-sum", "ext4-log-2", "ext4-log-3",
    "ext4-orphan", "ext4-orphans", "ext4-external", "ext4-waiting", nullptr};
static const enum part_kind kinds[] = {
    PART_LOG, PART_LOG, PART_LOG, PART_LOG, PART_SUPERBLOCK, PART_INODE, PART_ORPHANS};

const struct target target = {
    .bases = names,
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .run = recovery_run,
};
