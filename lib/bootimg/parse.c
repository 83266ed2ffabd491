/* SPDX-License-Identifier: ISC */
/*
 * Is a boot image's structure sound? Version 1 leaves no freedom: given the sections' sizes, each
 * part has one place, all between is zero, and nothing follows. So no byte of an image escapes
 * judgement.
 */
#include <lib/bootimg/bootimg.h>

#include <lib/base/base.h>

#include <stdckdint.h>
#include <string.h>

#include "layout.h"

#define REASON_STATUS(name, status, text) [BOOTIMG_##name] = STATUS_##status,
#define REASON_NAME(name, status, text) [BOOTIMG_##name] = #name,
#define REASON_TEXT(name, status, text) [BOOTIMG_##name] = text,

static const enum status statuses[BOOTIMG_REASON_COUNT] = {BOOTIMG_REASON_LIST(REASON_STATUS)};
static const char *const names[BOOTIMG_REASON_COUNT] = {BOOTIMG_REASON_LIST(REASON_NAME)};
static const char *const texts[BOOTIMG_REASON_COUNT] = {BOOTIMG_REASON_LIST(REASON_TEXT)};

static enum bootimg_reason header_parse(
    const uint8_t *bytes, uint64_t size_bytes, struct bootimg *image);
static enum bootimg_reason manifest_parse(const uint8_t *manifest, struct bootimg *image);
static struct bootimg_refusal sections_check(const struct bootimg *image);
static enum bootimg_reason section_check(
    const struct bootimg *image, uint32_t index, uint64_t *used_bytes);
static const uint8_t *section_entry(const struct bootimg *image, uint32_t index);
static enum bootimg_reason section_fields_check(const uint8_t *entry);
static bool name_is_valid(const char *name);
static bool is_duplicate(const struct bootimg *image, uint32_t index);
static bool is_zero(const uint8_t *bytes, uint64_t size_bytes);

enum status bootimg_parse(const void *bytes, uint64_t size_bytes, struct bootimg *image_out,
    struct bootimg_refusal *refusal_out)
{
    struct bootimg image = {};
    struct bootimg_refusal refusal = {.reason = header_parse(bytes, size_bytes, &image)};
    if (refusal.reason == BOOTIMG_NONE) {
        refusal = sections_check(&image);
    }
    *refusal_out = refusal;
    if (refusal.reason == BOOTIMG_NONE) {
        *image_out = image;
    }
    return statuses[refusal.reason];
}

struct bootimg_section bootimg_section_at(const struct bootimg *image, uint32_t index)
{
    const uint8_t *entry = section_entry(image, index);
    return (struct bootimg_section){
        .kind = (enum bootimg_kind)load_le32(entry + section_kind_at),
        .name = (const char *)entry + section_name_at,
        .bytes = image->bytes + load_le64(entry + section_offset_at),
        .size_bytes = load_le64(entry + section_size_at),
        .digest = entry + section_digest_at,
    };
}

