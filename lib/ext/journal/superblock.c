/* SPDX-License-Identifier: ISC */
/*
 * The journal's super block: from bytes to a struct that all other code may rely on, and back.
 *
 * What holds afterwards:
 *   1. A block of the journal is a block of the volume; all of the journal is where it says.
 *   2. superblock_block < first_block, and the log has log_block_count_min blocks or more.
 *   3. start_block is 0 or inside the log; the area for fast commits is behind the log.
 *   4. Only features that are known; at most one kind of checksum.
 */
#include <lib/crc/crc.h>

#include <string.h>

#include "journal.h"

constexpr uint32_t log_block_count_min = 4;

constexpr uint32_t known_incompat = journal_incompat_revoke | journal_incompat_64bit |
                                    journal_incompat_async_commit | journal_incompat_checksum_v2 |
                                    journal_incompat_checksum_v3 | journal_incompat_fast_commit;

static enum status corrupt(struct ext_mount *mount, const char *what)
{
    return ext_corrupt(mount, what, mount->journal.runs[0].place);
}

static enum status parse_features(struct ext_mount *mount, const uint8_t *superblock)
{
    struct ext_journal *journal = &mount->journal;
    journal->version = load_be32(superblock + journal_header_type) == JOURNAL_SUPERBLOCK_V1 ? 1 : 2;
    memcpy(journal->uuid, superblock + journal_superblock_uuid, sizeof journal->uuid);
    if (journal->version == 1) {
        return STATUS_OK; /* Features came with the next version; the fields mean nothing. */
    }
    journal->features[EXT_COMPAT] = load_be32(superblock + journal_superblock_feature_compat);
    journal->features[EXT_INCOMPAT] = load_be32(superblock + journal_superblock_feature_incompat);
    journal->features[EXT_RO_COMPAT] = load_be32(superblock + journal_superblock_feature_ro_compat);
    if ((journal->features[EXT_INCOMPAT] & ~known_incompat) != 0) {
        return ext_journal_refuse(mount, "journal", "unknown incompat feature bit");
    }
    if (journal->features[EXT_RO_COMPAT] != 0) {
        return ext_journal_refuse(mount, "journal", "unknown ro_compat feature bit");
    }
    if ((journal->features[EXT_COMPAT] & ~journal_compat_checksum) != 0) {
        return ext_journal_refuse(mount, "journal", "unknown compat feature bit");
    }
    return STATUS_OK;
}

static enum status parse_checksum(struct ext_mount *mount, const uint8_t *superblock)
{
    struct ext_journal *journal = &mount->journal;
    if (!ext_journal_has_checksums(journal)) {
        return STATUS_OK;
    }
    if (ext_journal_has_legacy_checksum(journal) ||
        (ext_journal_has(journal, journal_incompat_checksum_v2) &&
            ext_journal_has(journal, journal_incompat_checksum_v3))) {
        return corrupt(mount, "journal with several kinds of checksum");
    }
    if (superblock[journal_superblock_checksum_type] != journal_checksum_crc32c) {
        return ext_journal_refuse(mount, "journal checksum type", "only CRC-32C is known");
    }
    if (ext_journal_superblock_checksum(superblock) !=
        load_be32(superblock + journal_superblock_checksum)) {
        return corrupt(mount, "journal super block checksum");
    }
    journal->checksum_seed = crc32c_update(crc32c_seed, superblock + journal_superblock_uuid, 16);
    return STATUS_OK;
}

static void choose_sizes(struct ext_journal *journal)
{
    bool wide = ext_journal_has(journal, journal_incompat_64bit);
    journal->revocation_bytes = wide ? 8 : 4;
    journal->tail_bytes = ext_journal_has_checksums(journal) ? journal_tail_bytes : 0;
    if (ext_journal_has(journal, journal_incompat_checksum_v3)) {
        journal->tag_bytes = 16;
        return;
    }
    journal->tag_bytes = wide ? 12 : 8;
    if (ext_journal_has(journal, journal_incompat_checksum_v2)) {
        journal->tag_bytes += 2;
    }
}

/* The area for fast commits begins one block behind the log: that block stays unused. */
static void split_areas(struct ext_journal *journal, const uint8_t *superblock)
{
    journal->end_block = journal->block_count;
    journal->fast_first_block = journal->block_count;
    journal->fast_end_block = journal->block_count;
    if (!ext_journal_has(journal, journal_incompat_fast_commit)) {
        return;
    }
    uint32_t count = load_be32(superblock + journal_superblock_fast_commit_count);
    if (count == 0) {
        count = journal_fast_commit_count_default;
    }
    journal->end_block = count < journal->block_count ? journal->block_count - count : 0;
    journal->fast_first_block = journal->end_block + 1;
}

