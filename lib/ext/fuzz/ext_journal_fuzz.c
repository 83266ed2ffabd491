/* SPDX-License-Identifier: ISC */
/*
 * Recovers a small volume from any bytes as its journal: log and fast commits. The mutator repairs
 * the checksums of super block, descriptors, revoke and commit blocks, of the blocks behind tags
 * and of the tails of fast commits, since otherwise nearly every change would end at them. Without
 * seeds it makes its own: an input that holds no journal becomes one.
 */
#include <lib/crc/crc.h>

#include <stdlib.h>
#include <string.h>

#include "../journal/fast_commit.h"
#include "../journal/walk.h"

constexpr uint32_t block_bytes = 1024;
constexpr uint32_t volume_blocks = 24; /* before the journal */
constexpr uint32_t journal_blocks_max = 40;
constexpr uint32_t cache_blocks = 16;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size_bytes, size_t size_bytes_max);
size_t LLVMFuzzerCustomMutator(
    uint8_t *bytes, size_t size_bytes, size_t size_bytes_max, unsigned seed);

static struct ext_mount mount;
static struct ext_journal_run run;
static uint8_t volume[(volume_blocks + journal_blocks_max) * block_bytes];
static alignas(16) uint8_t cache[cache_blocks * block_bytes];
static uint8_t scratch[block_bytes];

/* The parts of a mount that recovery looks at, with the journal behind the volume's blocks. */
static void make_mount(struct block_device *device, uint32_t journal_blocks)
{
    run = (struct ext_journal_run){.block_count = journal_blocks, .place = volume_blocks};
    mount = (struct ext_mount){
        .geometry =
            {
                .block_count = volume_blocks + journal_blocks,
                .block_bytes = block_bytes,
                .block_shift = 10,
                .first_data_block = 1,
                .inode_count = 64,
                .inode_bytes = 256,
            },
        .journal =
            {
                .device = device,
                .runs = &run,
                .run_count = 1,
                .run_count_max = 1,
                .scratch = block_buffer_plain(scratch),
                .block_bytes = block_bytes,
            },
    };
}

static enum status ignore_operation(void *, const struct ext_fast_operation *)
{
    return STATUS_OK;
}

