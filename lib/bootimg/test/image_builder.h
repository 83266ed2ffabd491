/* SPDX-License-Identifier: ISC */
/* Builds small signed boot images in memory, for the test and the fuzz target. */
#pragma once

#include <lib/base/base.h>
#include <lib/bootimg/bootimg.h>
#include <lib/crypto/crypto.h>

#include <string.h>

constexpr size_t builder_image_bytes_max = (bootimg_sections_max + 4) * bootimg_alignment_bytes;

struct builder_section {
    uint32_t kind;
    const char *name;
    size_t size_bytes;
};

struct builder {
    uint8_t secret_key[ed25519_secret_key_bytes];
    struct bootimg_key key;
    size_t size_bytes;
    size_t signed_bytes;
    uint8_t image[builder_image_bytes_max];
};

static inline uint8_t *builder_entry(struct builder *builder, uint32_t index)
{
    return builder->image + bootimg_header_bytes + index * bootimg_section_entry_bytes;
}

/* Signs whatever header, table and manifest now say. */
static inline void builder_sign(struct builder *builder)
{
    memcpy(builder->image + 64, builder->key.key_id, bootimg_key_id_bytes);
    ed25519_sign(builder->secret_key, builder->image, builder->signed_bytes,
        builder->image + builder->size_bytes - bootimg_signature_bytes);
}

static inline void builder_add(
    struct builder *builder, uint32_t index, const struct builder_section *section)
{
    uint8_t *entry = builder_entry(builder, index);
    uint8_t *payload = builder->image + builder->size_bytes;
    for (size_t byte = 0; byte < section->size_bytes; byte++) {
        payload[byte] = (uint8_t)(1 + (index * 31 + byte) % 255);
    }
    store_le32(entry, section->kind);
    memcpy(entry + 8, section->name, strlen(section->name));
    store_le64(entry + 40, builder->size_bytes);
    store_le64(entry + 48, section->size_bytes);
    sha256_hash(payload, section->size_bytes, entry + 56);
    builder->size_bytes =
        align_up(builder->size_bytes + section->size_bytes, bootimg_alignment_bytes);
}

/* A sound image of profile dev and version 7, signed by a key that may sign dev and test. */
static inline void builder_make(
    struct builder *builder, const struct builder_section *sections, uint32_t count)
{
    *builder = (struct builder){.secret_key = "a secret that everybody knows.."};
    uint8_t digest[sha256_digest_bytes];
    ed25519_derive_public_key(builder->secret_key, builder->key.public_key);
    sha256_hash(builder->key.public_key, ed25519_public_key_bytes, digest);
    memcpy(builder->key.key_id, digest, bootimg_key_id_bytes);
    builder->key.profiles = 1U << BOOTIMG_PROFILE_DEV | 1U << BOOTIMG_PROFILE_TEST;

    uint8_t *manifest = builder_entry(builder, count);
    builder->signed_bytes = (size_t)(manifest - builder->image) + bootimg_manifest_bytes;
    store_le32(manifest, 1);
    store_le32(manifest + 4, BOOTIMG_PROFILE_DEV);
    store_le64(manifest + 8, 7);
    memset(manifest + 16, 0xbd, bootimg_digest_bytes);
    builder->size_bytes = align_up(builder->signed_bytes, bootimg_alignment_bytes);
    for (uint32_t index = 0; index < count; index++) {
        builder_add(builder, index, &sections[index]);
    }
    builder->size_bytes += bootimg_signature_bytes;
    uint8_t *header = builder->image;
    memcpy(header, "ERIXBOOT", 8);
    store_le32(header + 8, 1);
    store_le32(header + 12, bootimg_header_bytes);
    store_le32(header + 16, count);
    store_le32(header + 20, bootimg_section_entry_bytes);
    store_le64(header + 24, bootimg_header_bytes);
    store_le64(header + 32, builder->signed_bytes - bootimg_manifest_bytes);
    store_le64(header + 40, bootimg_manifest_bytes);
    store_le64(header + 48, builder->size_bytes);
    store_le64(header + 56, builder->size_bytes - bootimg_signature_bytes);
    builder_sign(builder);
}

static inline struct bootimg_policy builder_policy(const struct builder *builder)
{
    return (struct bootimg_policy){.keys = &builder->key, .key_count = 1};
}
