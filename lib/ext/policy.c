/* SPDX-License-Identifier: ISC */
/*
 * Encryption contexts: from the attribute of an inode to a policy that is worth trusting.
 *
 * The attribute has index 9 and the name "c". What is honest but not ours is refused here, before
 * anybody looks for a key.
 */
#include "policy.h"

#include <string.h>

#include "attribute.h"

constexpr uint8_t attribute_index_encryption = 9;

/* The context: version, two modes, flags, then by version. */
constexpr size_t context_version = 0;
constexpr size_t context_contents_mode = 1;
constexpr size_t context_names_mode = 2;
constexpr size_t context_flags = 3;
constexpr size_t context_unit_shift = 4; /* 0: data units are blocks */
constexpr size_t context_reserved = 5;
constexpr size_t context_identifier = 8;
constexpr size_t context_nonce = 24;
constexpr uint32_t context_bytes = 40;

constexpr uint8_t flag_padding_mask = 0x03;
constexpr uint32_t padding_bytes_min = 4;

constexpr uint8_t version_2 = 2;
constexpr uint8_t mode_contents = 1; /* AES-256-XTS */
constexpr uint8_t mode_names = 4;    /* AES-256-CTS */

static struct ext_attribute_name context_name(void)
{
    return (struct ext_attribute_name){
        .index = attribute_index_encryption, .size_bytes = 1, .bytes = "c"};
}

/* What a mode is for. */
enum purpose : uint8_t {
    PURPOSE_NONE,
    PURPOSE_CONTENTS = 1,
    PURPOSE_NAMES = 2,
    PURPOSE_BOTH = 3,
};

/* All modes that have a number. */
static const struct {
    const char *refusal; /* nullptr: we have it */
    enum purpose purpose;
} modes[] = {
    [mode_contents] = {nullptr, PURPOSE_CONTENTS},
    [mode_names] = {nullptr, PURPOSE_NAMES},
    [5] = {"AES-128-CBC-ESSIV", PURPOSE_CONTENTS},
    [6] = {"AES-128-CTS", PURPOSE_NAMES},
    [7] = {"SM4-XTS", PURPOSE_CONTENTS},
    [8] = {"SM4-CTS", PURPOSE_NAMES},
    [9] = {"Adiantum", PURPOSE_BOTH},
    [10] = {"AES-256-HCTR2", PURPOSE_NAMES},
};

static const struct {
    uint8_t flag;
    const char *reason;
} flags_refused[] = {
    {0x04, "DIRECT_KEY: one key for all files"},
    {0x08, "IV_INO_LBLK_64: one key for all files"},
    {0x10, "IV_INO_LBLK_32: one key for all files"},
    {0xe0, "flags that are not known"},
};

static enum status refuse(struct ext_mount *mount, const char *reason)
{
    mount->refusal = (struct ext_refusal){
        .what = "encryption policy", .reason = reason, .feature_bit = ext_no_feature_bit};
    return STATUS_UNSUPPORTED;
}

/* The mode must exist, be for this purpose, and be ours. */
static enum status judge_mode(
    struct ext_mount *mount, uint8_t mode, enum purpose purpose, uint64_t block)
{
    bool exists = mode < sizeof modes / sizeof modes[0];
    if (!exists || (modes[mode].purpose & purpose) == 0) {
        return ext_corrupt(mount, "mode of an encryption policy", block);
    }
    return modes[mode].refusal == nullptr ? STATUS_OK : refuse(mount, modes[mode].refusal);
}

static enum status judge_flags(struct ext_mount *mount, const uint8_t *context, uint64_t block)
{
    for (size_t index = 0; index < sizeof flags_refused / sizeof flags_refused[0]; index++) {
        if ((context[context_flags] & flags_refused[index].flag) != 0) {
            return refuse(mount, flags_refused[index].reason);
        }
    }
    for (size_t at = context_reserved; at < context_identifier; at++) {
        if (context[at] != 0) {
            return ext_corrupt(mount, "reserved bytes of an encryption policy", block);
        }
    }
    if (context[context_unit_shift] != 0 &&
        context[context_unit_shift] != mount->geometry.block_shift) {
        return refuse(mount, "data units are not blocks");
    }
    return STATUS_OK;
}

