/* SPDX-License-Identifier: ISC */
/*
 * Seals that fsverity computes, for all sizes of blocks of volume and tree, both hashes, salts and
 * sizes of files around every boundary: Linux itself makes only some of these. The volume is put
 * together by mke2fs and debugfs.
 */
#define _GNU_SOURCE
#include "ext_image.h"

#include "../verity_format.h"

static struct image image;

static const uint32_t block_sizes[] = {1024, 2048, 4096};
static const uint32_t file_sizes[] = {
    1, 1023, 1024, 1025, 4095, 4096, 4097, 65536, 70'001, 300'007};
static const char *const variants[] = {
    "--hash-alg=sha256",
    "--hash-alg=sha512",
    "--hash-alg=sha256 --salt=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
    "--hash-alg=sha512 --salt=01",
};

constexpr uint32_t variant_count = sizeof variants / sizeof variants[0];
constexpr uint32_t file_count = variant_count * sizeof file_sizes / sizeof file_sizes[0];

struct sealed {
    uint32_t size_bytes;
    enum ext_verity_algorithm algorithm;
    uint8_t digest[sha512_digest_bytes];
};

static struct sealed files[file_count];

static uint8_t content(uint32_t file, uint64_t offset)
{
    return (uint8_t)(offset * 31 + (offset >> 8) * 7 + file);
}

/* Reads a small file of the working folder; its size. */
static size_t slurp(const char *name, uint8_t *bytes, size_t room)
{
    FILE *stream = fopen(name, "rb");
    size_t size_bytes = stream == nullptr ? 0 : fread(bytes, 1, room, stream);
    if (stream != nullptr) {
        (void)fclose(stream);
    }
    return size_bytes;
}

static void append(FILE *stream, const uint8_t *bytes, size_t size_bytes)
{
    CHECK_EQUAL(fwrite(bytes, 1, size_bytes, stream), size_bytes);
}

static void pad_to(FILE *stream, uint64_t alignment)
{
    while (!is_aligned((uint64_t)ftell(stream), alignment)) {
        (void)fputc(0, stream);
    }
}

/* The file as it lies on the medium: contents, tree, descriptor, its length at the end of a block.
 */
static void compose(uint32_t number, uint32_t block_bytes)
{
    static uint8_t tree[1 << 17];
    uint8_t descriptor[512];
    uint8_t length[verity_length_bytes];
    char name[64];
    (void)snprintf(name, sizeof name, "tree/%u", number);
    size_t tree_bytes = slurp("merkle", tree, sizeof tree);
    size_t descriptor_bytes = slurp("descriptor", descriptor, sizeof descriptor);
    CHECK_EQUAL(descriptor_bytes, verity_descriptor_bytes);
    files[number].algorithm = (enum ext_verity_algorithm)descriptor[verity_algorithm];
    FILE *stream = fopen(name, "ab");
    (void)fseek(stream, 0, SEEK_END);
    pad_to(stream, verity_alignment_bytes);
    append(stream, tree, tree_bytes);
    pad_to(stream, block_bytes);
    append(stream, descriptor, descriptor_bytes);
    while (!is_aligned((uint64_t)ftell(stream) + sizeof length, block_bytes)) {
        (void)fputc(0, stream);
    }
    store_le32(length, (uint32_t)descriptor_bytes);
    append(stream, length, sizeof length);
    CHECK_EQUAL(fclose(stream), 0);
}

static void read_digest(uint32_t number)
{
    uint8_t text[2 * sha512_digest_bytes];
    size_t digits = slurp("digest", text, sizeof text) & ~(size_t)1;
    for (size_t index = 0; index < digits / 2; index++) {
        const char pair[3] = {(char)text[2 * index], (char)text[2 * index + 1], '\0'};
        files[number].digest[index] = (uint8_t)strtoul(pair, nullptr, 16);
    }
}