/* What a recovery with fast commits does beyond those that are refused. */
static void read_fast_commits(void)
{
    struct journal_log log = {
        .journal = &mount.journal, .window = block_buffer_plain(cache), .window_blocks = 4};
    uint32_t count = 0;
    struct ext_fast_visitor visitor = {.visit = ignore_operation};
    if (ext_fast_scan(&mount, &log, mount.journal.sequence, &count) == STATUS_OK) {
        (void)ext_fast_walk(&mount, &log, count, visitor);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct block_memory memory;
    uint32_t journal_blocks = (uint32_t)(size_bytes / block_bytes);
    if (journal_blocks == 0 || journal_blocks > journal_blocks_max) {
        return 0;
    }
    uint64_t used_bytes = (uint64_t)(volume_blocks + journal_blocks) * block_bytes;
    memset(volume, 0, sizeof volume);
    memcpy(volume + volume_blocks * block_bytes, bytes, (size_t)journal_blocks * block_bytes);
    block_memory_init(&memory, volume, used_bytes, 512);
    make_mount(&memory.device, journal_blocks);
    if (ext_journal_superblock_parse(&mount, bytes, journal_blocks) != STATUS_OK) {
        return 0;
    }
    read_fast_commits();
    struct ext_mount_memory room = {
        .buffer = block_buffer_plain(cache), .buffer_bytes = sizeof cache};
    struct ext_fast_plan plan;
    (void)ext_journal_recover(&mount, &memory.device, room, false, &plan);
    return 0;
}

/* ---- The mutator ----------------------------------------------------------------------------- */

static void repair_superblock(uint8_t *superblock, uint32_t block_count)
{
    store_be32(superblock + journal_header_magic, journal_magic);
    if (load_be32(superblock + journal_header_type) != JOURNAL_SUPERBLOCK_V1) {
        store_be32(superblock + journal_header_type, JOURNAL_SUPERBLOCK_V2);
    }
    store_be32(superblock + journal_superblock_block_bytes, block_bytes);
    store_be32(superblock + journal_superblock_block_count, block_count);
    store_be32(superblock + journal_superblock_first_block, 1);
    uint8_t *fast_count = superblock + journal_superblock_fast_commit_count;
    store_be32(fast_count, 1 + load_be32(fast_count) % (block_count - 6));
    superblock[journal_superblock_checksum_type] = journal_checksum_crc32c;
    store_be32(
        superblock + journal_superblock_checksum, ext_journal_superblock_checksum(superblock));
}

/* Gives the blocks behind a descriptor at `block` their tags' checksums; how many there are. */
static uint32_t repair_tagged(uint8_t *bytes, uint32_t block, uint32_t block_count)
{
    const struct ext_journal *journal = &mount.journal;
    uint8_t *descriptor = bytes + (size_t)block * block_bytes;
    struct ext_journal_tags tags = ext_journal_tags_of(journal, descriptor);
    struct ext_journal_tag tag;
    uint32_t count = 0;
    uint32_t at = tags.at_bytes;
    while (ext_journal_tags_next(&tags, &tag) && block + count + 1 < block_count) {
        count++;
        uint32_t checksum =
            ext_journal_tag_checksum(journal, load_be32(descriptor + journal_header_sequence),
                descriptor + (size_t)count * block_bytes);
        if (ext_journal_has(journal, journal_incompat_checksum_v3)) {
            store_be32(descriptor + at + journal_tag_checksum_v3, checksum);
        } else if (ext_journal_has_checksums(journal)) {
            descriptor[at + journal_tag_checksum_v2] = (uint8_t)(checksum >> 8);
            descriptor[at + journal_tag_checksum_v2 + 1] = (uint8_t)checksum;
        }
        at = tags.at_bytes;
    }
    return count;
}

static void repair_block(uint8_t *block)
{
    const struct ext_journal *journal = &mount.journal;
    if (!ext_journal_has_checksums(journal)) {
        return;
    }
    bool commit = load_be32(block + journal_header_type) == JOURNAL_COMMIT;
    size_t at = commit ? journal_commit_checksum : block_bytes - journal_tail_bytes;
    store_be32(block + at, ext_journal_block_checksum(journal, block, at));
}

static void repair_log(uint8_t *bytes)
{
    uint32_t end_block = mount.journal.end_block;
    for (uint32_t block = 1; block < end_block; block++) {
        uint8_t *at = bytes + (size_t)block * block_bytes;
        uint32_t skipped = 0;
        if (load_be32(at + journal_header_magic) != journal_magic) {
            continue;
        }
        if (load_be32(at + journal_header_type) == JOURNAL_DESCRIPTOR) {
            skipped = repair_tagged(bytes, block, end_block);
        }
        repair_block(at);
        block += skipped;
    }
}

/* The tails of fast commits, as far as tags follow each other. */
static void repair_fast_commits(uint8_t *bytes)
{
    uint32_t checksum = 0;
    for (uint32_t block = mount.journal.fast_first_block; block < mount.journal.fast_end_block;
        block++) {
        uint8_t *at = bytes + (size_t)block * block_bytes;
        uint32_t offset = 0;
        while (offset + 12 <= block_bytes) {
            uint16_t type = load_le16(at + offset);
            uint32_t size_bytes = fast_tag_header_bytes + load_le16(at + offset + 2);
            if (type == FAST_TAG_TAIL) {
                checksum = crc32c_update(checksum, at + offset, 8);
                store_le32(at + offset + 8, checksum);
                checksum = 0;
                break;
            }
            if (offset + size_bytes > block_bytes) {
                break;
            }
            checksum = crc32c_update(checksum, at + offset, size_bytes);
            offset += size_bytes;
        }
    }
}

/* Four bytes anywhere, mostly at the start of a block, where the fields are. */
static void poke(uint8_t *bytes, size_t size_bytes, uint64_t random)
{
    uint64_t mixed = random * 0x9e3779b97f4a7c15;
    size_t at = (size_t)(mixed >> 16) % size_bytes;
    if (random % 4 != 0) {
        at = at / block_bytes * block_bytes + (size_t)(mixed >> 50) % 64;
    }
    at &= ~(size_t)3;
    if (at + 4 <= size_bytes) {
        (void)LLVMFuzzerMutate(bytes + at, 4, 4);
    }
}

/* Turns a place of the area for fast commits into a tag: the head, or any with its usual length. */
static void plant_tag(uint8_t *bytes, uint64_t mixed)
{
    static const uint8_t lengths[] = {0, 16, 12, 12, 12, 12, 132, 8, 8, 8};
    const struct ext_journal *journal = &mount.journal;
    uint32_t count = journal->fast_end_block - journal->fast_first_block;
    if (count == 0) {
        return;
    }
    uint8_t *first = bytes + (size_t)journal->fast_first_block * block_bytes;
    store_le16(first, FAST_TAG_HEAD);
    store_le16(first + 2, fast_head_bytes);
    store_le32(first + 4, 0);
    store_le32(first + 8, journal->sequence);
    uint8_t *at = first + mixed % count * block_bytes;
    uint32_t offset = at == first ? 12 : 0;
    for (uint64_t steps = (mixed >> 8) % 6; steps > 0; steps--) {
        uint32_t next = offset + fast_tag_header_bytes + load_le16(at + offset + 2);
        offset = next + 200 < block_bytes ? next : offset;
    }
    uint16_t type = (uint16_t)(1 + (mixed >> 16) % 8);
    store_le16(at + offset, type);
    store_le16(at + offset + 2, lengths[type]);
    if (type == FAST_TAG_TAIL) {
        store_le32(at + offset + 4, journal->sequence);
    }
}

/* Turns a block into the beginning of one that the log knows. */
static void plant(uint8_t *bytes, uint32_t block_count, uint64_t random)
{
    static const uint32_t types[] = {JOURNAL_DESCRIPTOR, JOURNAL_COMMIT, JOURNAL_REVOKE};
    uint64_t mixed = random * 0xbf58476d1ce4e5b9;
    uint8_t *block = bytes + (size_t)(mixed >> 20) % block_count * block_bytes;
    if (random % 2 == 0) {
        plant_tag(bytes, mixed >> 8);
        return;
    }
    store_be32(block, journal_magic);
    store_be32(block + journal_header_type, types[(mixed >> 40) % 3]);
    store_be32(block + journal_header_sequence, mount.journal.sequence + (mixed >> 50) % 3);
}

size_t LLVMFuzzerCustomMutator(
    uint8_t *bytes, size_t size_bytes, size_t size_bytes_max, unsigned seed)
{
    if (seed % 8 == 0 || size_bytes < 16 * block_bytes) {
        size_bytes = LLVMFuzzerMutate(bytes, size_bytes, size_bytes_max);
        if (size_bytes < 16 * block_bytes && size_bytes_max >= 16 * block_bytes) {
            memset(bytes + size_bytes, 0, 16 * block_bytes - size_bytes);
            size_bytes = 16 * block_bytes;
        }
    }
    uint32_t block_count = (uint32_t)(size_bytes / block_bytes);
    if (block_count < 8 || block_count > journal_blocks_max) {
        return size_bytes;
    }
    poke(bytes, size_bytes, seed);
    repair_superblock(bytes, block_count);
    struct block_device none = {.block_bytes = 512};
    make_mount(&none, block_count);
    if (ext_journal_superblock_parse(&mount, bytes, block_count) == STATUS_OK && seed % 16 != 1) {
        plant(bytes, block_count, seed / 3);
        repair_log(bytes);
        repair_fast_commits(bytes);
    }
    return size_bytes;
}
