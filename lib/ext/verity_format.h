/* SPDX-License-Identifier: ISC */
/*
 * The on-disk format of fs-verity on ext4, as Documentation/filesystems/fsverity.rst and
 * ext4/verity.rst of Linux describe it: behind the end of the file, at the next multiple of 64 KiB,
 * the levels of a tree of hashes from its root on; then, in a new block, a descriptor; in the last
 * four bytes of the last block, the length of the descriptor. Private to lib/ext.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr uint64_t verity_alignment_bytes = 65536;
constexpr uint32_t verity_length_bytes = 4;

constexpr size_t verity_version = 0x00;
constexpr size_t verity_algorithm = 0x01;
constexpr size_t verity_log_block = 0x02;
constexpr size_t verity_salt_bytes = 0x03;
constexpr size_t verity_signature_bytes = 0x04;
constexpr size_t verity_file_bytes = 0x08;
constexpr size_t verity_root_hash = 0x10;
constexpr size_t verity_salt = 0x50;
constexpr size_t verity_reserved = 0x70;
constexpr uint32_t verity_descriptor_bytes = 0x100;

constexpr uint32_t verity_salt_bytes_max = 32;
constexpr uint32_t verity_log_block_min = 10;
constexpr uint32_t verity_log_block_max = 12;
