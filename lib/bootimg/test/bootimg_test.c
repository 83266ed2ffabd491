/* SPDX-License-Identifier: ISC */
/*
 * Tests of the boot image. The negatives of structure are signed anew after the change, so that no
 * refusal can come from the signature instead of the guard that it is meant for.
 */
#include <lib/bootimg/bootimg.h>

#include <lib/testing/check.h>

#include <stdlib.h>

#include "image_builder.h"

static const struct builder_section plain_sections[] = {
    {BOOTIMG_KERNEL, "kernel", 5000},
    {BOOTIMG_BOOT_CONFIG, "boot-config", 77},
    {BOOTIMG_SERVICE, "rootd", 4096},
    {BOOTIMG_BLOB, "console-font", 1},
};

constexpr uint32_t plain_count = sizeof(plain_sections) / sizeof(plain_sections[0]);
constexpr size_t manifest_at = bootimg_header_bytes + plain_count * bootimg_section_entry_bytes;

struct verdict {
    enum status status;
    struct bootimg_refusal refusal;
};

/* Judges a heap copy of exact size, so that the sanitizer sees reads past the end. */
static struct verdict judge_bytes(
    const uint8_t *bytes, size_t size_bytes, struct bootimg_policy policy)
{
    struct verdict verdict = {};
    struct bootimg image = {};
    uint8_t *copy = malloc(size_bytes + 1);
    CHECK(copy != nullptr);
    memcpy(copy + 1, bytes, size_bytes);
    verdict.status = bootimg_parse(copy + 1, size_bytes, &image, &verdict.refusal);
    if (verdict.status == STATUS_OK) {
        verdict.status = bootimg_verify(&image, policy, &verdict.refusal);
    }
    free(copy);
    return verdict;
}

static struct verdict judge(const struct builder *builder)
{
    return judge_bytes(builder->image, builder->size_bytes, builder_policy(builder));
}

static void accepts_a_sound_image(void)
{
    static struct builder builder;
    struct bootimg image = {};
    struct bootimg_refusal refusal = {};
    builder_make(&builder, plain_sections, plain_count);
    CHECK_EQUAL(bootimg_parse(builder.image, builder.size_bytes, &image, &refusal), STATUS_OK);
    CHECK_EQUAL(bootimg_verify(&image, builder_policy(&builder), &refusal), STATUS_OK);
    CHECK_EQUAL(refusal.reason, BOOTIMG_NONE);
    CHECK_EQUAL(image.section_count, plain_count);
    CHECK_EQUAL(image.profile, BOOTIMG_PROFILE_DEV);
    CHECK_EQUAL(image.image_version, 7);
    CHECK_EQUAL(image.build_digest[31], 0xbd);
    struct bootimg_section section = {};
    CHECK_EQUAL(bootimg_find(&image, BOOTIMG_SERVICE, "rootd", &section), STATUS_OK);
    CHECK_EQUAL(section.size_bytes, 4096);
    CHECK_EQUAL((section.bytes - builder.image) % 4096, 0);
    CHECK_EQUAL(section.bytes[0], 1 + 2 * 31);
    CHECK_EQUAL(bootimg_find(&image, BOOTIMG_BLOB, "rootd", &section), STATUS_NOT_FOUND);
    CHECK_EQUAL(bootimg_find(&image, BOOTIMG_SERVICE, "memd", &section), STATUS_NOT_FOUND);
    CHECK_EQUAL(bootimg_find(&image, BOOTIMG_KERNEL, nullptr, &section), STATUS_OK);
    CHECK_EQUAL(section.size_bytes, 5000);
}

static void accepts_the_most_sections(void)
{
    static struct builder_section sections[bootimg_sections_max];
    static char names[bootimg_sections_max][bootimg_name_bytes];
    static struct builder builder;
    for (uint32_t index = 0; index < bootimg_sections_max; index++) {
        (void)snprintf(names[index], sizeof(names[index]), "service-%u", index);
        sections[index] = (struct builder_section){BOOTIMG_SERVICE, names[index], 1};
    }
    sections[5].kind = BOOTIMG_KERNEL;
    sections[63].kind = BOOTIMG_BOOT_CONFIG;
    builder_make(&builder, sections, bootimg_sections_max);
    CHECK_EQUAL(judge(&builder).status, STATUS_OK);
    store_le32(builder.image + 16, bootimg_sections_max + 1);
    builder_sign(&builder);
    CHECK_EQUAL(judge(&builder).refusal.reason, BOOTIMG_TABLE);
    store_le32(builder.image + 16, 0);
    builder_sign(&builder);
    CHECK_EQUAL(judge(&builder).refusal.reason, BOOTIMG_TABLE);
}