enum status bootimg_find(const struct bootimg *image, enum bootimg_kind kind, const char *name,
    struct bootimg_section *section_out)
{
    for (uint32_t index = 0; index < image->section_count; index++) {
        struct bootimg_section section = bootimg_section_at(image, index);
        if (section.kind == kind && (name == nullptr || strcmp(section.name, name) == 0)) {
            *section_out = section;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

const char *bootimg_reason_name(enum bootimg_reason reason)
{
    return reason < BOOTIMG_REASON_COUNT ? names[reason] : "UNKNOWN";
}

const char *bootimg_reason_text(enum bootimg_reason reason)
{
    return reason < BOOTIMG_REASON_COUNT ? texts[reason] : "unknown reason";
}

/* Header, table's place, manifest and total size; fills *image, whose sections are not yet checked.
 */
static enum bootimg_reason header_parse(
    const uint8_t *bytes, uint64_t size_bytes, struct bootimg *image)
{
    if (size_bytes < bootimg_header_bytes) {
        return BOOTIMG_TRUNCATED;
    }
    if (memcmp(bytes, bootimg_magic, sizeof(bootimg_magic)) != 0) {
        return BOOTIMG_MAGIC;
    }
    if (load_le32(bytes + header_version_at) != bootimg_version) {
        return BOOTIMG_VERSION;
    }
    uint32_t section_count = load_le32(bytes + header_section_count_at);
    if (section_count == 0 || section_count > bootimg_sections_max ||
        load_le32(bytes + header_section_entry_size_at) != bootimg_section_entry_bytes ||
        load_le64(bytes + header_table_at) != bootimg_header_bytes) {
        return BOOTIMG_TABLE;
    }
    uint64_t manifest_at = bootimg_header_bytes + section_count * bootimg_section_entry_bytes;
    uint64_t image_bytes = load_le64(bytes + header_image_size_at);
    uint64_t signature_at = load_le64(bytes + header_signature_at);
    if (load_le32(bytes + header_size_at) != bootimg_header_bytes ||
        load_le64(bytes + header_manifest_at) != manifest_at ||
        load_le64(bytes + header_manifest_size_at) != bootimg_manifest_bytes ||
        !is_zero(bytes + header_reserved_at, bootimg_header_bytes - header_reserved_at) ||
        image_bytes > bootimg_size_bytes_max || image_bytes < bootimg_signature_bytes ||
        signature_at != image_bytes - bootimg_signature_bytes ||
        !is_aligned(signature_at, bootimg_alignment_bytes) ||
        signature_at < manifest_at + bootimg_manifest_bytes) {
        return BOOTIMG_HEADER;
    }
    if (size_bytes != image_bytes) {
        return size_bytes < image_bytes ? BOOTIMG_TRUNCATED : BOOTIMG_TRAILING;
    }
    *image = (struct bootimg){
        .bytes = bytes,
        .size_bytes = size_bytes,
        .signed_bytes = manifest_at + bootimg_manifest_bytes,
        .key_id = bytes + header_key_id_at,
        .signature = bytes + signature_at,
        .section_count = section_count,
    };
    return manifest_parse(bytes + manifest_at, image);
}

static enum bootimg_reason manifest_parse(const uint8_t *manifest, struct bootimg *image)
{
    uint32_t profile = load_le32(manifest + manifest_profile_at);
    if (load_le32(manifest + manifest_version_at) != manifest_version ||
        profile < BOOTIMG_PROFILE_DEV || profile > BOOTIMG_PROFILE_TEST ||
        !is_zero(manifest + manifest_reserved_at, bootimg_manifest_bytes - manifest_reserved_at)) {
        return BOOTIMG_MANIFEST;
    }
    image->profile = (enum bootimg_profile)profile;
    image->image_version = load_le64(manifest + manifest_image_version_at);
    image->build_digest = manifest + manifest_build_digest_at;
    return BOOTIMG_NONE;
}

/* Each section in its one place with zeros before it, then the image's end, then what must be
 * there. */
static struct bootimg_refusal sections_check(const struct bootimg *image)
{
    const uint64_t signature_at = image->size_bytes - bootimg_signature_bytes;
    uint64_t used_bytes = image->signed_bytes; /* everything before it is accounted for */
    struct bootimg_refusal refusal = {};
    for (uint32_t index = 0; index < image->section_count; index++) {
        refusal = (struct bootimg_refusal){};
        refusal.reason = section_check(image, index, &used_bytes);
        if (refusal.reason != BOOTIMG_SECTION_NAME) {
            memcpy(refusal.section, bootimg_section_at(image, index).name, bootimg_name_bytes);
        }
        if (refusal.reason != BOOTIMG_NONE) {
            return refusal;
        }
    }
    if (align_up(used_bytes, bootimg_alignment_bytes) != signature_at) {
        refusal.reason = BOOTIMG_SECTION_BOUNDS;
        return refusal;
    }
    if (!is_zero(image->bytes + used_bytes, signature_at - used_bytes)) {
        refusal.reason = BOOTIMG_PADDING;
        return refusal;
    }
    struct bootimg_section section;
    if (bootimg_find(image, BOOTIMG_KERNEL, nullptr, &section) != STATUS_OK) {
        return (struct bootimg_refusal){BOOTIMG_SECTION_MISSING, "kernel"};
    }
    if (bootimg_find(image, BOOTIMG_BOOT_CONFIG, nullptr, &section) != STATUS_OK) {
        return (struct bootimg_refusal){BOOTIMG_SECTION_MISSING, "boot-config"};
    }
    return (struct bootimg_refusal){};
}

/* One section behind *used_bytes bytes of the image; moves *used_bytes to its end. */
static enum bootimg_reason section_check(
    const struct bootimg *image, uint32_t index, uint64_t *used_bytes)
{
    const uint64_t signature_at = image->size_bytes - bootimg_signature_bytes;
    const uint8_t *entry = section_entry(image, index);
    enum bootimg_reason reason = section_fields_check(entry);
    if (reason != BOOTIMG_NONE) {
        return reason;
    }
    uint64_t offset = load_le64(entry + section_offset_at);
    uint64_t section_bytes = load_le64(entry + section_size_at);
    uint64_t end = 0;
    if (offset != align_up(*used_bytes, bootimg_alignment_bytes) || section_bytes == 0 ||
        ckd_add(&end, offset, section_bytes) || end > signature_at) {
        return BOOTIMG_SECTION_BOUNDS;
    }
    if (!is_zero(image->bytes + *used_bytes, offset - *used_bytes)) {
        return BOOTIMG_PADDING;
    }
    if (is_duplicate(image, index)) {
        return BOOTIMG_SECTION_DUPLICATE;
    }
    *used_bytes = end;
    return BOOTIMG_NONE;
}

/* Where the table tells of section number `index`. */
static const uint8_t *section_entry(const struct bootimg *image, uint32_t index)
{
    return image->bytes + bootimg_header_bytes + index * bootimg_section_entry_bytes;
}

static enum bootimg_reason section_fields_check(const uint8_t *entry)
{
    if (!name_is_valid((const char *)entry + section_name_at)) {
        return BOOTIMG_SECTION_NAME;
    }
    uint32_t kind = load_le32(entry + section_kind_at);
    if (kind < BOOTIMG_KERNEL || kind > BOOTIMG_BLOB) {
        return BOOTIMG_SECTION_KIND;
    }
    return load_le32(entry + section_flags_at) == 0 ? BOOTIMG_NONE : BOOTIMG_SECTION_FLAGS;
}

/* 1 to 31 letters of a-z 0-9 . _ - and then zeros. */
static bool name_is_valid(const char *name)
{
    size_t length = 0;
    while (length < bootimg_name_bytes && name[length] != '\0') {
        char letter = name[length];
        if (!(letter >= 'a' && letter <= 'z') && !(letter >= '0' && letter <= '9') &&
            letter != '.' && letter != '_' && letter != '-') {
            return false;
        }
        length++;
    }
    return length > 0 && length < bootimg_name_bytes &&
           is_zero((const uint8_t *)name + length, bootimg_name_bytes - length);
}

/* Whether a section before number `index` has its name, or is the kernel or boot-config as it is.
 */
static bool is_duplicate(const struct bootimg *image, uint32_t index)
{
    struct bootimg_section section = bootimg_section_at(image, index);
    bool single = section.kind == BOOTIMG_KERNEL || section.kind == BOOTIMG_BOOT_CONFIG;
    for (uint32_t before = 0; before < index; before++) {
        struct bootimg_section other = bootimg_section_at(image, before);
        if ((single && other.kind == section.kind) ||
            memcmp(other.name, section.name, bootimg_name_bytes) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_zero(const uint8_t *bytes, uint64_t size_bytes)
{
    uint8_t any = 0;
    for (uint64_t index = 0; index < size_bytes; index++) {
        any |= bytes[index];
    }
    return any == 0;
}
