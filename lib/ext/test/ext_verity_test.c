/* SPDX-License-Identifier: ISC */
/*
 * Sealed files that Linux made: read with the digests that Linux measured, and in no other way.
 * Then every kind of damage: contents, tree and descriptor, byte by byte.
 */
#define _GNU_SOURCE
#include "ext_linux.h"

#include "../verity_format.h"

static struct image image;

constexpr uint32_t line_bytes = 22;
constexpr uint64_t large_bytes = 71'303'171;

/* What `fsverity measure` printed. */
static const struct sealed {
    const char *volume;
    const char *path;
    enum ext_verity_algorithm algorithm;
    const char *digest;
    uint64_t size_bytes;
} files[] = {
    {"verity", "marker.txt", EXT_VERITY_SHA256,
        "a07ba77e3dd3606aaee4c2ec1456b134ca6575880fa19c6c30eb7f3aa677c204", 12},
    {"verity", "one-block", EXT_VERITY_SHA256,
        "e027d8c971b280d14ed100b5bb6e4b86e381a7ec15ea64dc5db4f2881ab4ab91", 20 * line_bytes},
    {"verity", "two-levels", EXT_VERITY_SHA256,
        "46e8e71a3b14ac17e83f0f3241259dac67e1b0717700f766bd140d383268ab59", 30000 * line_bytes},
    {"verity", "empty", EXT_VERITY_SHA256,
        "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95", 0},
    {"verity-salted", "marker.txt", EXT_VERITY_SHA256,
        "78eaf694322f12ec422f4b6779712122b4e7803d137cca8a89e5c0e305dad1e8", 12},
    {"verity-salted", "two-levels", EXT_VERITY_SHA256,
        "0f85ca59678b0f3d84d4f7e8c4ebcf13d0eba23f49484c6f56647326cf80b0ab", 30000 * line_bytes},
    {"verity-salted", "two-levels-512", EXT_VERITY_SHA512,
        "1e0a7b236ac8a3aea8843a29b6027e8ac152dd1236c544f65ca8fb1a2a0a9ce3"
        "8b228caf1de19147348c0caed46f74ba03e7beb8c39bde1605fabe2ef4e63897",
        20000 * line_bytes},
    {"verity-large", "three-levels", EXT_VERITY_SHA256,
        "de62327726c4db83e2f0cfd091c8fbd70e8ea1841aafd4ffcd7455b4a38d2f15", large_bytes},
};

constexpr size_t file_count = sizeof files / sizeof files[0];
static const struct sealed *const two_levels = &files[2];
static const struct sealed *const one_block = &files[1];

static enum status trust(const struct sealed *sealed)
{
    uint8_t digest[sha512_digest_bytes];
    size_t digest_bytes = strlen(sealed->digest) / 2;
    for (size_t index = 0; index < digest_bytes; index++) {
        const char digits[3] = {sealed->digest[2 * index], sealed->digest[2 * index + 1], '\0'};
        digest[index] = (uint8_t)strtoul(digits, nullptr, 16);
    }
    return ext_verity_trust(&image.mount, sealed->algorithm, digest, digest_bytes);
}

static enum status read_at(
    struct ext_file *file, uint64_t offset, uint8_t *bytes, uint64_t size_bytes, uint64_t *done_out)
{
    struct ext_read_request request = {
        .offset_bytes = offset, .size_bytes = size_bytes, .buffer = block_buffer_plain(bytes)};
    return ext_read(&image.mount, file, request, done_out);
}

/* The file whole, in pieces that begin and end anywhere; the status of the first that fails. */
static enum status read_all(struct ext_file *file, uint64_t *byte_count_out)
{
    static uint8_t bytes[70000];
    uint64_t offset = 0;
    for (uint32_t round = 0;; round++) {
        static const uint32_t pieces[] = {4096, 65536, 70000, 3, 8191, 1};
        uint64_t done_bytes = 0;
        uint64_t wanted_bytes = pieces[round % 6];
        enum status status = read_at(file, offset, bytes, wanted_bytes, &done_bytes);
        *byte_count_out = offset += done_bytes;
        if (status != STATUS_OK || done_bytes < wanted_bytes) {
            return status;
        }
    }
}

