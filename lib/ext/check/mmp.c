/* SPDX-License-Identifier: ISC */
/*
 * The block that says who uses the volume, [ext4 Multiple Mount Protection].
 */
#include "check.h"

static const char *block_fault(const struct ext_mount *mount, const uint8_t *bytes)
{
    if (load_le32(bytes + mmp_magic_at) != mmp_magic) {
        return "multiple mount protection magic";
    }
    if (!ext_mmp_checksum_valid(mount, bytes)) {
        return "multiple mount protection checksum";
    }
    return load_le32(bytes + mmp_sequence) != mmp_sequence_clean
               ? "volume is in use, or was not unmounted"
               : nullptr;
}

void ext_check_mmp(struct ext_check *check)
{
    const struct ext_mount *mount = &check->mount;
    struct block_cache_entry *entry;
    uint64_t block = mount->geometry.mmp_block;
    if (!ext_has(mount, EXT_INCOMPAT, incompat_mmp) || !ext_check_pin(check, block, &entry)) {
        return;
    }
    const char *fault = block_fault(mount, entry->buffer.bytes);
    ext_check_put(check, entry);
    ext_check_claim(check, 0, block, 1);
    if (fault != nullptr) {
        ext_check_find_inode(check, fault, 0, block);
    }
}
