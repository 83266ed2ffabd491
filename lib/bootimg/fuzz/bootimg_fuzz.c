/* SPDX-License-Identifier: ISC */
/*
 * Odd first byte: the rest are changes (place, value) to a sound signed image; only the unchanged
 * image may be accepted. Even first byte: the rest is the image. Whatever parses is then hashed and
 * signed anew and must verify, which takes the fuzzer behind digests and signature.
 */
#include <lib/bootimg/bootimg.h>

#include "../test/image_builder.h"

constexpr size_t input_bytes_max = 65536;

static struct builder base;
static struct builder changed;

static void promise(bool holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

/* Makes a parsed image trustworthy, in place. */
static void repair(struct builder *builder, const struct bootimg *image)
{
    for (uint32_t index = 0; index < image->section_count; index++) {
        struct bootimg_section section = bootimg_section_at(image, index);
        sha256_hash(section.bytes, section.size_bytes, builder_entry(builder, index) + 56);
    }
    builder->signed_bytes = image->signed_bytes;
    builder_sign(builder);
}

static void judge(struct builder *builder, bool unchanged)
{
    struct bootimg image = {};
    struct bootimg_refusal refusal = {};
    enum status status = bootimg_parse(builder->image, builder->size_bytes, &image, &refusal);
    promise((status == STATUS_OK) == (refusal.reason == BOOTIMG_NONE));
    promise(refusal.section[bootimg_name_bytes - 1] == '\0');
    if (status != STATUS_OK) {
        return;
    }
    struct bootimg_policy policy = builder_policy(builder);
    promise((bootimg_verify(&image, policy, &refusal) == STATUS_OK) == unchanged);
    repair(builder, &image);
    status = bootimg_verify(&image, policy, &refusal);
    promise(status == STATUS_OK || refusal.reason == BOOTIMG_KEY_PROFILE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static const struct builder_section sections[] = {
        {BOOTIMG_KERNEL, "kernel", 100},
        {BOOTIMG_BOOT_CONFIG, "boot-config", 64},
        {BOOTIMG_SERVICE, "rootd", 4096},
    };
    if (base.size_bytes == 0) {
        builder_make(&base, sections, 3);
        changed = base;
    }
    if (size_bytes == 0 || size_bytes > input_bytes_max) {
        return 0;
    }
    changed.size_bytes = base.size_bytes;
    changed.signed_bytes = base.signed_bytes;
    memcpy(changed.image, base.image, base.size_bytes);
    struct reader reader = reader_init(bytes + 1, size_bytes - 1);
    if (bytes[0] % 2 == 0) {
        changed.size_bytes = size_bytes - 1;
        memcpy(changed.image, bytes + 1, size_bytes - 1);
    } else {
        while (reader.left_bytes >= 3) {
            uint16_t place = reader_le16(&reader);
            changed.image[place % base.size_bytes] = reader_u8(&reader);
        }
    }
    bool unchanged = changed.size_bytes == base.size_bytes &&
                     memcmp(changed.image, base.image, base.size_bytes) == 0;
    judge(&changed, unchanged);
    return 0;
}
