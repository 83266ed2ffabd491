/* SPDX-License-Identifier: ISC */
/*
 * The signed boot image, version 1. The format is described in README.md beside this file.
 *
 * Use: bootimg_parse (is the structure sound?), then bootimg_verify (who signed it, is it whole?),
 * and only then bootimg_find. Everything is a borrowed view: the image must stay in place,
 * unchanged, in memory that nobody else can write, as long as the struct bootimg or a section of it
 * is used.
 *
 * Policy is the caller's: which keys may sign what (struct bootimg_policy) is an argument.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t bootimg_version = 1;
constexpr size_t bootimg_header_bytes = 128;
constexpr size_t bootimg_section_entry_bytes = 88;
constexpr size_t bootimg_manifest_bytes = 64;
constexpr size_t bootimg_signature_bytes = 64;
constexpr size_t bootimg_key_id_bytes = 16;
constexpr size_t bootimg_digest_bytes = 32;
constexpr size_t bootimg_name_bytes = 32; /* with at least one zero at the end */
constexpr size_t bootimg_alignment_bytes = 4096;
constexpr uint32_t bootimg_sections_max = 64;
constexpr uint64_t bootimg_size_bytes_max = UINT64_C(256) << 20;

enum bootimg_kind : uint32_t {
    BOOTIMG_KERNEL = 1,      /* exactly one */
    BOOTIMG_BOOT_CONFIG = 2, /* exactly one */
    BOOTIMG_SERVICE = 3,     /* any number: programs; the name is the program's */
    BOOTIMG_BLOB = 4,        /* any number: data such as the console font */
};

/* Same numbers as enum boot_profile of the kernel's handoff. */
enum bootimg_profile : uint32_t {
    BOOTIMG_PROFILE_DEV = 1,
    BOOTIMG_PROFILE_RELEASE = 2,
    BOOTIMG_PROFILE_TEST = 3,
};

/* name, status that comes with it, text for people */
#define BOOTIMG_REASON_LIST(X)                                                                     \
    X(NONE, OK, "accepted")                                                                        \
    X(TRUNCATED, CORRUPT, "the file is shorter than the image says")                               \
    X(MAGIC, CORRUPT, "not a boot image")                                                          \
    X(VERSION, UNSUPPORTED, "not version 1")                                                       \
    X(HEADER, CORRUPT, "a size, an offset or a reserved byte of the header is wrong")              \
    X(TABLE, CORRUPT, "the section table is empty, too long or not in its place")                  \
    X(MANIFEST, CORRUPT, "a field of the manifest is wrong")                                       \
    X(SECTION_KIND, UNSUPPORTED, "a section is of an unknown kind")                                \
    X(SECTION_FLAGS, UNSUPPORTED, "a section has unknown flags")                                   \
    X(SECTION_NAME, CORRUPT, "a section's name is not a name")                                     \
    X(SECTION_BOUNDS, CORRUPT, "a section is not where it belongs: order, gap, overlap or size")   \
    X(SECTION_DUPLICATE, CORRUPT, "two sections have one name, or a single one comes twice")       \
    X(SECTION_MISSING, CORRUPT, "a required section is missing")                                   \
    X(PADDING, CORRUPT, "bytes between two parts are not zero")                                    \
    X(TRAILING, CORRUPT, "there are bytes behind the image's end")                                 \
    X(KEY_UNKNOWN, UNTRUSTED, "signed by a key that the policy does not know")                     \
    X(KEY_PROFILE, UNTRUSTED, "the key may not sign images of this profile")                       \
    X(ROLLBACK, UNTRUSTED, "the image is older than the policy allows")                            \
    X(SIGNATURE, UNTRUSTED, "the signature does not match")                                        \
    X(SECTION_HASH, UNTRUSTED, "a section's digest does not match")

#define BOOTIMG_REASON_ENUMERATOR(name, status, text) BOOTIMG_##name,

enum bootimg_reason : uint32_t {
    BOOTIMG_REASON_LIST(BOOTIMG_REASON_ENUMERATOR) BOOTIMG_REASON_COUNT
};

#undef BOOTIMG_REASON_ENUMERATOR

/* Why an image was refused. `section` is safe to print, and empty where no section is at fault. */
struct bootimg_refusal {
    enum bootimg_reason reason;
    char section[bootimg_name_bytes];
};

/* A sound image, not yet a trusted one. Borrowed from the bytes given to bootimg_parse. */
struct bootimg {
    const uint8_t *bytes;
    uint64_t size_bytes;
    uint64_t signed_bytes; /* the signature covers the image's first signed_bytes bytes */
    const uint8_t *key_id; /* bootimg_key_id_bytes long */
    const uint8_t *signature;
    const uint8_t *build_digest; /* bootimg_digest_bytes long: which build made it */
    uint64_t image_version;      /* rises with each release */
    enum bootimg_profile profile;
    uint32_t section_count;
};

/* A view of one section, borrowed like the image. */
struct bootimg_section {
    enum bootimg_kind kind;
    const char *name;      /* ends with a zero; of the letters a-z 0-9 . _ - */
    const uint8_t *bytes;  /* page-aligned within the image; zeros follow up to the next page */
    uint64_t size_bytes;   /* at least 1 */
    const uint8_t *digest; /* SHA-256 of the bytes, bootimg_digest_bytes long */
};

/* One key that may sign images; `tools/bootimg/bootimg.py policy` writes these. */
struct bootimg_key {
    uint8_t key_id[bootimg_key_id_bytes]; /* first half of the SHA-256 of public_key */
    uint8_t public_key[32];
    uint32_t profiles; /* bit (1 << profile) for each profile that it may sign */
};

struct bootimg_policy {
    const struct bootimg_key *keys; /* borrowed for the call */
    uint32_t key_count;
    uint64_t image_version_min; /* older images are refused */
};

/*
 * Checks that the structure is sound: every byte of the image is accounted for.
 * OK: *image_out is a view of it. It is not trusted yet: bootimg_verify decides that.
 * CORRUPT, UNSUPPORTED: *image_out is untouched; *refusal_out says why.
 */
enum status bootimg_parse(const void *bytes, uint64_t size_bytes, struct bootimg *image_out,
    struct bootimg_refusal *refusal_out);

/*
 * Checks who signed the image and that it is whole: key, profile, age, signature, then the digest
 * of each section, in this order. Costs one hash over the image. OK: every byte of the image is
 * what the key's owner signed. UNTRUSTED: *refusal_out says why.
 */
enum status bootimg_verify(
    const struct bootimg *image, struct bootimg_policy policy, struct bootimg_refusal *refusal_out);

/* The section number `index`, below image->section_count, in the order of the table. */
struct bootimg_section bootimg_section_at(const struct bootimg *image, uint32_t index);

/* Finds a section by kind and name; `name` nullptr: the first of its kind. OK or NOT_FOUND. */
enum status bootimg_find(const struct bootimg *image, enum bootimg_kind kind, const char *name,
    struct bootimg_section *section_out);

/* Name of a reason for machines (markers), such as "SECTION_HASH"; never nullptr. */
const char *bootimg_reason_name(enum bootimg_reason reason);

/* Text of a reason for people; never nullptr. */
const char *bootimg_reason_text(enum bootimg_reason reason);