/* One field of a sound image is changed, and the image signed again. */
static const struct {
    size_t offset;
    uint32_t width_bytes;
    uint64_t value;
    enum bootimg_reason reason;
    enum status status;
    const char *section;
} changes[] = {
    {0, 1, 'e', BOOTIMG_MAGIC, STATUS_CORRUPT, ""},
    {8, 4, 2, BOOTIMG_VERSION, STATUS_UNSUPPORTED, ""},
    {12, 4, 129, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {16, 4, 3, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {20, 4, 87, BOOTIMG_TABLE, STATUS_CORRUPT, ""},
    {24, 8, 127, BOOTIMG_TABLE, STATUS_CORRUPT, ""},
    {32, 8, manifest_at + 1, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {40, 8, 65, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {48, 8, 63, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {48, 8, UINT64_MAX, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {56, 8, 4096, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {80, 1, 1, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {127, 1, 1, BOOTIMG_HEADER, STATUS_CORRUPT, ""},
    {manifest_at, 4, 2, BOOTIMG_MANIFEST, STATUS_CORRUPT, ""},
    {manifest_at + 4, 4, 0, BOOTIMG_MANIFEST, STATUS_CORRUPT, ""},
    {manifest_at + 4, 4, 4, BOOTIMG_MANIFEST, STATUS_CORRUPT, ""},
    {manifest_at + 48, 1, 1, BOOTIMG_MANIFEST, STATUS_CORRUPT, ""},
    {manifest_at + 63, 1, 1, BOOTIMG_MANIFEST, STATUS_CORRUPT, ""},
    {128 + 88 * 2, 4, 0, BOOTIMG_SECTION_KIND, STATUS_UNSUPPORTED, "rootd"},
    {128 + 88 * 2, 4, 5, BOOTIMG_SECTION_KIND, STATUS_UNSUPPORTED, "rootd"},
    {128 + 88 * 2 + 4, 4, 1, BOOTIMG_SECTION_FLAGS, STATUS_UNSUPPORTED, "rootd"},
    {128 + 88 * 2 + 8, 1, 0, BOOTIMG_SECTION_NAME, STATUS_CORRUPT, ""},
    {128 + 88 * 2 + 8, 1, 0x1b, BOOTIMG_SECTION_NAME, STATUS_CORRUPT, ""},
    {128 + 88 * 2 + 8, 1, 'R', BOOTIMG_SECTION_NAME, STATUS_CORRUPT, ""},
    {128 + 88 * 2 + 8 + 20, 1, 'x', BOOTIMG_SECTION_NAME, STATUS_CORRUPT, ""},
    {128 + 88 * 2 + 40, 8, 4096 * 3, BOOTIMG_SECTION_BOUNDS, STATUS_CORRUPT, "rootd"},
    {128 + 88 * 2 + 40, 8, 4096 * 5, BOOTIMG_SECTION_BOUNDS, STATUS_CORRUPT, "rootd"},
    {128 + 88 * 2 + 40, 8, 4096 * 4 + 1, BOOTIMG_SECTION_BOUNDS, STATUS_CORRUPT, "rootd"},
    {128 + 88 * 2 + 48, 8, 0, BOOTIMG_SECTION_BOUNDS, STATUS_CORRUPT, "rootd"},
    {128 + 88 * 2 + 48, 8, 4097, BOOTIMG_SECTION_BOUNDS, STATUS_CORRUPT, "console-font"},
    {128 + 88 * 2 + 48, 8, UINT64_MAX - 100, BOOTIMG_SECTION_BOUNDS, STATUS_CORRUPT, "rootd"},
    {128 + 88 * 2 + 48, 8, UINT64_MAX - 4096 * 4, BOOTIMG_SECTION_BOUNDS, STATUS_CORRUPT, "rootd"},
    {128 + 88 * 3 + 48, 8, 4097, BOOTIMG_SECTION_BOUNDS, STATUS_CORRUPT, "console-font"},
    {128 + 88 * 3, 4, BOOTIMG_KERNEL, BOOTIMG_SECTION_DUPLICATE, STATUS_CORRUPT, "console-font"},
    {128 + 88 * 3, 4, BOOTIMG_BOOT_CONFIG, BOOTIMG_SECTION_DUPLICATE, STATUS_CORRUPT,
        "console-font"},
    {128, 4, BOOTIMG_BLOB, BOOTIMG_SECTION_MISSING, STATUS_CORRUPT, "kernel"},
    {128 + 88, 4, BOOTIMG_BLOB, BOOTIMG_SECTION_MISSING, STATUS_CORRUPT, "boot-config"},
    {manifest_at + 64, 1, 1, BOOTIMG_PADDING, STATUS_CORRUPT, "kernel"},
    {4096 + 5000, 1, 1, BOOTIMG_PADDING, STATUS_CORRUPT, "boot-config"},
    {4096 * 4 - 1, 1, 1, BOOTIMG_PADDING, STATUS_CORRUPT, "rootd"},
    {4096 * 5 + 1, 1, 1, BOOTIMG_PADDING, STATUS_CORRUPT, "console-font"},
    {4096 * 6 - 1, 1, 1, BOOTIMG_PADDING, STATUS_CORRUPT, "console-font"},
    {manifest_at + 4, 4, BOOTIMG_PROFILE_RELEASE, BOOTIMG_KEY_PROFILE, STATUS_UNTRUSTED, ""},
    {128 + 88 * 2 + 56, 1, 0, BOOTIMG_SECTION_HASH, STATUS_UNTRUSTED, "rootd"},
    {128 + 88 * 2 + 56 + 31, 1, 0, BOOTIMG_SECTION_HASH, STATUS_UNTRUSTED, "rootd"},
    {4096, 1, 0, BOOTIMG_SECTION_HASH, STATUS_UNTRUSTED, "kernel"},
    {4096 * 5, 1, 0, BOOTIMG_SECTION_HASH, STATUS_UNTRUSTED, "console-font"},
};

static void refuses_each_single_fault(void)
{
    static struct builder builder;
    for (size_t index = 0; index < sizeof(changes) / sizeof(changes[0]); index++) {
        builder_make(&builder, plain_sections, plain_count);
        for (uint32_t byte = 0; byte < changes[index].width_bytes; byte++) {
            builder.image[changes[index].offset + byte] =
                (uint8_t)(changes[index].value >> (8 * byte));
        }
        builder_sign(&builder);
        struct verdict verdict = judge(&builder);
        CHECK_EQUAL(verdict.status, changes[index].status);
        CHECK_EQUAL(verdict.refusal.reason, changes[index].reason);
        CHECK(strcmp(verdict.refusal.section, changes[index].section) == 0);
        if (verdict.refusal.reason != changes[index].reason) {
            printf("change %zu: %s\n", index, bootimg_reason_name(verdict.refusal.reason));
        }
    }
}

static void refuses_equal_names(void)
{
    static const struct builder_section sections[] = {
        {BOOTIMG_KERNEL, "kernel", 1},
        {BOOTIMG_BOOT_CONFIG, "boot-config", 1},
        {BOOTIMG_SERVICE, "memd", 1},
        {BOOTIMG_BLOB, "memd", 1},
    };
    static struct builder builder;
    builder_make(&builder, sections, 4);
    struct verdict verdict = judge(&builder);
    CHECK_EQUAL(verdict.refusal.reason, BOOTIMG_SECTION_DUPLICATE);
    CHECK(strcmp(verdict.refusal.section, "memd") == 0);
}

static void judges_the_key(void)
{
    static struct builder builder;
    builder_make(&builder, plain_sections, plain_count);
    struct bootimg_policy policy = builder_policy(&builder);
    policy.image_version_min = 7;
    CHECK_EQUAL(judge_bytes(builder.image, builder.size_bytes, policy).status, STATUS_OK);
    policy.image_version_min = 8;
    struct verdict verdict = judge_bytes(builder.image, builder.size_bytes, policy);
    CHECK_EQUAL(verdict.status, STATUS_UNTRUSTED);
    CHECK_EQUAL(verdict.refusal.reason, BOOTIMG_ROLLBACK);
    verdict = judge_bytes(builder.image, builder.size_bytes, (struct bootimg_policy){});
    CHECK_EQUAL(verdict.refusal.reason, BOOTIMG_KEY_UNKNOWN);

    struct bootimg_key keys[2] = {builder.key, builder.key};
    keys[0].key_id[15] ^= 1;
    policy = (struct bootimg_policy){.keys = keys, .key_count = 2};
    CHECK_EQUAL(judge_bytes(builder.image, builder.size_bytes, policy).status, STATUS_OK);
    policy.key_count = 1;
    verdict = judge_bytes(builder.image, builder.size_bytes, policy);
    CHECK_EQUAL(verdict.refusal.reason, BOOTIMG_KEY_UNKNOWN);
    /* The known key id with another key: the id alone opens nothing. */
    keys[0] = builder.key;
    uint8_t other_secret[ed25519_secret_key_bytes] = {1};
    ed25519_derive_public_key(other_secret, keys[0].public_key);
    verdict = judge_bytes(builder.image, builder.size_bytes, policy);
    CHECK_EQUAL(verdict.refusal.reason, BOOTIMG_SIGNATURE);
}

/* Not one accepted: every bit of header, table and manifest, and of the signature. */
static void refuses_every_flipped_bit_of_what_is_signed(void)
{
    static struct builder builder;
    builder_make(&builder, plain_sections, plain_count);
    unsigned refused_count[BOOTIMG_REASON_COUNT] = {};
    const size_t signature_at = builder.size_bytes - bootimg_signature_bytes;
    const size_t bit_count = (builder.signed_bytes + bootimg_signature_bytes) * 8;
    for (size_t bit = 0; bit < bit_count; bit++) {
        size_t byte = bit / 8 < builder.signed_bytes
                          ? bit / 8
                          : signature_at + (bit / 8 - builder.signed_bytes);
        builder.image[byte] ^= (uint8_t)(1 << bit % 8);
        struct verdict verdict = judge(&builder);
        CHECK(verdict.status != STATUS_OK);
        refused_count[verdict.refusal.reason]++;
        builder.image[byte] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_EQUAL(judge(&builder).status, STATUS_OK);
    CHECK_EQUAL(refused_count[BOOTIMG_NONE], 0);
    CHECK_EQUAL(refused_count[BOOTIMG_MAGIC], 64);
    CHECK_EQUAL(refused_count[BOOTIMG_KEY_UNKNOWN], 128);
    CHECK(refused_count[BOOTIMG_SIGNATURE] >= (64 + 32 * plain_count + 32) * 8);
}

/* One bit of each byte behind the manifest: payloads by their digests, padding by itself. */
static void refuses_a_flipped_bit_of_each_other_byte(void)
{
    static struct builder builder;
    static const struct builder_section sections[] = {
        {BOOTIMG_KERNEL, "kernel", 300},
        {BOOTIMG_BOOT_CONFIG, "boot-config", 40},
    };
    builder_make(&builder, sections, 2);
    for (size_t byte = builder.signed_bytes; byte < builder.size_bytes; byte++) {
        bool payload = (byte >= 4096 && byte < 4096 + 300) || (byte >= 8192 && byte < 8192 + 40);
        bool signature = byte >= builder.size_bytes - bootimg_signature_bytes;
        builder.image[byte] ^= (uint8_t)(1 << byte % 8);
        CHECK_EQUAL(judge(&builder).refusal.reason, payload     ? BOOTIMG_SECTION_HASH
                                                    : signature ? BOOTIMG_SIGNATURE
                                                                : BOOTIMG_PADDING);
        builder.image[byte] ^= (uint8_t)(1 << byte % 8);
    }
    CHECK_EQUAL(judge(&builder).status, STATUS_OK);
}

static void refuses_every_truncation_and_extension(void)
{
    static struct builder builder;
    builder_make(&builder, plain_sections, plain_count);
    for (size_t size = 0; size < builder.size_bytes; size++) {
        struct verdict verdict = judge_bytes(builder.image, size, builder_policy(&builder));
        CHECK_EQUAL(verdict.status, STATUS_CORRUPT);
        CHECK_EQUAL(verdict.refusal.reason, BOOTIMG_TRUNCATED);
    }
    for (size_t more = 1; more < 100; more++) {
        struct verdict verdict =
            judge_bytes(builder.image, builder.size_bytes + more, builder_policy(&builder));
        CHECK_EQUAL(verdict.refusal.reason, BOOTIMG_TRAILING);
    }
}

/* Sections of two images signed by one key cannot be exchanged. */
static void refuses_a_section_of_another_image(void)
{
    static struct builder builder;
    static struct builder other;
    struct builder_section sections[plain_count];
    memcpy(sections, plain_sections, sizeof(sections));
    builder_make(&builder, sections, plain_count);
    builder_make(&other, sections, plain_count);
    memset(other.image + 4096 * 4, 0x77, 4096);
    sha256_hash(other.image + 4096 * 4, 4096, builder_entry(&other, 2) + 56);
    builder_sign(&other);
    CHECK_EQUAL(judge(&other).status, STATUS_OK);
    memcpy(builder.image + 4096 * 4, other.image + 4096 * 4, 4096);
    CHECK_EQUAL(judge(&builder).refusal.reason, BOOTIMG_SECTION_HASH);
    memcpy(builder_entry(&builder, 2), builder_entry(&other, 2), bootimg_section_entry_bytes);
    CHECK_EQUAL(judge(&builder).refusal.reason, BOOTIMG_SIGNATURE);
}

static void reasons_have_texts(void)
{
    for (enum bootimg_reason reason = 0; reason <= BOOTIMG_REASON_COUNT; reason++) {
        CHECK(strlen(bootimg_reason_name(reason)) > 0);
        CHECK(strlen(bootimg_reason_text(reason)) > 0);
    }
}

int main(void)
{
    TEST(accepts_a_sound_image);
    TEST(accepts_the_most_sections);
    TEST(refuses_each_single_fault);
    TEST(refuses_equal_names);
    TEST(judges_the_key);
    TEST(refuses_every_flipped_bit_of_what_is_signed);
    TEST(refuses_a_flipped_bit_of_each_other_byte);
    TEST(refuses_every_truncation_and_extension);
    TEST(refuses_a_section_of_another_image);
    TEST(reasons_have_texts);
    return check_report();
}
