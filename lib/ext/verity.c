/* SPDX-License-Identifier: ISC */
/*
 * Seals: where the descriptor of a sealed file is, what it may say, and whether its digest is one
 * that is trusted. The state of one file is kept, that of the file that was read last.
 */
#include "verity.h"

#include <string.h>

#include "verity_format.h"

static enum status refuse(struct ext_mount *mount, const char *reason)
{
    mount->refusal =
        (struct ext_refusal){.what = "verity", .reason = reason, .feature_bit = ext_no_feature_bit};
    return STATUS_UNSUPPORTED;
}

enum status ext_verity_trust(struct ext_mount *mount, enum ext_verity_algorithm algorithm,
    const uint8_t *digest, size_t digest_bytes)
{
    struct ext_verity *verity = &mount->verity;
    if ((algorithm != EXT_VERITY_SHA256 || digest_bytes != sha256_digest_bytes) &&
        (algorithm != EXT_VERITY_SHA512 || digest_bytes != sha512_digest_bytes)) {
        return STATUS_INVALID_ARGUMENT;
    }
    if (verity->root_count == ext_verity_root_max) {
        return STATUS_NO_SPACE;
    }
    struct ext_verity_root *root = &verity->roots[verity->root_count++];
    *root = (struct ext_verity_root){.algorithm = algorithm};
    memcpy(root->digest, digest, digest_bytes);
    return STATUS_OK;
}

static uint64_t metadata_offset(const struct ext_inode *inode)
{
    return align_up(inode->size_bytes, verity_alignment_bytes);
}

/*
 * The offset after the last block of the file, which is in the seal; the way there may lead over
 * holes. 0 if there is no block behind the contents.
 */
static enum status find_end(struct ext_mount *mount, struct ext_file *file, uint64_t *end_out)
{
    uint32_t shift = mount->geometry.block_shift;
    uint64_t block = metadata_offset(&file->inode) >> shift;
    uint64_t end = 0;
    while (block < extent_logical_limit) {
        struct ext_run run;
        enum status status = ext_map(mount, file, block, &run);
        if (status != STATUS_OK) {
            return status;
        }
        if (run.kind == EXT_RUN_UNWRITTEN) {
            return ext_contents_corrupt(mount, "unwritten block in a seal", run.physical_block);
        }
        block += run.block_count;
        if (run.kind == EXT_RUN_DATA) {
            end = block;
        }
    }
    *end_out = end << shift;
    return STATUS_OK;
}

static enum status read_bytes(struct ext_mount *mount, struct ext_file *file, uint64_t offset_bytes,
    void *bytes, uint32_t size_bytes)
{
    struct ext_read_request request = {
        .offset_bytes = offset_bytes,
        .size_bytes = size_bytes,
        .buffer = block_buffer_plain(bytes),
    };
    return ext_read_cached(mount, file, request);
}

/* Where the descriptor begins and how long it is, with its signature. */
struct place {
    uint64_t offset_bytes;
    uint32_t size_bytes;
};

static enum status find_descriptor(
    struct ext_mount *mount, struct ext_file *file, struct place *place_out)
{
    uint64_t begin = metadata_offset(&file->inode);
    uint64_t end;
    uint8_t length[verity_length_bytes];
    enum status status = find_end(mount, file, &end);
    if (status != STATUS_OK) {
        return status;
    }
    if (end < begin + verity_descriptor_bytes + verity_length_bytes) {
        return ext_contents_corrupt(mount, "sealed file without a seal", 0);
    }
    status = read_bytes(mount, file, end - sizeof length, length, sizeof length);
    if (status != STATUS_OK) {
        return status;
    }
    place_out->size_bytes = load_le32(length);
    if (place_out->size_bytes < verity_descriptor_bytes ||
        place_out->size_bytes > end - begin - sizeof length) {
        return ext_contents_corrupt(mount, "length of a verity descriptor", 0);
    }
    place_out->offset_bytes =
        align_down(end - sizeof length - place_out->size_bytes, mount->geometry.block_bytes);
    return STATUS_OK;
}