static void sealed_files_are_read(void)
{
    for (size_t index = 0; index < file_count; index++) {
        struct ext_file file;
        uint64_t byte_count = 0;
        CHECK(linux_mount(&image, files[index].volume));
        CHECK(!image.mount.read_only);
        CHECK_EQUAL(trust(&files[index]), STATUS_OK);
        CHECK_EQUAL(image_open(&image, files[index].path, &file), STATUS_OK);
        CHECK_EQUAL(file.inode.size_bytes, files[index].size_bytes);
        CHECK_EQUAL(read_all(&file, &byte_count), STATUS_OK);
        CHECK_EQUAL(byte_count, files[index].size_bytes);
        image_free(&image);
    }
}

static void contents_are_those_that_were_written(void)
{
    static uint8_t bytes[30000 * line_bytes];
    struct ext_file file;
    uint64_t done_bytes = 0;
    char line[line_bytes + 1];
    CHECK(linux_mount(&image, "verity") && trust(two_levels) == STATUS_OK);
    CHECK_EQUAL(image_open(&image, "two-levels", &file), STATUS_OK);
    CHECK_EQUAL(read_at(&file, 0, bytes, sizeof bytes, &done_bytes), STATUS_OK);
    CHECK_EQUAL(done_bytes, sizeof bytes);
    for (unsigned number = 1; number <= 30000; number++) {
        (void)snprintf(line, sizeof line, "line %06u of a file\n", number % 1000000);
        CHECK(memcmp(bytes + (size_t)(number - 1) * line_bytes, line, line_bytes) == 0);
    }
    image_free(&image);
}

/* Files that are not sealed need no trust; sealed ones with another digest are not read. */
static void nothing_is_read_without_trust(void)
{
    for (size_t index = 0; index < file_count; index++) {
        struct ext_file file;
        uint8_t bytes[64] = {0xa5};
        uint64_t byte_count = 0;
        CHECK(linux_mount(&image, files[index].volume));
        CHECK_EQUAL(image_open(&image, files[index].path, &file), STATUS_OK);
        CHECK_EQUAL(read_at(&file, 0, bytes, sizeof bytes, &byte_count), STATUS_UNTRUSTED);
        CHECK_EQUAL(bytes[0], 0xa5);
        for (size_t other = 0; other < file_count; other++) {
            CHECK(other == index || trust(&files[other]) == STATUS_OK);
        }
        CHECK_EQUAL(read_at(&file, 0, bytes, sizeof bytes, &byte_count), STATUS_UNTRUSTED);
        image_free(&image);
    }
    struct ext_file plain;
    uint64_t byte_count = 0;
    CHECK(linux_mount(&image, "verity"));
    CHECK_EQUAL(image_open(&image, "plain", &plain), STATUS_OK);
    CHECK_EQUAL(read_all(&plain, &byte_count), STATUS_OK);
    CHECK_EQUAL(byte_count, 200 * line_bytes);
    image_free(&image);
}

