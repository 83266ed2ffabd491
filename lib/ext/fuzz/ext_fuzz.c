/* SPDX-License-Identifier: ISC */
/*
 * All kinds of volumes, anything in them changed: checked, mounted, walked and unmounted.
 */
#include "life.h"
#include "target.h"

static const char *const names[] = {"ext2", "ext2-4k", "ext4", "ext4-plain", "ext4-groups",
    "ext4-inline", "ext4-meta", "ext4-quota", "ext4-deep", "ext4-orphan", "casefold",
    "encrypted-casefold", "ext4-values", "ext4-levels", "ext4-orphans", "encrypted-1k",
    "ext4-waiting", "ext4-acl", "ext4-collisions", nullptr};
static const enum part_kind kinds[] = {PART_SUPERBLOCK, PART_DESCRIPTOR, PART_INODE, PART_BITMAP,
    PART_DIRECTORY, PART_INDEX, PART_EXTENTS, PART_POINTERS, PART_ATTRIBUTES, PART_QUOTA,
    PART_ORPHANS, PART_MMP};

static void run(struct base *base, const struct input *input, uint32_t)
{
    life_run(base, input->flags, life_walk);
}

const struct target target = {
    .bases = names,
    .kinds = kinds,
    .kind_count = sizeof kinds / sizeof kinds[0],
    .run = run,
};
