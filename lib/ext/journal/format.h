/* SPDX-License-Identifier: ISC */
/*
 * The on-disk format of the journal, JBD2: byte offsets and values, big-endian throughout, unlike
 * the rest of the volume. Private to lib/ext. Sections are those of "Journal (jbd2)" of the public
 * description "ext4 Data Structures and Algorithms", cited as [jbd2 NAME].
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* ---- Block header, [jbd2 Block Header] ------------------------------------------------------- */

constexpr uint32_t journal_magic = 0xc03b3998;
constexpr size_t journal_header_magic = 0x0;
constexpr size_t journal_header_type = 0x4;
constexpr size_t journal_header_sequence = 0x8;
constexpr uint32_t journal_header_bytes = 12;

enum journal_block_type : uint32_t {
    JOURNAL_DESCRIPTOR = 1,
    JOURNAL_COMMIT = 2,
    JOURNAL_SUPERBLOCK_V1 = 3,
    JOURNAL_SUPERBLOCK_V2 = 4,
    JOURNAL_REVOKE = 5,
};

/* ---- Super block, [jbd2 Super Block] --------------------------------------------------------- */

constexpr uint32_t journal_superblock_bytes = 1024;
constexpr size_t journal_superblock_block_bytes = 0x0c;
constexpr size_t journal_superblock_block_count = 0x10;
constexpr size_t journal_superblock_first_block = 0x14;
constexpr size_t journal_superblock_sequence = 0x18;
constexpr size_t journal_superblock_start = 0x1c;
constexpr size_t journal_superblock_error = 0x20;
constexpr uint32_t journal_error_corrupt = -117u; /* EUCLEAN of Linux, negative */
constexpr size_t journal_superblock_feature_compat = 0x24;
constexpr size_t journal_superblock_feature_incompat = 0x28;
constexpr size_t journal_superblock_feature_ro_compat = 0x2c;
constexpr size_t journal_superblock_uuid = 0x30;
constexpr size_t journal_superblock_user_count = 0x40;
constexpr size_t journal_superblock_checksum_type = 0x50;
constexpr size_t journal_superblock_fast_commit_count = 0x54;
constexpr size_t journal_superblock_checksum = 0xfc;
constexpr size_t journal_superblock_users = 0x100;

constexpr uint32_t journal_compat_checksum = 1U << 0;
constexpr uint32_t journal_incompat_revoke = 1U << 0;
constexpr uint32_t journal_incompat_64bit = 1U << 1;
constexpr uint32_t journal_incompat_async_commit = 1U << 2;
constexpr uint32_t journal_incompat_checksum_v2 = 1U << 3;
constexpr uint32_t journal_incompat_checksum_v3 = 1U << 4;
constexpr uint32_t journal_incompat_fast_commit = 1U << 5;

constexpr uint8_t journal_checksum_crc32 = 1;
constexpr uint8_t journal_checksum_crc32c = 4;
constexpr uint32_t journal_fast_commit_count_default = 256;

/* ---- Descriptor block, [jbd2 Descriptor Block] ------------------------------------------------
 *
 * A tag for each block that follows. With checksums v3: number, flags, upper half of the number
 * (each 32 bits), checksum; 16 bytes. Else: number (32 bits), checksum and flags (16 bits each),
 * the upper half only with 64bit, and 2 unused bytes only with checksums v2. In both cases the
 * flags that exist are in the same two bytes. A UUID follows a tag that does not say SAME_UUID.
 */

constexpr size_t journal_tag_block_low = 0x0;
constexpr size_t journal_tag_checksum_v2 = 0x4;
constexpr size_t journal_tag_flags = 0x6;
constexpr size_t journal_tag_block_high = 0x8;
constexpr size_t journal_tag_checksum_v3 = 0xc;
constexpr uint32_t journal_tag_uuid_bytes = 16;

constexpr uint16_t journal_tag_escaped =
    0x1; /* the block began with the magic: zeroed in the log */
constexpr uint16_t journal_tag_same_uuid = 0x2;
constexpr uint16_t journal_tag_last = 0x8;

/* With checksums v2 and v3 a descriptor and a revoke block end with their checksum. */
constexpr uint32_t journal_tail_bytes = 4;

/* ---- Revocation block, [jbd2 Revocation Block] ------------------------------------------------
 */

constexpr size_t journal_revoke_used_bytes = 0xc; /* header included */
constexpr uint32_t journal_revoke_header_bytes = 16;

/* ---- Commit block, [jbd2 Commit Block] --------------------------------------------------------
 */

constexpr size_t journal_commit_checksum_type = 0xc;
constexpr size_t journal_commit_checksum_bytes = 0xd;
constexpr size_t journal_commit_checksum = 0x10;
/*
 * Room for further checksums, which nobody writes. A replay of fast commits that is cut off says
 * here how many of their operations are applied by what is before the commit block.
 */
constexpr size_t journal_commit_fast_done_count = 0x14;
constexpr size_t journal_commit_seconds = 0x30;
constexpr size_t journal_commit_nanoseconds = 0x38;
constexpr uint32_t journal_commit_bytes = 0x3c;

/* ---- Fast commits, [jbd2 Fast Commits] --------------------------------------------------------
 *
 * Tags behind each other in the blocks of their area, little-endian like the rest of the volume. A
 * tag lies in one block. A segment is the tags up to a tail, which ends its block; all segments of
 * one area follow a head in its first block.
 */

enum fast_tag : uint16_t {
    FAST_TAG_ADD_RANGE = 1,
    FAST_TAG_DELETE_RANGE = 2,
    FAST_TAG_CREATE = 3,
    FAST_TAG_LINK = 4,
    FAST_TAG_UNLINK = 5,
    FAST_TAG_INODE = 6,
    FAST_TAG_PAD = 7,
    FAST_TAG_TAIL = 8,
    FAST_TAG_HEAD = 9,
};

constexpr size_t fast_tag_type = 0x0;
constexpr size_t fast_tag_value_bytes = 0x2;
constexpr uint32_t fast_tag_header_bytes = 4;

/* Offsets in the value of a tag. */
constexpr size_t fast_head_features = 0x0;
constexpr size_t fast_head_sequence = 0x4;
constexpr uint32_t fast_head_bytes = 8;
constexpr size_t fast_tail_sequence = 0x0;
constexpr size_t fast_tail_checksum = 0x4;
constexpr uint32_t fast_tail_bytes = 8;
constexpr size_t fast_range_inode = 0x0;
constexpr size_t fast_range_extent = 0x4; /* as in an extent tree */
constexpr uint32_t fast_add_range_bytes = 16;
constexpr size_t fast_range_logical = 0x4;
constexpr size_t fast_range_length = 0x8;
constexpr uint32_t fast_delete_range_bytes = 12;
constexpr size_t fast_entry_parent = 0x0;
constexpr size_t fast_entry_inode = 0x4;
constexpr size_t fast_entry_name = 0x8;
constexpr size_t fast_inode_number = 0x0;
constexpr size_t fast_inode_raw = 0x4;