static void trust_is_bounded(void)
{
    uint8_t digest[sha512_digest_bytes] = {};
    CHECK(linux_mount(&image, "verity"));
    CHECK_EQUAL(ext_verity_trust(&image.mount, EXT_VERITY_SHA256, digest, sha512_digest_bytes),
        STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(ext_verity_trust(&image.mount, (enum ext_verity_algorithm)3, digest, 32),
        STATUS_INVALID_ARGUMENT);
    for (uint32_t index = 0; index < ext_verity_root_max; index++) {
        CHECK_EQUAL(
            ext_verity_trust(&image.mount, EXT_VERITY_SHA512, digest, sizeof digest), STATUS_OK);
    }
    CHECK_EQUAL(
        ext_verity_trust(&image.mount, EXT_VERITY_SHA512, digest, sizeof digest), STATUS_NO_SPACE);
    image_free(&image);
}

/* Mounts again, trusts, and reads the file whole. */
static enum status read_again(const struct sealed *sealed)
{
    struct ext_file file;
    uint64_t byte_count;
    enum status status = image_mount(&image);
    if (status == STATUS_OK) {
        status = trust(sealed);
    }
    if (status == STATUS_OK) {
        status = image_open(&image, sealed->path, &file);
    }
    return status == STATUS_OK ? read_all(&file, &byte_count) : status;
}

/* Whether the change of one bit at a place is noticed when the file is read. */
static void check_flip(const struct sealed *sealed, uint8_t *at, uint8_t mask)
{
    *at ^= mask;
    CHECK(read_again(sealed) != STATUS_OK);
    *at ^= mask;
}

static struct ext_file open_sealed(const struct sealed *sealed)
{
    struct ext_file file = {};
    CHECK(linux_mount(&image, sealed->volume));
    CHECK_EQUAL(trust(sealed), STATUS_OK);
    CHECK_EQUAL(image_open(&image, sealed->path, &file), STATUS_OK);
    return file;
}

static uint64_t seal_block(const struct ext_file *file)
{
    return align_up(file->inode.size_bytes, verity_alignment_bytes) >>
           image.mount.geometry.block_shift;
}

/* Of a file with one block: every bit of its contents and of its descriptor. */
static void every_bit_of_a_small_file_counts(void)
{
    struct ext_file file = open_sealed(one_block);
    uint8_t *contents = linux_block(&image, &file, 0);
    for (uint64_t bit = 0; bit < file.inode.size_bytes * 8; bit++) {
        check_flip(one_block, contents + bit / 8, (uint8_t)(1 << bit % 8));
    }
    uint8_t *descriptor = linux_block(&image, &file, seal_block(&file));
    CHECK_EQUAL(load_le64(descriptor + verity_file_bytes), file.inode.size_bytes);
    for (uint32_t bit = 0; bit < verity_descriptor_bytes * 8; bit++) {
        check_flip(one_block, descriptor + bit / 8, (uint8_t)(1 << bit % 8));
    }
    CHECK_EQUAL(read_again(one_block), STATUS_OK);
    image_free(&image);
}

/* What is behind the end of a file in its last block is not part of it. */
static void bytes_behind_the_end_do_not_count(void)
{
    struct ext_file file = open_sealed(one_block);
    uint8_t *contents = linux_block(&image, &file, 0);
    contents[file.inode.size_bytes] = 1;
    CHECK_EQUAL(read_again(one_block), STATUS_OK);
    image_free(&image);
}

/* Of a file with two levels: a bit in every block of contents and in every hash of the tree. */
static void every_block_and_hash_of_a_tree_counts(void)
{
    struct ext_file file = open_sealed(two_levels);
    uint64_t block_count = align_up(file.inode.size_bytes, 4096) / 4096;
    for (uint64_t block = 0; block < block_count; block++) {
        check_flip(two_levels, linux_block(&image, &file, block) + block, 0x10);
    }
    CHECK_EQUAL(block_count, 162);
    uint64_t tree = seal_block(&file);
    for (uint64_t block = tree; block < tree + 3; block++) {
        for (uint32_t at = 0; at < 4096; at += sha256_digest_bytes) {
            uint8_t *byte = linux_block(&image, &file, block) + at + block % sha256_digest_bytes;
            *byte ^= 0x01;
            CHECK_EQUAL(read_again(two_levels), STATUS_CORRUPT);
            CHECK(strcmp(image.mount.corruption.what, "verity tree") == 0);
            *byte ^= 0x01;
        }
    }
    CHECK_EQUAL(read_again(two_levels), STATUS_OK);
    image_free(&image);
}

/* Damage in one block stops nobody from reading the others, and nothing of that block is shown. */
static void only_damaged_blocks_are_kept_back(void)
{
    static uint8_t bytes[3 * 4096];
    uint64_t done_bytes = 0;
    struct ext_file file = open_sealed(two_levels);
    linux_block(&image, &file, 5)[100] ^= 4;
    CHECK_EQUAL(read_at(&file, 2 * 4096, bytes, sizeof bytes, &done_bytes), STATUS_OK);
    memset(bytes, 0xa5, sizeof bytes);
    CHECK_EQUAL(read_at(&file, 5 * 4096, bytes, 4096, &done_bytes), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, "contents of a sealed file") == 0);
    for (uint32_t index = 0; index < 4096; index++) {
        CHECK_EQUAL(bytes[index], 0);
    }
    CHECK_EQUAL(read_at(&file, 5 * 4096 + 7, bytes, 1, &done_bytes), STATUS_CORRUPT);
    CHECK_EQUAL(read_at(&file, 6 * 4096, bytes, 4096, &done_bytes), STATUS_OK);
    image_free(&image);
}

