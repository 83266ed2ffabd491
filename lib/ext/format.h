/* SPDX-License-Identifier: ISC */
/*
 * The on-disk format of ext2, ext3 and ext4: byte offsets and values, all little-endian. Private to
 * lib/ext. Section names are those of the public description "ext4 Data Structures and Algorithms"
 * (kernel.org/doc/html/latest/filesystems/ext4), cited as [ext4 NAME].
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* ---- Super block, [ext4 Super Block] -------------------------------------------------------- */

constexpr uint64_t superblock_offset_bytes = 1024;
constexpr uint32_t superblock_bytes = 1024;
constexpr uint16_t superblock_magic = 0xef53;

constexpr size_t superblock_inode_count = 0x00;
constexpr size_t superblock_block_count_low = 0x04;
constexpr size_t superblock_reserved_count_low = 0x08;
constexpr size_t superblock_free_block_count_low = 0x0c;
constexpr size_t superblock_free_inode_count = 0x10;
constexpr size_t superblock_first_data_block = 0x14;
constexpr size_t superblock_log_block_size = 0x18;
constexpr size_t superblock_log_cluster_size = 0x1c;
constexpr size_t superblock_blocks_per_group = 0x20;
constexpr size_t superblock_clusters_per_group = 0x24;
constexpr size_t superblock_inodes_per_group = 0x28;
constexpr size_t superblock_mount_time = 0x2c;
constexpr size_t superblock_write_time = 0x30;
constexpr size_t superblock_magic_at = 0x38;
constexpr size_t superblock_state = 0x3a;
constexpr size_t superblock_creator_system = 0x48;
constexpr size_t superblock_revision = 0x4c;
constexpr size_t superblock_first_inode = 0x54;
constexpr size_t superblock_inode_bytes = 0x58;
constexpr size_t superblock_group_number = 0x5a;
constexpr size_t superblock_feature_compat = 0x5c;
constexpr size_t superblock_feature_incompat = 0x60;
constexpr size_t superblock_feature_ro_compat = 0x64;
constexpr size_t superblock_uuid = 0x68;
constexpr size_t superblock_label = 0x78;
constexpr size_t superblock_journal_uuid = 0xd0;
constexpr size_t superblock_journal_inode = 0xe0;
constexpr size_t superblock_journal_device = 0xe4;
constexpr size_t superblock_descriptor_bytes = 0xfe;
constexpr size_t superblock_reserved_descriptor_blocks = 0xce;
constexpr size_t superblock_last_orphan = 0xe8;
constexpr size_t superblock_hash_seed = 0xec;
constexpr size_t superblock_hash_version = 0xfc;
constexpr size_t superblock_first_meta_group = 0x104;
constexpr size_t superblock_block_count_high = 0x150;
constexpr size_t superblock_reserved_count_high = 0x154;
constexpr size_t superblock_free_block_count_high = 0x158;
constexpr size_t superblock_mmp_update_seconds = 0x166;
constexpr size_t superblock_mmp_block = 0x168;
constexpr size_t superblock_needed_extra_bytes = 0x15c;
constexpr size_t superblock_wanted_extra_bytes = 0x15e;
constexpr size_t superblock_flags = 0x160;
constexpr size_t superblock_log_groups_per_flex = 0x174;
constexpr size_t superblock_checksum_type = 0x175;
constexpr size_t superblock_error_count = 0x194;
constexpr size_t superblock_first_error_time = 0x198;
constexpr size_t superblock_first_error_block = 0x1a0;
constexpr size_t superblock_first_error_function = 0x1a8;
constexpr size_t superblock_last_error_time = 0x1cc;
constexpr size_t superblock_last_error_block = 0x1d8;
constexpr size_t superblock_last_error_function = 0x1e0;
constexpr size_t superblock_errors_end = 0x200;
constexpr size_t superblock_user_quota_inode = 0x240;
constexpr size_t superblock_group_quota_inode = 0x244;
constexpr size_t superblock_backup_groups = 0x24c;
constexpr size_t superblock_project_quota_inode = 0x26c;
constexpr size_t superblock_checksum_seed = 0x270;
constexpr size_t superblock_first_error_time_high = 0x278;
constexpr size_t superblock_last_error_time_high = 0x279;
constexpr size_t superblock_first_error_code = 0x27a;
constexpr size_t superblock_last_error_code = 0x27b;
constexpr size_t superblock_encoding = 0x27c;
constexpr size_t superblock_encoding_flags = 0x27e;
constexpr size_t superblock_orphan_file_inode = 0x280;
constexpr size_t superblock_checksum = 0x3fc;