/* Files are numbered through the variants of each size. */
static void make_file(uint32_t number, uint32_t block_bytes, uint32_t tree_block_bytes)
{
    uint32_t size_bytes = file_sizes[number / variant_count];
    char name[64];
    (void)snprintf(name, sizeof name, "tree/%u", number);
    FILE *stream = fopen(name, "wb");
    for (uint64_t offset = 0; offset < size_bytes; offset++) {
        (void)fputc(content(number, offset), stream);
    }
    CHECK_EQUAL(fclose(stream), 0);
    files[number] = (struct sealed){.size_bytes = size_bytes};
    CHECK(image_run("rm -f merkle && fsverity digest --compact --block-size=%u %s "
                    "--out-merkle-tree=merkle --out-descriptor=descriptor %s >digest",
        tree_block_bytes, variants[number % variant_count], name));
    read_digest(number);
    compose(number, block_bytes);
}

/* One volume with a file of each size and each way to hash it. */
static void make_volume(uint32_t block_bytes, uint32_t tree_block_bytes)
{
    CHECK(image_run("rm -rf tree img requests && mkdir tree"));
    for (uint32_t number = 0; number < file_count; number++) {
        make_file(number, block_bytes, tree_block_bytes);
        CHECK(image_run("printf 'sif %u size %u\\nsif %u flags 0x180000\\n' >>requests", number,
            files[number].size_bytes, number));
    }
    CHECK(image_run("truncate -s 24M img && mke2fs -q -F -t ext4 -b %u -O verity,^has_journal "
                    "-d tree img && debugfs -w -f requests img >log 2>&1",
        block_bytes));
    CHECK(image_load(&image, "img"));
}

static void check_file(uint32_t number)
{
    static uint8_t bytes[1 << 19];
    char name[16];
    struct ext_file file;
    uint64_t done_bytes = 0;
    const struct sealed *sealed = &files[number];
    size_t digest_bytes =
        sealed->algorithm == EXT_VERITY_SHA512 ? sha512_digest_bytes : sha256_digest_bytes;
    (void)snprintf(name, sizeof name, "%u", number);
    struct ext_read_request request = {
        .size_bytes = sizeof bytes, .buffer = block_buffer_plain(bytes)};
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(image_open(&image, name, &file), STATUS_OK);
    CHECK_EQUAL(file.inode.size_bytes, sealed->size_bytes);
    CHECK_EQUAL(ext_read(&image.mount, &file, request, &done_bytes), STATUS_UNTRUSTED);
    CHECK_EQUAL(
        ext_verity_trust(&image.mount, sealed->algorithm, sealed->digest, digest_bytes), STATUS_OK);
    CHECK_EQUAL(ext_read(&image.mount, &file, request, &done_bytes), STATUS_OK);
    CHECK_EQUAL(done_bytes, sealed->size_bytes);
    for (uint64_t offset = 0; offset < done_bytes; offset++) {
        if (bytes[offset] != content(number, offset)) {
            CHECK(false);
            return;
        }
    }
    /* From the middle of a unit to the end, and one byte in each kilobyte. */
    for (uint64_t offset = sealed->size_bytes / 3; offset < sealed->size_bytes; offset += 1021) {
        request = (struct ext_read_request){
            .offset_bytes = offset, .size_bytes = 1, .buffer = block_buffer_plain(bytes)};
        CHECK_EQUAL(ext_read(&image.mount, &file, request, &done_bytes), STATUS_OK);
        CHECK(done_bytes == 1 && bytes[0] == content(number, offset));
    }
}

static void seals_of_all_block_sizes(void)
{
    for (uint32_t index = 0; index < 9; index++) {
        make_volume(block_sizes[index / 3], block_sizes[index % 3]);
        for (uint32_t number = 0; number < file_count; number++) {
            check_file(number);
        }
        image_free(&image);
    }
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    TEST(seals_of_all_block_sizes);
    image_folder_remove();
    return check_report();
}
