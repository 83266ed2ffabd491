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

static_assert(bootimg_sections_max <= sha256_messages_max);

/* What the hashing of all sections finds. */
struct section_check {
    const struct bootimg *image;
    uint32_t wrong;        /* the first section that does not match */
    uint32_t judged_count; /* a section that was not judged counts as wrong */
};

static enum bootimg_reason signer_check(
    const struct bootimg *image, const struct bootimg_policy *policy);
static uint32_t wrong_section_find(const struct bootimg *image);
static struct sha256_message section_message(void *context, uint32_t number);
static void section_compare(
    void *context, uint32_t number, const uint8_t digest[static sha256_digest_bytes]);
static const struct bootimg_key *key_find(
    const struct bootimg *image, const struct bootimg_policy *policy);

enum status bootimg_verify(
    const struct bootimg *image, struct bootimg_policy policy, struct bootimg_refusal *refusal_out)
{
    *refusal_out = (struct bootimg_refusal){.reason = signer_check(image, &policy)};
    if (refusal_out->reason != BOOTIMG_NONE) {
        return STATUS_UNTRUSTED;
    }
    uint32_t wrong = wrong_section_find(image);
    if (wrong < image->section_count) {
        refusal_out->reason = BOOTIMG_SECTION_HASH;
        memcpy(refusal_out->section, bootimg_section_at(image, wrong).name, bootimg_name_bytes);
        return STATUS_UNTRUSTED;
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

/* The first section whose digest does not match, or image->section_count. */
static uint32_t wrong_section_find(const struct bootimg *image)
{
    struct section_check check = {.image = image, .wrong = image->section_count};
    sha256_hash_many(&(struct sha256_batch){
        .count = image->section_count,
        .context = &check,
        .message_at = section_message,
        .digest_take = section_compare,
    });
    return check.judged_count == image->section_count ? check.wrong : 0;
}

static struct sha256_message section_message(void *context, uint32_t number)
{
    const struct section_check *check = context;
    struct bootimg_section section = bootimg_section_at(check->image, number);
    return (struct sha256_message){.bytes = section.bytes, .size_bytes = section.size_bytes};
}

static void section_compare(
    void *context, uint32_t number, const uint8_t digest[static sha256_digest_bytes])
{
    struct section_check *check = context;
    struct bootimg_section section = bootimg_section_at(check->image, number);
    check->judged_count++;
    if (!crypto_equal(digest, section.digest, sha256_digest_bytes) && number < check->wrong) {
        check->wrong = number;
    }
}
