/* SPDX-License-Identifier: ISC */
/*
 * Who uses which cluster: one bit each. That something claims what was claimed before is found here
 * and nowhere else; a row of such blocks is found once.
 */
#include "check.h"

static uint64_t cluster_of(const struct ext_check *check, uint64_t block)
{
    const struct ext_geometry *geometry = &check->mount.geometry;
    return (block - geometry->first_data_block) >> geometry->cluster_shift;
}

bool ext_check_is_claimed(const struct ext_check *check, uint64_t block)
{
    uint64_t cluster = cluster_of(check, block);
    return (check->claimed[cluster / 8] >> cluster % 8 & 1) != 0;
}

void ext_check_claim(struct ext_check *check, uint64_t inode, uint64_t first, uint64_t count)
{
    bool row = ext_has(&check->mount, EXT_RO_COMPAT, ro_compat_shared_blocks);
    uint64_t last = cluster_of(check, first + count - 1);
    for (uint64_t cluster = cluster_of(check, first); cluster <= last; cluster++) {
        uint8_t bit = (uint8_t)(1U << cluster % 8);
        bool claimed = (check->claimed[cluster / 8] & bit) != 0;
        if (claimed && !row) {
            const struct ext_geometry *geometry = &check->mount.geometry;
            uint64_t block = (cluster << geometry->cluster_shift) + geometry->first_data_block;
            ext_check_find_inode(
                check, "block is used twice", inode, block < first ? first : block);
        }
        row = claimed || ext_has(&check->mount, EXT_RO_COMPAT, ro_compat_shared_blocks);
        check->claimed[cluster / 8] |= bit;
    }
}