/* The descriptor of the file with one block, changed in one field; nothing needs a new hash. */
static const struct {
    size_t at;
    uint32_t width_bytes;
    uint64_t value;
    enum status status;
    const char *what;
} descriptor_changes[] = {
    {verity_version, 1, 2, STATUS_UNSUPPORTED, "a version that is not known"},
    {verity_algorithm, 1, 0, STATUS_UNSUPPORTED, "a hash algorithm that is not known"},
    {verity_algorithm, 1, 3, STATUS_UNSUPPORTED, "a hash algorithm that is not known"},
    {verity_log_block, 1, 9, STATUS_UNSUPPORTED, "blocks of another size than 1, 2 or 4 KiB"},
    {verity_log_block, 1, 16, STATUS_UNSUPPORTED, "blocks of another size than 1, 2 or 4 KiB"},
    {verity_salt_bytes, 1, 33, STATUS_CORRUPT, "salt of a verity descriptor"},
    {verity_signature_bytes, 4, 1, STATUS_CORRUPT, "length of a verity signature"},
    {verity_file_bytes, 8, 441, STATUS_CORRUPT, "file size in a verity descriptor"},
    {verity_reserved, 1, 1, STATUS_CORRUPT, "reserved bytes of a verity descriptor"},
    {verity_descriptor_bytes - 1, 1, 1, STATUS_CORRUPT, "reserved bytes of a verity descriptor"},
    {4092, 4, 0, STATUS_CORRUPT, "length of a verity descriptor"},
    {4092, 4, 255, STATUS_CORRUPT, "length of a verity descriptor"},
    {4092, 4, 4093, STATUS_CORRUPT, "length of a verity descriptor"},
    {4092, 4, UINT32_MAX, STATUS_CORRUPT, "length of a verity descriptor"},
    {4092, 4, 257, STATUS_CORRUPT, "length of a verity signature"},
};

static void check_noted(enum status status, const char *what)
{
    const char *noted =
        status == STATUS_CORRUPT ? image.mount.corruption.what : image.mount.refusal.reason;
    if (noted == nullptr || strcmp(noted, what) != 0) {
        printf("%s: %s\n", what, noted == nullptr ? "nothing noted" : noted);
        CHECK(false);
    }
}

static void descriptors_are_judged(void)
{
    struct ext_file file = open_sealed(one_block);
    uint8_t *block = linux_block(&image, &file, seal_block(&file));
    uint8_t before[4096];
    memcpy(before, block, sizeof before);
    for (size_t index = 0; index < sizeof descriptor_changes / sizeof descriptor_changes[0];
        index++) {
        for (uint32_t byte = 0; byte < descriptor_changes[index].width_bytes; byte++) {
            block[descriptor_changes[index].at + byte] =
                (uint8_t)(descriptor_changes[index].value >> 8 * byte);
        }
        CHECK_EQUAL(read_again(one_block), descriptor_changes[index].status);
        check_noted(descriptor_changes[index].status, descriptor_changes[index].what);
        memcpy(block, before, sizeof before);
    }
    CHECK_EQUAL(read_again(one_block), STATUS_OK);
    image_free(&image);
}