static enum status judge_context(
    struct ext_mount *mount, const uint8_t *context, uint32_t size_bytes, uint64_t block)
{
    uint8_t version = size_bytes == 0 ? 0 : context[context_version];
    if (version == 1) {
        return refuse(mount, "version 1");
    }
    if (version != version_2 || size_bytes != context_bytes) {
        return ext_corrupt(mount, "version of an encryption policy", block);
    }
    enum status status = judge_mode(mount, context[context_contents_mode], PURPOSE_CONTENTS, block);
    if (status == STATUS_OK) {
        status = judge_mode(mount, context[context_names_mode], PURPOSE_NAMES, block);
    }
    return status == STATUS_OK ? judge_flags(mount, context, block) : status;
}

/* Copies the attribute; its size may be more than what was copied. */
static enum status read_context(struct ext_mount *mount, const struct ext_inode *inode,
    uint8_t context[static context_bytes], uint32_t *size_bytes_out, uint64_t *block_out)
{
    struct ext_attribute_name name = context_name();
    struct ext_attribute_area area;
    struct ext_attribute attribute;
    enum status status = ext_attribute_pin(mount, inode, &name, &area, &attribute);
    if (status == STATUS_NOT_FOUND) {
        return ext_corrupt(mount, "encrypted inode without a policy", 0);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (attribute.value_inode != 0) {
        status = ext_corrupt(mount, "encryption policy in another inode", area.entry->block);
    } else {
        uint32_t copied_bytes =
            attribute.value_bytes < context_bytes ? attribute.value_bytes : context_bytes;
        memcpy(context, area.bytes + attribute.value_at, copied_bytes);
        *size_bytes_out = attribute.value_bytes;
        *block_out = area.entry->block;
    }
    ext_attribute_put(mount, &area);
    return status;
}

enum status ext_policy_read(
    struct ext_mount *mount, const struct ext_inode *inode, struct ext_policy *policy_out)
{
    uint8_t context[context_bytes] = {};
    uint32_t size_bytes = 0;
    uint64_t block = 0;
    enum status status = read_context(mount, inode, context, &size_bytes, &block);
    if (status == STATUS_OK) {
        status = judge_context(mount, context, size_bytes, block);
    }
    if (status != STATUS_OK) {
        return status;
    }
    policy_out->padding_bytes = padding_bytes_min << (context[context_flags] & flag_padding_mask);
    memcpy(policy_out->key_identifier, context + context_identifier, ext_key_identifier_bytes);
    memcpy(policy_out->nonce, context + context_nonce, ext_nonce_bytes);
    policy_out->unit_shift = context[context_unit_shift];
    return STATUS_OK;
}

bool ext_policy_same(const struct ext_policy *left, const struct ext_policy *right)
{
    return left->padding_bytes == right->padding_bytes &&
           memcmp(left->key_identifier, right->key_identifier, ext_key_identifier_bytes) == 0;
}

/* ---- New inodes ------------------------------------------------------------------------------ */

static void fill_context(const void *from, uint8_t *context, uint32_t size_bytes)
{
    const struct ext_policy *policy = from;
    memset(context, 0, size_bytes);
    context[context_version] = version_2;
    context[context_contents_mode] = mode_contents;
    context[context_names_mode] = mode_names;
    while (padding_bytes_min << context[context_flags] < policy->padding_bytes) {
        context[context_flags]++;
    }
    context[context_unit_shift] = policy->unit_shift;
    memcpy(context + context_identifier, policy->key_identifier, ext_key_identifier_bytes);
    memcpy(context + context_nonce, policy->nonce, ext_nonce_bytes);
}

enum status ext_policy_store(
    struct ext_mount *mount, struct ext_inode *inode, const struct ext_policy *policy)
{
    struct ext_attribute_name name = context_name();
    struct ext_attribute_source source = {fill_context, policy, context_bytes};
    return ext_attribute_add(mount, inode, &name, &source);
}

enum status ext_policy_draw_nonce(struct ext_mount *mount, struct ext_policy *policy)
{
    struct ext_nonce_source source = mount->nonces;
    if (source.draw == nullptr) {
        return refuse(mount, "nobody gives nonces for new files");
    }
    return source.draw(source.context, policy->nonce);
}
