/* SPDX-License-Identifier: ISC */
/* Names that differ in case or composition only, as Unicode 12.1 sees it. */
#include "casefold.h"

#include <lib/unicode/unicode.h>

#include <string.h>

constexpr uint16_t encoding_utf8_12_1 = 1;
constexpr uint16_t encoding_flag_strict = 1;

static enum status refuse(struct ext_mount *mount, const char *reason)
{
    mount->refusal = (struct ext_refusal){
        .what = "encoding", .reason = reason, .feature_bit = ext_no_feature_bit};
    return STATUS_UNSUPPORTED;
}

enum status ext_encoding_judge(struct ext_mount *mount, const uint8_t *superblock)
{
    if (!ext_has(mount, EXT_INCOMPAT, incompat_casefold)) {
        return STATUS_OK;
    }
    uint16_t flags = load_le16(superblock + superblock_encoding_flags);
    if (load_le16(superblock + superblock_encoding) != encoding_utf8_12_1) {
        return refuse(mount, "only UTF-8 of Unicode 12.1 is known");
    }
    if ((flags & ~encoding_flag_strict) != 0) {
        return refuse(mount, "flags that are not known");
    }
    mount->strict_names = (flags & encoding_flag_strict) != 0;
    return STATUS_OK;
}

bool ext_name_encoded(const struct ext_mount *mount, const char *name, uint32_t name_bytes)
{
    return !mount->strict_names || unicode_valid(name, name_bytes);
}

bool ext_names_fold_alike(
    const char *left, uint32_t left_bytes, const char *right, uint32_t right_bytes)
{
    bool equal = false;
    if (left_bytes == right_bytes && memcmp(left, right, left_bytes) == 0) {
        return true;
    }
    return unicode_fold_compare(left, left_bytes, right, right_bytes, &equal) == STATUS_OK && equal;
}
