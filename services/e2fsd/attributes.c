/* SPDX-License-Identifier: ISC */
/* Inodes as attributes. */
#include "attributes.h"

#include <stdckdint.h>

uint32_t attributes_kind(enum ext_type type)
{
    static const uint32_t kinds[EXT_TYPE_COUNT] = {
        [EXT_TYPE_FILE] = filesystem_kind_file,
        [EXT_TYPE_DIRECTORY] = filesystem_kind_directory,
        [EXT_TYPE_CHARACTER_DEVICE] = filesystem_kind_character,
        [EXT_TYPE_BLOCK_DEVICE] = filesystem_kind_block,
        [EXT_TYPE_FIFO] = filesystem_kind_fifo,
        [EXT_TYPE_SOCKET] = filesystem_kind_socket,
        [EXT_TYPE_LINK] = filesystem_kind_symlink,
    };
    return kinds[type];
}

/* Times that 64 bits of nanoseconds cannot hold become the last one that they can. */
static int64_t nanoseconds(struct ext_time time)
{
    constexpr int64_t nanoseconds_per_second = 1'000'000'000;
    int64_t result;
    if (ckd_mul(&result, time.seconds, nanoseconds_per_second) ||
        ckd_add(&result, result, (int64_t)time.nanoseconds)) {
        return time.seconds < 0 ? INT64_MIN : INT64_MAX;
    }
    return result;
}

struct filesystem_attributes attributes_make(const struct ext_inode *inode)
{
    constexpr uint32_t minor_bits = 20;
    return (struct filesystem_attributes){
        .node = inode->number,
        .size_bytes = inode->size_bytes,
        .blocks_512 = inode->sector_count,
        .accessed_ns = nanoseconds(inode->accessed),
        .modified_ns = nanoseconds(inode->modified),
        .changed_ns = nanoseconds(inode->changed),
        .mode = inode->mode,
        .kind = attributes_kind(inode->type),
        .links = inode->link_count,
        .owner = inode->user_id,
        .group = inode->group_id,
        .device = inode->device_major << minor_bits | inode->device_minor,
    };
}

const char *attributes_format(const struct ext_mount *mount)
{
    constexpr uint32_t compat_journal = 0x4;
    constexpr uint32_t incompat_filetype = 0x2;
    constexpr uint32_t incompat_recover = 0x4;
    constexpr uint32_t ro_compat_of_ext2 = 0x3; /* sparse_super, large_file */
    constexpr uint32_t incompat_of_ext3 = incompat_filetype | incompat_recover;
    if ((mount->features[EXT_INCOMPAT] & ~incompat_of_ext3) != 0 ||
        (mount->features[EXT_RO_COMPAT] & ~ro_compat_of_ext2) != 0) {
        return "ext4";
    }
    return (mount->features[EXT_COMPAT] & compat_journal) != 0 ? "ext3" : "ext2";
}