constexpr uint32_t revision_original = 0;
constexpr uint32_t revision_dynamic = 1;
constexpr uint32_t creator_linux = 0;
constexpr uint16_t state_clean = 0x0001;
constexpr uint16_t state_errors = 0x0002;
constexpr size_t error_function_bytes = 32;
constexpr uint8_t error_code_corrupt = 5;
constexpr uint32_t flag_unsigned_hash = 0x0002;
constexpr uint8_t checksum_type_crc32c = 1;
constexpr uint32_t original_inode_bytes = 128;
constexpr uint32_t default_extra_bytes = 32;
constexpr uint32_t original_first_inode = 11;
constexpr uint32_t root_inode_number = 2;
constexpr uint32_t resize_inode_number = 7;
constexpr uint32_t journal_inode_number = 8;

/* Feature bits that the code asks for; features.c has them all. */
constexpr uint32_t compat_has_journal = 1U << 2;
constexpr uint32_t compat_attributes = 1U << 3;
constexpr uint32_t compat_resize_inode = 1U << 4;
constexpr uint32_t compat_directory_index = 1U << 5;
constexpr uint32_t compat_sparse_super2 = 1U << 9;
constexpr uint32_t compat_orphan_file = 1U << 12;
constexpr uint32_t incompat_filetype = 1U << 1;
constexpr uint32_t incompat_needs_recovery = 1U << 2;
constexpr uint32_t incompat_journal_device = 1U << 3;
constexpr uint32_t incompat_meta_bg = 1U << 4;
constexpr uint32_t incompat_extents = 1U << 6;
constexpr uint32_t incompat_64bit = 1U << 7;
constexpr uint32_t incompat_mmp = 1U << 8;
constexpr uint32_t incompat_flex_bg = 1U << 9;
constexpr uint32_t incompat_attribute_inodes = 1U << 10;
constexpr uint32_t incompat_checksum_seed = 1U << 13;
constexpr uint32_t incompat_large_directory = 1U << 14;
constexpr uint32_t incompat_inline_data = 1U << 15;
constexpr uint32_t incompat_encrypt = 1U << 16;
constexpr uint32_t incompat_casefold = 1U << 17;
constexpr uint32_t ro_compat_sparse_super = 1U << 0;
constexpr uint32_t ro_compat_large_file = 1U << 1;
constexpr uint32_t ro_compat_huge_file = 1U << 3;
constexpr uint32_t ro_compat_group_checksum = 1U << 4;
constexpr uint32_t ro_compat_directory_links = 1U << 5;
constexpr uint32_t ro_compat_quota = 1U << 8;
constexpr uint32_t ro_compat_bigalloc = 1U << 9;
constexpr uint32_t ro_compat_metadata_checksum = 1U << 10;
constexpr uint32_t ro_compat_project = 1U << 13;
constexpr uint32_t ro_compat_shared_blocks = 1U << 14;
constexpr uint32_t ro_compat_verity = 1U << 15;
constexpr uint32_t ro_compat_orphan_present = 1U << 16;

/* ---- Multiple mount protection, [ext4 Multiple Mount Protection] ----------------------------- */

constexpr size_t mmp_magic_at = 0x00;
constexpr size_t mmp_sequence = 0x04;
constexpr size_t mmp_time = 0x08;
constexpr size_t mmp_node_name = 0x10;
constexpr uint32_t mmp_node_name_bytes = 64;
constexpr size_t mmp_checksum = 0x3fc;
constexpr uint32_t mmp_magic = 0x004d4d50;
constexpr uint32_t mmp_sequence_clean = 0xff4d4d50;
constexpr uint32_t mmp_sequence_max = 0xe24d4d4f;

/* ---- Orphan file, [ext4 Orphan file]: inode numbers, and the end of each block ----------------
 */

constexpr uint32_t orphan_tail_bytes = 8;
constexpr size_t orphan_tail_magic = 0x0;
constexpr size_t orphan_tail_checksum = 0x4;
constexpr uint32_t orphan_magic = 0x0b10'ca04;
constexpr uint32_t orphan_file_blocks_max = 8192;

/* ---- Group descriptor, [ext4 Block Group Descriptors] ---------------------------------------- */

