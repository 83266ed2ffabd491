/* SPDX-License-Identifier: ISC */
/* Fast commits that wait to be replayed. */
#include "recovery.h"
#include "target.h"

static const char *const names[] = {"ext4-fast", nullptr};
static const enum part_kind kinds[] = {
    PART_LOG, PART_LOG, PART_LOG, PART_LOG, PART_LOG, PART_INODE, PART_DIRECTORY, PART_BITMAP};

const struct target target = {
    .bases = names,
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .run = recovery_run,
};
