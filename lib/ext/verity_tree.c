/* SPDX-License-Identifier: ISC */
/*
 * Checking units against the tree of hashes. A block of the tree is worth nothing before it agrees
 * with the hash in the block above, so the way goes from the root down; the block of the lowest
 * level that was checked last is kept, which serves all units below it.
 */
#include "verity.h"

#include <string.h>

/* The hash of a block; a salt is padded with zeros to a block of the hash and goes before. */
static void hash_256(const struct ext_verity *verity, const uint8_t *bytes, uint8_t *digest_out)
{
    static const uint8_t zeros[sha256_block_bytes] = {};
    struct sha256 hash;
    sha256_init(&hash);
    if (verity->salt_bytes > 0) {
        sha256_update(&hash, verity->salt, verity->salt_bytes);
        sha256_update(&hash, zeros, sha256_block_bytes - verity->salt_bytes);
    }
    sha256_update(&hash, bytes, (size_t)1 << verity->block_shift);
    sha256_final(&hash, digest_out);
}

static void hash_512(const struct ext_verity *verity, const uint8_t *bytes, uint8_t *digest_out)
{
    static const uint8_t zeros[sha512_block_bytes] = {};
    struct sha512 hash;
    sha512_init(&hash);
    if (verity->salt_bytes > 0) {
        sha512_update(&hash, verity->salt, verity->salt_bytes);
        sha512_update(&hash, zeros, sha512_block_bytes - verity->salt_bytes);
    }
    sha512_update(&hash, bytes, (size_t)1 << verity->block_shift);
    sha512_final(&hash, digest_out);
}

static bool hash_is(const struct ext_verity *verity, const uint8_t *bytes, const uint8_t *wanted)
{
    uint8_t digest[sha512_digest_bytes];
    if (verity->algorithm == EXT_VERITY_SHA512) {
        hash_512(verity, bytes, digest);
    } else {
        hash_256(verity, bytes, digest);
    }
    return crypto_equal(digest, wanted, verity->digest_bytes);
}

static uint32_t hashes_shift(const struct ext_verity *verity)
{
    return verity->block_shift - log2_floor(verity->digest_bytes);
}

/* Notes that the block at an offset of the file is not what was sealed. */
static enum status corrupt_at(
    struct ext_mount *mount, struct ext_file *file, const char *what, uint64_t offset_bytes)
{
    struct ext_run run;
    enum status status = ext_map(mount, file, offset_bytes >> mount->geometry.block_shift, &run);
    return status == STATUS_OK ? ext_contents_corrupt(mount, what, run.physical_block) : status;
}

/* Reads a block of the tree into the kept memory and checks it. */
static enum status load_tree_block(struct ext_mount *mount, struct ext_file *file, uint32_t level,
    uint64_t index, const uint8_t *wanted)
{
    struct ext_verity *verity = &mount->verity;
    struct ext_read_request request = {
        .offset_bytes = verity->level_offsets[level] + (index << verity->block_shift),
        .size_bytes = (uint64_t)1 << verity->block_shift,
        .buffer = block_buffer_plain(verity->leaf),
    };
    verity->leaf_known = false;
    enum status status = ext_read_cached(mount, file, request);
    if (status == STATUS_OK && !hash_is(verity, verity->leaf, wanted)) {
        status = corrupt_at(mount, file, "verity tree", request.offset_bytes);
    }
    return status;
}

/* The block of the lowest level that has the hash of a unit becomes the kept one. */
static enum status load_leaf(struct ext_mount *mount, struct ext_file *file, uint64_t unit)
{
    struct ext_verity *verity = &mount->verity;
    uint32_t shift = hashes_shift(verity);
    uint8_t wanted[sha512_digest_bytes];
    memcpy(wanted, verity->root_hash, sizeof wanted);
    for (uint32_t level = verity->level_count; level > 0; level--) {
        uint64_t index = unit >> (shift * level);
        enum status status = load_tree_block(mount, file, level - 1, index, wanted);
        if (status != STATUS_OK) {
            return status;
        }
        uint64_t below = unit >> (shift * (level - 1)) & (((uint64_t)1 << shift) - 1);
        memcpy(wanted, verity->leaf + below * verity->digest_bytes, verity->digest_bytes);
    }
    verity->leaf_index = unit >> shift;
    verity->leaf_known = true;
    return STATUS_OK;
}

static enum status check_unit(
    struct ext_mount *mount, struct ext_file *file, uint64_t unit, const uint8_t *bytes)
{
    struct ext_verity *verity = &mount->verity;
    uint32_t shift = hashes_shift(verity);
    const uint8_t *wanted = verity->root_hash;
    if (verity->level_count > 0) {
        if (!verity->leaf_known || verity->leaf_index != unit >> shift) {
            enum status status = load_leaf(mount, file, unit);
            if (status != STATUS_OK) {
                return status;
            }
        }
        wanted = verity->leaf + (unit & (((uint64_t)1 << shift) - 1)) * verity->digest_bytes;
    }
    return hash_is(verity, bytes, wanted)
               ? STATUS_OK
               : corrupt_at(mount, file, "contents of a sealed file", unit << verity->block_shift);
}

enum status ext_verity_check(
    struct ext_mount *mount, struct ext_file *file, uint64_t first, uint64_t count, uint8_t *bytes)
{
    uint64_t unit_bytes = (uint64_t)1 << mount->verity.block_shift;
    for (uint64_t index = 0; index < count; index++) {
        uint64_t offset_bytes = (first + index) * unit_bytes;
        uint64_t left_bytes = file->inode.size_bytes - offset_bytes;
        uint8_t *unit = bytes + index * unit_bytes;
        if (left_bytes < unit_bytes) {
            memset(unit + left_bytes, 0, unit_bytes - left_bytes);
        }
        enum status status = check_unit(mount, file, first + index, unit);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