/*
 * Whether the beginning of a signature can be that of PKCS #7 signed data: one sequence as long as
 * the signature, with the right object identifier in front.
 */
static bool looks_signed(const uint8_t *head, uint32_t head_bytes, uint32_t signature_bytes)
{
    static const uint8_t signed_data[] = {
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
    struct reader reader = reader_init(head, head_bytes);
    uint8_t tag = reader_u8(&reader);
    uint32_t length = reader_u8(&reader);
    uint32_t header_bytes = 2;
    if (length > 0x80) {
        uint32_t length_bytes = length - 0x80;
        length = 0;
        for (uint32_t index = 0; index < length_bytes && !reader.failed; index++) {
            length = length << 8 | reader_u8(&reader);
        }
        header_bytes += length_bytes;
    }
    const uint8_t *identifier = reader_take(&reader, sizeof signed_data);
    return identifier != nullptr && tag == 0x30 && length + header_bytes == signature_bytes &&
           memcmp(identifier, signed_data, sizeof signed_data) == 0;
}

static enum status judge_signature(struct ext_mount *mount, struct ext_file *file,
    const struct place *place, const uint8_t *descriptor)
{
    uint8_t head[16] = {};
    uint32_t signature_bytes = load_le32(descriptor + verity_signature_bytes);
    if (signature_bytes != place->size_bytes - verity_descriptor_bytes) {
        return ext_contents_corrupt(mount, "length of a verity signature", 0);
    }
    if (signature_bytes == 0) {
        return STATUS_OK;
    }
    uint32_t head_bytes = signature_bytes < sizeof head ? signature_bytes : sizeof head;
    enum status status =
        read_bytes(mount, file, place->offset_bytes + verity_descriptor_bytes, head, head_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    return looks_signed(head, head_bytes, signature_bytes)
               ? refuse(mount, "a built-in signature")
               : ext_contents_corrupt(mount, "verity signature is not PKCS #7", 0);
}

static enum status judge_descriptor(
    struct ext_mount *mount, const struct ext_inode *inode, const uint8_t *descriptor)
{
    uint8_t algorithm = descriptor[verity_algorithm];
    uint8_t log_block = descriptor[verity_log_block];
    if (descriptor[verity_version] != 1) {
        return refuse(mount, "a version that is not known");
    }
    if (algorithm != EXT_VERITY_SHA256 && algorithm != EXT_VERITY_SHA512) {
        return refuse(mount, "a hash algorithm that is not known");
    }
    if (log_block < verity_log_block_min || log_block > verity_log_block_max) {
        return refuse(mount, "blocks of another size than 1, 2 or 4 KiB");
    }
    if (descriptor[verity_salt_bytes] > verity_salt_bytes_max) {
        return ext_contents_corrupt(mount, "salt of a verity descriptor", 0);
    }
    if (load_le64(descriptor + verity_file_bytes) != inode->size_bytes) {
        return ext_contents_corrupt(mount, "file size in a verity descriptor", 0);
    }
    for (size_t at = verity_reserved; at < verity_descriptor_bytes; at++) {
        if (descriptor[at] != 0) {
            return ext_contents_corrupt(mount, "reserved bytes of a verity descriptor", 0);
        }
    }
    return STATUS_OK;
}

/* The digest of a file is the hash of its descriptor without a signature's length. */
static enum status judge_trust(struct ext_mount *mount, uint8_t *descriptor)
{
    uint8_t digest[sha512_digest_bytes];
    uint32_t digest_bytes = sha512_digest_bytes;
    enum ext_verity_algorithm algorithm = (enum ext_verity_algorithm)descriptor[verity_algorithm];
    memset(descriptor + verity_signature_bytes, 0, 4);
    if (algorithm == EXT_VERITY_SHA512) {
        sha512_hash(descriptor, verity_descriptor_bytes, digest);
    } else {
        sha256_hash(descriptor, verity_descriptor_bytes, digest);
        digest_bytes = sha256_digest_bytes;
    }
    for (uint32_t index = 0; index < mount->verity.root_count; index++) {
        const struct ext_verity_root *root = &mount->verity.roots[index];
        if (root->algorithm == algorithm && crypto_equal(root->digest, digest, digest_bytes)) {
            return STATUS_OK;
        }
    }
    return STATUS_UNTRUSTED;
}

/* Levels above the file until one block is left, and where each begins; root level first. */
static const char *lay_out_tree(
    struct ext_verity *verity, const struct ext_inode *inode, uint64_t end_bytes)
{
    uint64_t block_bytes = (uint64_t)1 << verity->block_shift;
    uint64_t counts[ext_verity_level_max];
    uint64_t count = align_up(inode->size_bytes, block_bytes) >> verity->block_shift;
    uint32_t level_count = 0;
    uint32_t hashes_shift = verity->block_shift - log2_floor(verity->digest_bytes);
    while (count > 1) {
        if (level_count == ext_verity_level_max) {
            return "levels of a verity tree";
        }
        count = align_up(count, (uint64_t)1 << hashes_shift) >> hashes_shift;
        counts[level_count++] = count;
    }
    uint64_t at = metadata_offset(inode);
    for (uint32_t level = level_count; level > 0; level--) {
        verity->level_offsets[level - 1] = at;
        at += counts[level - 1] << verity->block_shift;
    }
    verity->level_count = level_count;
    return at <= end_bytes ? nullptr : "verity tree is cut off";
}

static enum status keep(struct ext_mount *mount, const struct ext_inode *inode,
    const uint8_t *descriptor, uint64_t end_bytes)
{
    struct ext_verity *verity = &mount->verity;
    verity->inode_number = 0;
    verity->algorithm = (enum ext_verity_algorithm)descriptor[verity_algorithm];
    verity->digest_bytes =
        verity->algorithm == EXT_VERITY_SHA512 ? sha512_digest_bytes : sha256_digest_bytes;
    verity->block_shift = descriptor[verity_log_block];
    verity->salt_bytes = descriptor[verity_salt_bytes];
    memcpy(verity->salt, descriptor + verity_salt, sizeof verity->salt);
    memcpy(verity->root_hash, descriptor + verity_root_hash, sizeof verity->root_hash);
    const char *fault = lay_out_tree(verity, inode, end_bytes);
    if (fault != nullptr) {
        return ext_contents_corrupt(mount, fault, 0);
    }
    verity->leaf_known = false;
    verity->generation = inode->generation;
    verity->change_count = mount->change_count;
    verity->inode_number = inode->number;
    return STATUS_OK;
}

enum status ext_verity_open(
    struct ext_mount *mount, struct ext_file *file, uint32_t *unit_shift_out)
{
    struct ext_verity *verity = &mount->verity;
    const struct ext_inode *inode = &file->inode;
    uint8_t descriptor[verity_descriptor_bytes];
    struct place place;
    bool known = verity->inode_number == inode->number && verity->generation == inode->generation &&
                 verity->change_count == mount->change_count;
    if (known) {
        *unit_shift_out = verity->block_shift;
        return STATUS_OK;
    }
    if ((inode->flags & inode_flag_encrypted) != 0) {
        return refuse(mount, "of an encrypted file");
    }
    enum status status = find_descriptor(mount, file, &place);
    if (status == STATUS_OK) {
        status = read_bytes(mount, file, place.offset_bytes, descriptor, sizeof descriptor);
    }
    if (status == STATUS_OK) {
        status = judge_descriptor(mount, inode, descriptor);
    }
    if (status == STATUS_OK) {
        status = judge_signature(mount, file, &place, descriptor);
    }
    if (status == STATUS_OK) {
        status = judge_trust(mount, descriptor);
    }
    if (status == STATUS_OK) {
        status = keep(mount, inode, descriptor, place.offset_bytes);
    }
    *unit_shift_out = verity->block_shift;
    return status;
}
