/* SPDX-License-Identifier: ISC */
/*
 * Who signed a boot image, and is it whole? The signature over header, table and manifest comes
 * first: it is short, and only a table that is trusted is worth hashing megabytes for.
 */
#include <lib/bootimg/bootimg.h>

#include <lib/crypto/crypto.h>

#include <string.h>

static_assert(bootimg_signature_bytes == ed25519_signature_bytes);
static_assert(bootimg_digest_bytes == sha256_digest_bytes);
static_assert(sizeof(((struct bootimg_key *)nullptr)->public_key) == ed25519_public_key_bytes);

static enum bootimg_reason signer_check(
    const struct bootimg *image, const struct bootimg_policy *policy);
static const struct bootimg_key *key_find(
    const struct bootimg *image, const struct bootimg_policy *policy);

enum status bootimg_verify(
    const struct bootimg *image, struct bootimg_policy policy, struct bootimg_refusal *refusal_out)
{
    *refusal_out = (struct bootimg_refusal){.reason = signer_check(image, &policy)};
    if (refusal_out->reason != BOOTIMG_NONE) {
        return STATUS_UNTRUSTED;
    }
    for (uint32_t index = 0; index < image->section_count; index++) {
        struct bootimg_section section = bootimg_section_at(image, index);
        uint8_t digest[sha256_digest_bytes];
        sha256_hash(section.bytes, section.size_bytes, digest);
        if (!crypto_equal(digest, section.digest, sizeof(digest))) {
            refusal_out->reason = BOOTIMG_SECTION_HASH;
            memcpy(refusal_out->section, section.name, bootimg_name_bytes);
            return STATUS_UNTRUSTED;
        }
    }
    return STATUS_OK;
}

static enum bootimg_reason signer_check(
    const struct bootimg *image, const struct bootimg_policy *policy)
{
    const struct bootimg_key *key = key_find(image, policy);
    if (key == nullptr) {
        return BOOTIMG_KEY_UNKNOWN;
    }
    if ((key->profiles & 1U << image->profile) == 0) {
        return BOOTIMG_KEY_PROFILE;
    }
    if (image->image_version < policy->image_version_min) {
        return BOOTIMG_ROLLBACK;
    }
    enum status status =
        ed25519_verify(key->public_key, image->signature, image->bytes, image->signed_bytes);
    return status == STATUS_OK ? BOOTIMG_NONE : BOOTIMG_SIGNATURE;
}

static const struct bootimg_key *key_find(
    const struct bootimg *image, const struct bootimg_policy *policy)
{
    for (uint32_t index = 0; index < policy->key_count; index++) {
        if (memcmp(policy->keys[index].key_id, image->key_id, bootimg_key_id_bytes) == 0) {
            return &policy->keys[index];
        }
    }
    return nullptr;
}