constexpr uint32_t descriptor_bytes_short = 32;
constexpr uint32_t descriptor_bytes_long = 64;
constexpr size_t descriptor_block_bitmap_low = 0x00;
constexpr size_t descriptor_inode_bitmap_low = 0x04;
constexpr size_t descriptor_inode_table_low = 0x08;
constexpr size_t descriptor_free_blocks_low = 0x0c;
constexpr size_t descriptor_free_inodes_low = 0x0e;
constexpr size_t descriptor_directories_low = 0x10;
constexpr size_t descriptor_flags = 0x12;
constexpr size_t descriptor_block_bitmap_checksum_low = 0x18;
constexpr size_t descriptor_inode_bitmap_checksum_low = 0x1a;
constexpr size_t descriptor_unused_inodes_low = 0x1c;
constexpr size_t descriptor_checksum = 0x1e;
constexpr size_t descriptor_block_bitmap_high = 0x20;
constexpr size_t descriptor_inode_bitmap_high = 0x24;
constexpr size_t descriptor_inode_table_high = 0x28;
constexpr size_t descriptor_free_blocks_high = 0x2c;
constexpr size_t descriptor_free_inodes_high = 0x2e;
constexpr size_t descriptor_directories_high = 0x30;
constexpr size_t descriptor_unused_inodes_high = 0x32;
constexpr size_t descriptor_block_bitmap_checksum_high = 0x38;
constexpr size_t descriptor_inode_bitmap_checksum_high = 0x3a;
constexpr uint16_t group_inodes_unused = 0x0001;
constexpr uint16_t group_blocks_unused = 0x0002;
constexpr uint16_t group_inodes_zeroed = 0x0004;

/* ---- Inode, [ext4 Inode Table Entry] ----------------------------------------------------------
 */

constexpr size_t inode_mode = 0x00;
constexpr size_t inode_user_low = 0x02;
constexpr size_t inode_size_low = 0x04;
constexpr size_t inode_accessed = 0x08;
constexpr size_t inode_changed = 0x0c;
constexpr size_t inode_value_references_high = 0x0c; /* of the value of an attribute */
constexpr size_t inode_modified = 0x10;
constexpr size_t inode_deleted = 0x14;
constexpr size_t inode_group_low = 0x18;
constexpr size_t inode_link_count = 0x1a;
constexpr size_t inode_sector_count_low = 0x1c;
constexpr size_t inode_flags = 0x20;
constexpr size_t inode_value_references_low = 0x24;
constexpr size_t inode_block_area = 0x28;
constexpr size_t inode_generation = 0x64;
constexpr size_t inode_attribute_block_low = 0x68;
constexpr size_t inode_size_high = 0x6c;
constexpr size_t inode_fragment = 0x70;
constexpr size_t inode_sector_count_high = 0x74;
constexpr size_t inode_attribute_block_high = 0x76;
constexpr size_t inode_user_high = 0x78;
constexpr size_t inode_group_high = 0x7a;
constexpr size_t inode_checksum_low = 0x7c;
constexpr size_t inode_extra_bytes = 0x80;
constexpr size_t inode_checksum_high = 0x82;
constexpr size_t inode_changed_extra = 0x84;
constexpr size_t inode_modified_extra = 0x88;
constexpr size_t inode_accessed_extra = 0x8c;
constexpr size_t inode_created = 0x90;
constexpr size_t inode_created_extra = 0x94;
constexpr size_t inode_project = 0x9c;

constexpr uint32_t device_major_max = 0xfff;
constexpr uint32_t device_minor_max = 0xfffff;

/* Flags in inode_flags. */
constexpr uint32_t inode_flag_immutable = 0x0000'0010;
constexpr uint32_t inode_flag_append = 0x0000'0020;
constexpr uint32_t inode_flag_no_access_time = 0x0000'0080;
constexpr uint32_t inode_flag_project_inherit = 0x2000'0000;
constexpr uint32_t inode_flag_encrypted = 0x0000'0800;
constexpr uint32_t inode_flag_indexed = 0x0000'1000;
constexpr uint32_t inode_flag_huge_file = 0x0004'0000;
constexpr uint32_t inode_flag_extents = 0x0008'0000;
constexpr uint32_t inode_flag_verity = 0x0010'0000;
constexpr uint32_t inode_flag_attribute_value = 0x0020'0000;
constexpr uint32_t inode_flag_inline_data = 0x1000'0000;
constexpr uint32_t inode_flag_casefold = 0x4000'0000;

/* ---- Block map, [ext4 Direct/Indirect Block Addressing] ---------------------------------------
 */

constexpr uint32_t block_map_direct_count = 12;
constexpr uint32_t block_map_level_max = 3;
constexpr uint32_t block_pointer_bytes = 4;