static enum status parse_shape(
    struct ext_mount *mount, const uint8_t *superblock, uint64_t room_count)
{
    struct ext_journal *journal = &mount->journal;
    if (load_be32(superblock + journal_superblock_block_bytes) != journal->block_bytes) {
        return corrupt(mount, "journal block size");
    }
    journal->block_count = load_be32(superblock + journal_superblock_block_count);
    if (journal->block_count > room_count) {
        return corrupt(mount, "journal is longer than its place");
    }
    split_areas(journal, superblock);
    journal->first_block = load_be32(superblock + journal_superblock_first_block);
    if (journal->first_block <= journal->superblock_block ||
        journal->end_block < log_block_count_min ||
        journal->first_block > journal->end_block - log_block_count_min) {
        return corrupt(mount, "journal log has no room");
    }
    journal->start_block = load_be32(superblock + journal_superblock_start);
    journal->sequence = load_be32(superblock + journal_superblock_sequence);
    if (journal->start_block != 0 && (journal->start_block < journal->first_block ||
                                         journal->start_block >= journal->end_block)) {
        return corrupt(mount, "journal starts outside of its log");
    }
    journal->error_code = (int32_t)load_be32(superblock + journal_superblock_error);
    return STATUS_OK;
}

/* A journal on a device of its own may say whose it is; tools that make one by hand do not. */
static enum status check_user(struct ext_mount *mount, const uint8_t *superblock)
{
    if (!mount->journal.external) {
        return STATUS_OK;
    }
    uint32_t user_count = load_be32(superblock + journal_superblock_user_count);
    if (user_count > 1) {
        return ext_journal_refuse(mount, "journal device", "several volumes use it");
    }
    if (user_count == 1 &&
        memcmp(superblock + journal_superblock_users, mount->uuid, sizeof mount->uuid) != 0) {
        return ext_journal_refuse(mount, "journal device", "it belongs to another volume");
    }
    return STATUS_OK;
}

enum status ext_journal_superblock_parse(
    struct ext_mount *mount, const uint8_t *superblock, uint64_t room_count)
{
    uint32_t type = load_be32(superblock + journal_header_type);
    if (load_be32(superblock + journal_header_magic) != journal_magic) {
        return corrupt(mount, "journal super block magic");
    }
    if (type != JOURNAL_SUPERBLOCK_V1 && type != JOURNAL_SUPERBLOCK_V2) {
        return corrupt(mount, "journal super block type");
    }
    enum status status = parse_features(mount, superblock);
    if (status == STATUS_OK) {
        status = parse_checksum(mount, superblock);
    }
    if (status == STATUS_OK) {
        choose_sizes(&mount->journal);
        status = parse_shape(mount, superblock, room_count);
    }
    if (status == STATUS_OK) {
        status = check_user(mount, superblock);
    }
    return status;
}

/* Reads the super block into the scratch. */
static enum status load(struct ext_journal *journal, struct block_transfer *transfer_out)
{
    *transfer_out = ext_journal_place(journal, journal->superblock_block, 1, journal->scratch);
    return block_read(journal->device, transfer_out, 1);
}

static enum status store(struct ext_journal *journal, const struct block_transfer *transfer)
{
    uint8_t *superblock = journal->scratch.bytes;
    if (ext_journal_has_checksums(journal)) {
        superblock[journal_superblock_checksum_type] = journal_checksum_crc32c;
        store_be32(
            superblock + journal_superblock_checksum, ext_journal_superblock_checksum(superblock));
    }
    return block_write(journal->device, transfer, 1);
}

enum status ext_journal_superblock_write(
    struct ext_journal *journal, uint32_t start, uint32_t sequence)
{
    struct block_transfer transfer;
    enum status status = load(journal, &transfer);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *superblock = journal->scratch.bytes;
    store_be32(superblock + journal_superblock_start, start);
    store_be32(superblock + journal_superblock_sequence, sequence);
    status = store(journal, &transfer);
    if (status == STATUS_OK) {
        journal->start_block = start;
        journal->sequence = sequence;
    }
    return status;
}

enum status ext_journal_mark_corrupt(struct ext_journal *journal)
{
    struct block_transfer transfer;
    enum status status = load(journal, &transfer);
    if (status != STATUS_OK) {
        return status;
    }
    store_be32((uint8_t *)journal->scratch.bytes + journal_superblock_error, journal_error_corrupt);
    status = store(journal, &transfer);
    return status == STATUS_OK ? block_flush(journal->device) : status;
}

enum status ext_journal_superblock_upgrade(struct ext_mount *mount)
{
    struct ext_journal *journal = &mount->journal;
    uint32_t wanted = journal->features[EXT_INCOMPAT] | journal_incompat_revoke;
    if (ext_has(mount, EXT_INCOMPAT, incompat_64bit)) {
        wanted |= journal_incompat_64bit;
    }
    if (ext_has_checksums(mount) && !ext_journal_has_checksums(journal) &&
        !ext_journal_has_legacy_checksum(journal)) {
        wanted |= journal_incompat_checksum_v3;
    }
    if (wanted == journal->features[EXT_INCOMPAT]) {
        return STATUS_OK;
    }
    struct block_transfer transfer;
    enum status status = load(journal, &transfer);
    if (status != STATUS_OK) {
        return status;
    }
    journal->features[EXT_INCOMPAT] = wanted;
    choose_sizes(journal);
    uint8_t *superblock = journal->scratch.bytes;
    store_be32(superblock + journal_superblock_feature_incompat, wanted);
    journal->checksum_seed = crc32c_update(crc32c_seed, superblock + journal_superblock_uuid, 16);
    return store(journal, &transfer);
}
