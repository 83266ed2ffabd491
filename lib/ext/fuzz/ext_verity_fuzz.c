/* SPDX-License-Identifier: ISC */
/*
 * Verity descriptors: the input is added to the descriptor of a sealed file, to the length at the
 * end of its seal, to the root of its tree and to where its extents are; checksums are repaired and
 * the digest of whatever came out is trusted. What can be read is what was sealed.
 */
#define _GNU_SOURCE
#include "linux_volume.h"

#include "../verity_format.h"

constexpr size_t tree_bytes = 64;
constexpr size_t signature_head_bytes = 16;
constexpr uint32_t signature_bytes_max = 3000;
constexpr size_t sealed_bytes = 660'000;
constexpr uint64_t read_at_bytes = 20'000;
constexpr size_t read_bytes = 9'000;

static struct ext_file sealed;
static uint8_t *inode;
static uint8_t *tree;
static uint8_t *descriptor;
static uint8_t wanted[read_bytes];

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

/* The digest of the descriptor as it is now; that of the right algorithm or SHA-256. */
static void trust(void)
{
    uint8_t copy[verity_descriptor_bytes];
    uint8_t digest[sha512_digest_bytes];
    memcpy(copy, descriptor, sizeof copy);
    memset(copy + verity_signature_bytes, 0, 4);
    sha512_hash(copy, sizeof copy, digest);
    require(ext_verity_trust(&mount, EXT_VERITY_SHA512, digest, sha512_digest_bytes) == STATUS_OK);
    sha256_hash(copy, sizeof copy, digest);
    require(ext_verity_trust(&mount, EXT_VERITY_SHA256, digest, sha256_digest_bytes) == STATUS_OK);
}

static enum status read_some(uint8_t *bytes, uint64_t *done_bytes_out)
{
    struct ext_file file;
    struct ext_read_request request = {.offset_bytes = read_at_bytes,
        .size_bytes = read_bytes,
        .buffer = block_buffer_plain(bytes)};
    enum status status = ext_open(&mount, sealed.inode.number, &file);
    return status == STATUS_OK ? ext_read(&mount, &file, request, done_bytes_out) : status;
}

int LLVMFuzzerInitialize(int *, char ***)
{
    uint64_t done_bytes;
    volume_load("verity");
    sealed = volume_open("two-levels");
    require(sealed.inode.size_bytes == sealed_bytes);
    uint64_t seal = align_up(sealed_bytes, verity_alignment_bytes) >> mount.geometry.block_shift;
    inode = volume_inode(&sealed);
    tree = volume_block(&sealed, seal);
    descriptor = volume_block(&sealed, seal + 3);
    trust();
    require(read_some(wanted, &done_bytes) == STATUS_OK && done_bytes == read_bytes);
    return 0;
}

static void apply(const uint8_t *bytes, size_t size_bytes)
{
    struct reader input = reader_init(bytes, size_bytes);
    change(&input, descriptor, verity_descriptor_bytes + signature_head_bytes);
    change(
        &input, descriptor + mount.geometry.block_bytes - verity_length_bytes, verity_length_bytes);
    change(&input, tree, tree_bytes);
    change(&input, inode + inode_block_area, ext_block_area_bytes);
    volume_inode_seal(&sealed, inode);
}

/* Two lengths must agree where there is a signature: that of the seal follows the signature's. */
static void repair_length(uint8_t *length)
{
    uint32_t signature_bytes = load_le32(descriptor + verity_signature_bytes);
    if (signature_bytes > 0 && signature_bytes < signature_bytes_max) {
        store_le32(length, verity_descriptor_bytes + signature_bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    static uint8_t read[read_bytes];
    uint64_t done_bytes = 0;
    uint8_t *length = descriptor + mount.geometry.block_bytes - verity_length_bytes;
    apply(bytes, size_bytes);
    uint32_t length_before = load_le32(length);
    repair_length(length);
    volume_mount();
    require(read_some(read, &done_bytes) != STATUS_OK);
    trust();
    if (read_some(read, &done_bytes) == STATUS_OK) {
        require(done_bytes == read_bytes && memcmp(read, wanted, read_bytes) == 0);
    }
    store_le32(length, length_before);
    apply(bytes, size_bytes);
    return 0;
}