/* ---- Extent tree, [ext4 Extent Tree] -----------------------------------------------------------
 */

constexpr uint16_t extent_magic = 0xf30a;
constexpr uint32_t extent_header_bytes = 12;
constexpr uint32_t extent_entry_bytes = 12;
constexpr uint32_t extent_depth_max = 5;
constexpr uint64_t extent_logical_limit = (uint64_t)1 << 32;
constexpr size_t extent_magic_at = 0x0;
constexpr size_t extent_entry_count = 0x2;
constexpr size_t extent_entry_count_max = 0x4;
constexpr size_t extent_depth = 0x6;
constexpr size_t extent_logical = 0x0; /* of an index entry and of a leaf entry */
constexpr size_t extent_child_low = 0x4;
constexpr size_t extent_child_high = 0x8;
constexpr size_t extent_length = 0x4;
constexpr size_t extent_start_high = 0x6;
constexpr size_t extent_start_low = 0x8;
constexpr uint32_t extent_length_written_max = 32768; /* above: unwritten, by this much shorter */

/* ---- Directory, [ext4 Directory Entries] -------------------------------------------------------
 */

constexpr uint32_t entry_header_bytes = 8;
constexpr size_t entry_inode = 0x0;
constexpr size_t entry_record_bytes = 0x4;
constexpr size_t entry_name_bytes = 0x6;
constexpr size_t entry_type = 0x7; /* with the filetype feature; else the upper half of the above */
constexpr uint8_t entry_type_tail = 0xde;
constexpr uint32_t entry_tail_bytes = 12;
constexpr size_t entry_tail_checksum = 0x8;

/* Behind the name of an entry whose case does not matter and that is encrypted: its hash. */
constexpr uint32_t entry_hash_bytes = 8;
constexpr size_t entry_hash_major = 0x0;
constexpr size_t entry_hash_minor = 0x4;

/* Hash tree, [ext4 Hash Tree Directories]; offsets in the block. */
constexpr size_t index_root_reserved = 0x18;
constexpr size_t index_root_hash_version = 0x1c;
constexpr size_t index_root_info_bytes = 0x1d;
constexpr size_t index_root_level_count = 0x1e;
constexpr size_t index_root_entries = 0x20;
constexpr size_t index_node_entries = 0x08;
constexpr uint32_t index_root_info_bytes_wanted = 8;
constexpr uint32_t index_entry_bytes = 8;
constexpr uint32_t index_tail_bytes = 8;
constexpr uint8_t index_hash_version_max = 5;
constexpr uint32_t index_block_mask = 0x0fff'ffff;

/* ---- Attributes in the inode, [ext4 Extended Attributes] and [ext4 Inline Data] ----------------
 */

constexpr uint32_t attribute_magic = 0xea02'0000;
constexpr uint32_t attribute_header_bytes = 4; /* in the inode */
constexpr uint32_t attribute_block_header_bytes = 32;
constexpr size_t attribute_block_references = 0x04;
constexpr size_t attribute_block_count = 0x08;
constexpr size_t attribute_block_hash = 0x0c;
constexpr size_t attribute_block_checksum = 0x10;
constexpr uint32_t attribute_entry_bytes = 16;
constexpr size_t attribute_name_bytes = 0x0;
constexpr size_t attribute_name_index = 0x1;
constexpr size_t attribute_value_offset = 0x2;
constexpr size_t attribute_value_inode = 0x4;
constexpr size_t attribute_value_bytes = 0x8;
constexpr size_t attribute_value_hash = 0xc;
constexpr uint32_t attribute_references_max = 1024;
constexpr uint32_t attribute_value_bytes_max = 65536;
constexpr uint8_t attribute_index_user = 1;
constexpr uint8_t attribute_index_acl_access = 2;
constexpr uint8_t attribute_index_acl_default = 3;
constexpr uint8_t attribute_index_trusted = 4;
constexpr uint8_t attribute_index_security = 6;
constexpr uint8_t attribute_index_system = 7;

/* Access control lists, as attribute values: a word, then entries, the plain ones without an id. */
constexpr uint32_t acl_version = 1;
constexpr uint32_t acl_header_bytes = 4;
constexpr uint32_t acl_entry_bytes_short = 4;
constexpr uint32_t acl_entry_bytes_long = 8;
constexpr size_t acl_entry_tag = 0x0;
constexpr size_t acl_entry_permissions = 0x2;
constexpr size_t acl_entry_id = 0x4;

constexpr uint32_t inline_area_bytes = 60;
constexpr uint32_t inline_directory_parent_bytes = 4;
