/* SPDX-License-Identifier: ISC */
/* Where the fields of the boot image are (README.md), private to this library. */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr char bootimg_magic[8] = {'E', 'R', 'I', 'X', 'B', 'O', 'O', 'T'};

constexpr size_t header_version_at = 8;
constexpr size_t header_size_at = 12;
constexpr size_t header_section_count_at = 16;
constexpr size_t header_section_entry_size_at = 20;
constexpr size_t header_table_at = 24;
constexpr size_t header_manifest_at = 32;
constexpr size_t header_manifest_size_at = 40;
constexpr size_t header_image_size_at = 48;
constexpr size_t header_signature_at = 56;
constexpr size_t header_key_id_at = 64;
constexpr size_t header_reserved_at = 80;

constexpr size_t section_kind_at = 0;
constexpr size_t section_flags_at = 4;
constexpr size_t section_name_at = 8;
constexpr size_t section_offset_at = 40;
constexpr size_t section_size_at = 48;
constexpr size_t section_digest_at = 56;

constexpr size_t manifest_version_at = 0;
constexpr size_t manifest_profile_at = 4;
constexpr size_t manifest_image_version_at = 8;
constexpr size_t manifest_build_digest_at = 16;
constexpr size_t manifest_reserved_at = 48;

constexpr uint32_t manifest_version = 1;