/* A signature behind the descriptor: none is taken, whether it can be one or not. */
static void signatures_are_refused(void)
{
    static const uint8_t head[] = {
        0x30, 0x82, 0x01, 0x00, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
    constexpr uint32_t signature_bytes = 0x104;
    struct ext_file file = open_sealed(one_block);
    uint8_t *block = linux_block(&image, &file, seal_block(&file));
    uint8_t *signature = block + verity_descriptor_bytes;
    store_le32(block + verity_signature_bytes, signature_bytes);
    store_le32(block + 4092, verity_descriptor_bytes + signature_bytes);
    memcpy(signature, head, sizeof head);
    CHECK_EQUAL(read_again(one_block), STATUS_UNSUPPORTED);
    check_noted(STATUS_UNSUPPORTED, "a built-in signature");
    for (uint32_t index = 0; index < sizeof head; index++) {
        signature[index] ^= 1;
        CHECK_EQUAL(read_again(one_block), STATUS_CORRUPT);
        check_noted(STATUS_CORRUPT, "verity signature is not PKCS #7");
        signature[index] ^= 1;
    }
    image_free(&image);
}

/* Flags of the inode: both at once, without extents, without the seal that they promise. */
static void flags_must_fit_the_file(void)
{
    struct ext_file plain;
    uint64_t done_bytes;
    uint8_t bytes[16];
    struct ext_file file = open_sealed(one_block);
    uint64_t number = file.inode.number;
    uint8_t *raw = linux_inode(&image, number);
    uint32_t flags = load_le32(raw + inode_flags);
    store_le32(raw + inode_flags, flags & ~inode_flag_extents);
    linux_inode_seal(&image, number);
    CHECK_EQUAL(read_again(one_block), STATUS_CORRUPT);
    check_noted(STATUS_CORRUPT, "sealed inode that cannot be sealed");
    store_le32(image.bytes + 1024 + superblock_feature_incompat,
        load_le32(image.bytes + 1024 + superblock_feature_incompat) | incompat_encrypt);
    ext_superblock_checksum_store(&image.mount, image.bytes + 1024);
    store_le32(raw + inode_flags, flags | inode_flag_encrypted);
    linux_inode_seal(&image, number);
    CHECK_EQUAL(read_again(one_block), STATUS_UNSUPPORTED);
    check_noted(STATUS_UNSUPPORTED, "of an encrypted file");
    store_le32(raw + inode_flags, flags);
    linux_inode_seal(&image, number);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(image_open(&image, "plain", &plain), STATUS_OK);
    raw = linux_inode(&image, plain.inode.number);
    store_le32(raw + inode_flags, load_le32(raw + inode_flags) | inode_flag_verity);
    linux_inode_seal(&image, plain.inode.number);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(image_open(&image, "plain", &plain), STATUS_OK);
    CHECK_EQUAL(read_at(&plain, 0, bytes, sizeof bytes, &done_bytes), STATUS_CORRUPT);
    check_noted(STATUS_CORRUPT, "sealed file without a seal");
    image_free(&image);
}

/* The large file: far apart, in the hole and around the data in it, and damage up in the tree. */
static void large_files_are_read_anywhere(void)
{
    const struct sealed *large = &files[file_count - 1];
    struct ext_file file = open_sealed(large);
    static const uint64_t offsets[] = {0, 5, 4096, 9000 * 4096ULL - 1, 9000 * 4096ULL,
        9002 * 4096ULL + 17, 40'000'000, large_bytes - 1, large_bytes};
    uint8_t bytes[12];
    uint64_t done_bytes;
    for (size_t index = 0; index < sizeof offsets / sizeof offsets[0]; index++) {
        CHECK_EQUAL(read_at(&file, offsets[index], bytes, sizeof bytes, &done_bytes), STATUS_OK);
        uint64_t left_bytes = large_bytes - offsets[index];
        CHECK_EQUAL(done_bytes, left_bytes < sizeof bytes ? left_bytes : sizeof bytes);
    }
    CHECK_EQUAL(read_at(&file, 9000 * 4096ULL, bytes, sizeof bytes, &done_bytes), STATUS_OK);
    CHECK(memcmp(bytes, "line 000001 ", sizeof bytes) == 0);
    CHECK_EQUAL(image.mount.verity.level_count, 3);
    uint64_t tree = seal_block(&file);
    for (uint64_t block = tree; block < tree + 4; block++) {
        uint8_t *byte = linux_block(&image, &file, block);
        *byte ^= 0x80;
        CHECK_EQUAL(image_mount(&image), STATUS_OK);
        CHECK_EQUAL(trust(large), STATUS_OK);
        CHECK_EQUAL(read_at(&file, 0, bytes, 1, &done_bytes), STATUS_CORRUPT);
        *byte ^= 0x80;
        block += block == tree + 1; /* the second block of the second level is not on this way */
    }
    image_free(&image);
}

/* Every read that fails is said to have failed. */
static void failing_reads(void)
{
    CHECK(linux_mount(&image, "verity"));
    for (uint64_t count = 0;; count++) {
        static uint8_t bytes[20000];
        struct ext_file file;
        uint64_t done_bytes = 0;
        CHECK_EQUAL(image_mount(&image), STATUS_OK);
        CHECK_EQUAL(trust(two_levels), STATUS_OK);
        CHECK_EQUAL(image_open(&image, "two-levels", &file), STATUS_OK);
        block_fault_arm(&image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_READ,
                                          .effect = BLOCK_FAULT_SPOIL,
                                          .status = STATUS_IO,
                                          .first = count,
                                          .count = 1});
        enum status status = read_at(&file, 100, bytes, sizeof bytes, &done_bytes);
        block_fault_arm(&image.fault, (struct block_fault_plan){});
        if (status == STATUS_OK) {
            CHECK(count > 4 && done_bytes == sizeof bytes);
            break;
        }
        CHECK_EQUAL(status, STATUS_IO);
    }
    image_free(&image);
}

int main(void)
{
    if (!linux_folder_find() || !image_folder_make()) {
        return 1;
    }
    TEST(sealed_files_are_read);
    TEST(contents_are_those_that_were_written);
    TEST(nothing_is_read_without_trust);
    TEST(trust_is_bounded);
    TEST(every_bit_of_a_small_file_counts);
    TEST(bytes_behind_the_end_do_not_count);
    TEST(every_block_and_hash_of_a_tree_counts);
    TEST(only_damaged_blocks_are_kept_back);
    TEST(descriptors_are_judged);
    TEST(signatures_are_refused);
    TEST(flags_must_fit_the_file);
    TEST(large_files_are_read_anywhere);
    TEST(failing_reads);
    image_folder_remove();
    return check_report();
}
