/* SPDX-License-Identifier: ISC */
/*
 * What must not be believed: every feature bit against the registry and against a list of its own,
 * and single damaged fields. The image without the damage is the accepted twin of each.
 */
#define _GNU_SOURCE
#include "ext_image.h"
#include "ext_walk.h"

#include <lib/crc/crc.h>

#include "../internal.h"

static struct image image;
static struct walk_state walk;
static uint8_t *pristine; /* a copy of the image before any damage */

static void make_base(const char *arguments)
{
    CHECK(image_run("rm -f img && truncate -s 16M img && mke2fs -q -F %s -d tree img >log 2>&1 && "
                    "e2fsck -fyD img >log 2>&1 </dev/null; [ $? -le 1 ]",
        arguments));
    CHECK(image_load(&image, "img"));
    pristine = malloc(image.size_bytes);
    memcpy(pristine, image.bytes, image.size_bytes);
}

static void drop_base(void)
{
    free(pristine);
    image_free(&image);
}

static enum status mount_and_walk(void)
{
    enum status status = image_mount(&image);
    if (status != STATUS_OK) {
        return status;
    }
    walk = (struct walk_state){.mount = &image.mount};
    return walk_all(&walk);
}

static void make_tree(void)
{
    CHECK(
        image_run("mkdir tree tree/dir tree/many && head -c 400000 /dev/urandom > tree/big && "
                  "echo small > tree/dir/small && ln -s target tree/fast && "
                  "ln -s $(printf %%0100d 7) tree/slow && "
                  "for i in $(seq 700); do : > tree/many/a-file-with-quite-a-long-name-$i; done"));
    CHECK(image_run("truncate -s 4M tree/holes && for i in $(seq 0 8 2000); do "
                    "dd if=/dev/urandom of=tree/holes bs=1024 seek=$i count=1 conv=notrunc "
                    "2>/dev/null; done"));
}

/* ---- Features ------------------------------------------------------------------------------- */

/* The bits that a volume may carry, written down once more, independently of the registry. */
static const uint32_t accepted_bits[EXT_FEATURE_WORD_COUNT] = {0x1e3f, 0x3e7d6, 0x1f77b};
static const uint32_t read_only_bits[EXT_FEATURE_WORD_COUNT] = {0, 0x400, 0x5000};

static void judge_one_bit(enum ext_feature_word word, uint32_t bit)
{
    uint8_t *at = image.bytes + 1024 + 0x5c + 4 * (size_t)word;
    uint32_t before = load_le32(at);
    store_le32(at, before | (uint32_t)1 << bit);
    enum status status = image_mount(&image);
    const struct ext_feature *feature = ext_feature_find(word, bit);
    bool accepted = (accepted_bits[word] >> bit & 1) != 0;
    bool read_only = (read_only_bits[word] >> bit & 1) != 0;
    CHECK_EQUAL(feature->verdict != EXT_REFUSED, accepted);
    CHECK_EQUAL(feature->verdict == EXT_ACCEPTED_READ_ONLY, read_only);
    if (accepted) {
        CHECK(image.mount.refusal.feature_bit == ext_no_feature_bit);
        CHECK(status != STATUS_OK || image.mount.read_only == read_only);
    } else {
        CHECK(status == STATUS_UNSUPPORTED);
        CHECK_EQUAL(image.mount.refusal.feature_word, word);
        CHECK_EQUAL(image.mount.refusal.feature_bit, bit);
        CHECK(image.mount.refusal.what == feature->name);
        CHECK(image.mount.refusal.reason != nullptr);
    }
    store_le32(at, before);
}

static void every_feature_bit_is_judged(void)
{
    make_base("-t ext2 -b 1024 -O none");
    CHECK(image_mount(&image) == STATUS_OK);
    CHECK_EQUAL(image.mount.read_only, false);
    block_fault_arm(
        &image.fault, (struct block_fault_plan){.kinds = BLOCK_FAULT_WRITE | BLOCK_FAULT_FLUSH});
    for (uint32_t word = 0; word < EXT_FEATURE_WORD_COUNT; word++) {
        for (uint32_t bit = 0; bit < 32; bit++) {
            judge_one_bit((enum ext_feature_word)word, bit);
        }
    }
    CHECK_EQUAL(image.fault.operation_count, 0);
    CHECK(image_mount(&image) == STATUS_OK);
    drop_base();
    CHECK(strcmp(ext_feature_word_name(EXT_RO_COMPAT), "ro_compat") == 0);
}

static void tools_make_volumes_that_are_refused(void)
{
    static const struct {
        const char *arguments;
        const char *what;
    } cases[] = {
        {"-t ext2 -b 8192", "block size"},
        {"-t ext2 -b 65536", "block size"},
        {"-t ext4 -I 1024", "inode size"},
        {"-t ext4 -o hurd -O none -I 128", "creator system"},
    };
    for (uint32_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        CHECK(image_run("rm -f img && truncate -s 16M img && mke2fs -q -F %s img >log 2>&1",
            cases[index].arguments));
        CHECK(image_load(&image, "img"));
        CHECK(image_mount(&image) == STATUS_UNSUPPORTED);
        CHECK(image.mount.refusal.what != nullptr &&
              strcmp(image.mount.refusal.what, cases[index].what) == 0);
        image_free(&image);
    }
}

static void journals_are_told_apart(void)
{
    CHECK(image_run("rm -f img && truncate -s 16M img && mke2fs -q -F -t ext4 img >log 2>&1"));
    CHECK(image_load(&image, "img") && image_mount(&image) == STATUS_OK);
    image_free(&image);
    CHECK(image_run("debugfs -w -R 'feature needs_recovery' img >log 2>&1"));
    CHECK(image_load(&image, "img"));
    image.options.read_only = true;
    CHECK(image_mount(&image) == STATUS_UNSUPPORTED);
    CHECK(strcmp(image.mount.refusal.reason, "journal must be replayed first") == 0);
    image.options.read_only = false;
    CHECK(image_mount(&image) == STATUS_OK);
    image_free(&image);
    CHECK(
        image_run("rm -f img && truncate -s 16M img && mke2fs -q -F -O journal_dev img >log 2>&1"));
    CHECK(image_load(&image, "img") && image_mount(&image) == STATUS_UNSUPPORTED);
    CHECK(strcmp(image.mount.refusal.what, "journal_dev") == 0);
    image_free(&image);
}

static void poke_mmp(uint32_t sequence, uint32_t checksum_change)
{
    uint8_t *block = image.bytes + image.mount.geometry.mmp_block * 4096;
    store_le32(block + mmp_sequence, sequence);
    uint32_t checksum = crc32c_update(image.mount.geometry.checksum_seed, block, mmp_checksum);
    store_le32(block + mmp_checksum, checksum ^ checksum_change);
}

static void a_mount_is_read_only_on_request(void)
{
    CHECK(image_run("mke2fs -q -F -d tree a.img 4M"));
    CHECK(image_load(&image, "a.img"));
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK(!image.mount.read_only);
    image.options.read_only = true;
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK(image.mount.read_only);
    image.options.read_only = false;
    image_free(&image);
}

static void volumes_in_use_are_refused(void)
{
    CHECK(image_run("rm -f img && truncate -s 16M img && "
                    "mke2fs -q -F -t ext4 -b 4096 -O mmp img >log 2>&1"));
    CHECK(image_load(&image, "img") && image_mount(&image) == STATUS_OK);
    poke_mmp(7, 0);
    CHECK(image_mount(&image) == STATUS_UNSUPPORTED);
    CHECK(strcmp(image.mount.refusal.what, "mmp") == 0);
    poke_mmp(mmp_sequence_clean, 1);
    CHECK(image_mount(&image) == STATUS_CORRUPT);
    poke_mmp(mmp_sequence_clean, 0);
    CHECK(image_mount(&image) == STATUS_OK);
    image_free(&image);
}

/* ---- Damaged fields ------------------------------------------------------------------------- */

enum place {
    PLACE_SUPERBLOCK,
    PLACE_DESCRIPTOR,
    PLACE_INODE,
    PLACE_MAP,  /* the first block that maps blocks of the file */
    PLACE_DATA, /* the file's first block */
    PLACE_NEXT, /* its second */
};

struct damage {
    enum place place;
    const char *path;
    size_t offset;
    uint32_t width_bytes;
    uint32_t value;
    enum status status;
    const char *what;
};

static uint64_t mapped_at(struct ext_file *file, uint64_t logical_block)
{
    struct ext_run run = {};
    CHECK(ext_map(&image.mount, file, logical_block, &run) == STATUS_OK);
    CHECK(run.kind == EXT_RUN_DATA);
    return run.physical_block << image.mount.geometry.block_shift;
}

static uint64_t inode_at(const struct ext_file *file)
{
    struct block_cache_entry *entry = nullptr;
    const uint8_t *raw = nullptr;
    CHECK(ext_inode_pin(&image.mount, (uint32_t)file->inode.number, &entry, &raw) == STATUS_OK);
    uint64_t within = (uint64_t)(raw - (const uint8_t *)entry->buffer.bytes);
    uint64_t at = (entry->block << image.mount.geometry.block_shift) + within;
    block_cache_put(&image.mount.cache, entry);
    return at;
}

/* Where in the image the damage goes; the image is mounted and whole. */
static uint64_t place_at(const struct damage *damage)
{
    const struct ext_geometry *geometry = &image.mount.geometry;
    struct ext_file file = {};
    CHECK(image_open(&image, damage->path == nullptr ? "" : damage->path, &file) == STATUS_OK);
    switch (damage->place) {
    case PLACE_SUPERBLOCK:
        return 1024;
    case PLACE_DESCRIPTOR:
        return ((1024ULL >> geometry->block_shift) + 1) << geometry->block_shift;
    case PLACE_INODE:
        return inode_at(&file);
    case PLACE_MAP: {
        bool extents = (file.inode.flags & inode_flag_extents) != 0;
        uint32_t block = load_le32(file.inode.block_area + (extents ? 12 + 4 : 12 * 4));
        return (uint64_t)block << geometry->block_shift;
    }
    case PLACE_DATA:
        return mapped_at(&file, 0);
    case PLACE_NEXT:
        return mapped_at(&file, 1);
    }
    return 0;
}

static void inflict(const struct damage *damage)
{
    memcpy(image.bytes, pristine, image.size_bytes);
    CHECK(mount_and_walk() == STATUS_OK);
    uint8_t *at = image.bytes + place_at(damage) + damage->offset;
    for (uint32_t index = 0; index < damage->width_bytes; index++) {
        at[index] = (uint8_t)(damage->value >> (8 * index));
    }
    enum status status = mount_and_walk();
    const char *what =
        status == STATUS_UNSUPPORTED ? image.mount.refusal.what : image.mount.corruption.what;
    if (status != damage->status || what == nullptr || strcmp(what, damage->what) != 0) {
        printf("%s: offset %zu: %s, %s\n", damage->what, damage->offset, status_name(status),
            what == nullptr ? "nothing noted" : what);
        CHECK(false);
    }
}

static void inflict_all(const char *arguments, const struct damage *damages, size_t count)
{
    make_base(arguments);
    for (size_t index = 0; index < count; index++) {
        inflict(&damages[index]);
    }
    drop_base();
}

#define CORRUPT_AT(place_, path_, offset_, width, value_, what_)                                   \
    {                                                                                              \
        .place = (place_),                                                                         \
        .path = (path_),                                                                           \
        .offset = (offset_),                                                                       \
        .width_bytes = (width),                                                                    \
        .value = (value_),                                                                         \
        .status = STATUS_CORRUPT,                                                                  \
        .what = (what_),                                                                           \
    }

static const struct damage plain_damages[] = {
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x38, 2, 0xef54, "super block magic"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x04, 4, 0x5000, "volume is larger than its device"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x14, 4, 0, "first data block"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x1c, 4, 1, "cluster size without bigalloc"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x20, 4, 0, "blocks per group"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x20, 4, 0x10000, "blocks per group"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x28, 4, 0, "inodes per group"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x28, 4, 7, "inodes per group"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x00, 4, 8, "inode count"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x0c, 4, 0x7fffffff, "free block count"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x08, 4, 0x7fffffff, "reserved block count"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x10, 4, 0x7fffffff, "first or free inodes"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x54, 4, 3, "first or free inodes"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x58, 2, 100, "inode size"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x58, 2, 0, "inode size"),
    CORRUPT_AT(PLACE_DESCRIPTOR, nullptr, 0x00, 4, 0xffffff, "place of a block bitmap"),
    CORRUPT_AT(PLACE_DESCRIPTOR, nullptr, 0x04, 4, 1, "place of an inode bitmap"),
    CORRUPT_AT(PLACE_DESCRIPTOR, nullptr, 0x08, 4, 0x3fff, "place of an inode table"),
    CORRUPT_AT(PLACE_INODE, "dir/small", 0x00, 2, 0x31a4, "inode type"),
    CORRUPT_AT(PLACE_INODE, "big", 0x6c, 4, 0x7fff, "inode size beyond its map"),
    CORRUPT_AT(PLACE_INODE, "big", 0x20, 4, 0x80000, "inode has extents on a volume without"),
    CORRUPT_AT(
        PLACE_INODE, "big", 0x20, 4, 0x10000000, "inode has inline data on a volume without"),
    CORRUPT_AT(PLACE_INODE, "big", 0x20, 4, 0x800, "inode uses a feature that the volume has not"),
    CORRUPT_AT(PLACE_INODE, "big", 0x20, 4, 0x200000, "inode of an attribute value as a file"),
    CORRUPT_AT(PLACE_INODE, "big", 0x68, 4, 0x7fffffff, "place of an attribute block"),
    CORRUPT_AT(PLACE_INODE, "big", 0x28, 4, 0x7fffffff, "block map points outside the volume"),
    CORRUPT_AT(PLACE_INODE, "big", 0x58, 4, 1, "block map points outside the volume"),
    CORRUPT_AT(PLACE_MAP, "big", 40, 4, 0x4001, "block map points outside the volume"),
    CORRUPT_AT(PLACE_INODE, "dir", 0x04, 4, 1000, "directory size"),
    CORRUPT_AT(PLACE_INODE, "dir", 0x04, 4, 0, "directory size"),
    CORRUPT_AT(PLACE_INODE, "dir", 0x04, 4, 2048, "hole in a directory"),
    CORRUPT_AT(PLACE_INODE, nullptr, 0x00, 2, 0x81a4, "root is no directory"),
    CORRUPT_AT(PLACE_INODE, nullptr, 0x1a, 2, 0, "root is no directory"),
    CORRUPT_AT(PLACE_INODE, "fast", 0x04, 4, 0, "size of a symbolic link"),
    CORRUPT_AT(PLACE_INODE, "fast", 0x04, 4, 9, "symbolic link with a NUL"),
    CORRUPT_AT(PLACE_INODE, "slow", 0x04, 4, 5000, "size of a symbolic link"),
    CORRUPT_AT(PLACE_DATA, "slow", 50, 1, 0, "symbolic link with a NUL"),
    CORRUPT_AT(PLACE_DATA, "dir", 0, 4, 11, "directory does not begin with itself"),
    CORRUPT_AT(PLACE_DATA, "dir", 8, 1, 'x', "directory does not begin with itself"),
    CORRUPT_AT(PLACE_DATA, "dir", 12, 4, 0, "directory has no parent"),
    CORRUPT_AT(PLACE_DATA, "dir", 4, 2, 0, "directory entry size"),
    CORRUPT_AT(PLACE_DATA, "dir", 4, 2, 11, "directory entry size"),
    CORRUPT_AT(PLACE_DATA, "dir", 28, 2, 1004, "directory entry size"),
    CORRUPT_AT(PLACE_DATA, "dir", 28, 2, 996, "directory entry size"),
    CORRUPT_AT(PLACE_DATA, "dir", 24, 4, 0x7fffffff, "directory entry names no inode"),
    CORRUPT_AT(PLACE_DATA, "dir", 24, 4, 7, "directory entry names a reserved inode"),
    CORRUPT_AT(PLACE_DATA, "dir", 33, 1, '/', "name of a directory entry"),
    CORRUPT_AT(PLACE_DATA, "dir", 30, 1, 0, "name of a directory entry"),
    CORRUPT_AT(PLACE_DATA, "dir", 31, 1, 8, "type of a directory entry"),
    {.place = PLACE_SUPERBLOCK,
        .offset = 0x4c,
        .width_bytes = 4,
        .value = 2,
        .status = STATUS_UNSUPPORTED,
        .what = "revision"},
    {.place = PLACE_SUPERBLOCK,
        .offset = 0x18,
        .width_bytes = 4,
        .value = 3,
        .status = STATUS_UNSUPPORTED,
        .what = "block size"},
    {.place = PLACE_SUPERBLOCK,
        .offset = 0x48,
        .width_bytes = 4,
        .value = 1,
        .status = STATUS_UNSUPPORTED,
        .what = "creator system"},
};

static void damaged_fields_of_ext2_are_found(void)
{
    inflict_all(
        "-t ext2 -b 1024 -I 128", plain_damages, sizeof plain_damages / sizeof plain_damages[0]);
}

static const struct damage extent_damages[] = {
    CORRUPT_AT(PLACE_INODE, "holes", 0x28, 2, 0xf30b, "extent node magic"),
    CORRUPT_AT(PLACE_INODE, "holes", 0x2e, 2, 6, "extent tree depth"),
    CORRUPT_AT(PLACE_INODE, "holes", 0x2e, 2, 3, "extent node depth"),
    CORRUPT_AT(PLACE_INODE, "holes", 0x2c, 2, 5, "extent node capacity"),
    CORRUPT_AT(PLACE_INODE, "holes", 0x2c, 2, 0, "extent node capacity"),
    CORRUPT_AT(PLACE_INODE, "holes", 0x2a, 2, 5, "extent node entry count"),
    CORRUPT_AT(PLACE_INODE, "holes", 0x2a, 2, 0, "extent index without entries"),
    CORRUPT_AT(PLACE_INODE, "holes", 0x38, 4, 0x7fffffff, "extent outside the volume"),
    CORRUPT_AT(PLACE_MAP, "holes", 0, 2, 0, "extent node magic"),
    CORRUPT_AT(PLACE_MAP, "holes", 6, 2, 1, "extent node depth"),
    CORRUPT_AT(PLACE_MAP, "holes", 4, 2, 1000, "extent node capacity"),
    CORRUPT_AT(PLACE_MAP, "holes", 2, 2, 85, "extent node entry count"),
    CORRUPT_AT(PLACE_MAP, "holes", 12 + 4, 2, 0, "extent without length"),
    CORRUPT_AT(PLACE_MAP, "holes", 24 + 0, 4, 0, "order of extents"),
    CORRUPT_AT(PLACE_MAP, "holes", 12 + 4, 2, 9, "order of extents"),
    CORRUPT_AT(PLACE_MAP, "holes", 24 + 0, 4, 0xffff, "order of extents"),
    CORRUPT_AT(PLACE_MAP, "holes", 24 + 8, 4, 0x4000, "extent outside the volume"),
    CORRUPT_AT(PLACE_MAP, "holes", 24 + 6, 2, 1, "extent outside the volume"),
    CORRUPT_AT(PLACE_INODE, "big", 0x80, 2, 200, "extra bytes of an inode"),
    CORRUPT_AT(PLACE_INODE, "big", 0x80, 2, 31, "extra bytes of an inode"),
    CORRUPT_AT(PLACE_DATA, "many", 0x18, 4, 1, "hash tree root"),
    CORRUPT_AT(PLACE_DATA, "many", 0x1c, 1, 6, "hash tree hash version"),
    CORRUPT_AT(PLACE_DATA, "many", 0x1e, 1, 2, "hash tree depth"),
    CORRUPT_AT(PLACE_DATA, "many", 0x20, 2, 125, "hash tree entry count"),
    CORRUPT_AT(PLACE_DATA, "many", 0x22, 2, 0, "hash tree entry count"),
    CORRUPT_AT(PLACE_DATA, "many", 0x24, 4, 0, "hash tree order"),
    CORRUPT_AT(PLACE_DATA, "many", 0x24, 4, 5000, "hash tree order"),
    CORRUPT_AT(PLACE_DATA, "many", 0x28, 4, 0xffffffff, "hash tree order"),
    CORRUPT_AT(PLACE_NEXT, "many", 4, 2, 2048, "directory entry size"),
};

static void damaged_trees_are_found(void)
{
    inflict_all("-t ext4 -b 1024 -O ^metadata_csum,^uninit_bg", extent_damages,
        sizeof extent_damages / sizeof extent_damages[0]);
}

/* Fields that no other check looks at: only the checksum can notice. */
static const struct damage checksum_damages[] = {
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x30, 4, 1, "super block checksum"),
    CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x3fc, 4, 1, "super block checksum"),
    CORRUPT_AT(PLACE_DESCRIPTOR, nullptr, 0x10, 2, 77, "group descriptor checksum"),
    CORRUPT_AT(PLACE_DESCRIPTOR, nullptr, 0x3c, 4, 77, "group descriptor checksum"),
    CORRUPT_AT(PLACE_INODE, "big", 0x08, 4, 77, "inode checksum"),
    CORRUPT_AT(PLACE_INODE, "big", 0x7c, 2, 77, "inode checksum"),
    CORRUPT_AT(PLACE_INODE, "big", 0x82, 2, 77, "inode checksum"),
    CORRUPT_AT(PLACE_INODE, "big", 0xfc, 4, 77, "inode checksum"),
    CORRUPT_AT(PLACE_MAP, "holes", 8, 4, 77, "extent node checksum"),
    CORRUPT_AT(PLACE_DATA, "dir", 32, 1, 'X', "directory block checksum"),
    CORRUPT_AT(PLACE_DATA, "many", 0x2c, 4, 3, "hash tree checksum"),
    CORRUPT_AT(PLACE_NEXT, "many", 9, 1, 'X', "directory block checksum"),
    {.place = PLACE_SUPERBLOCK,
        .offset = 0x175,
        .width_bytes = 1,
        .value = 2,
        .status = STATUS_UNSUPPORTED,
        .what = "checksum type"},
};

static void wrong_checksums_are_found(void)
{
    inflict_all(
        "-t ext4 -b 1024", checksum_damages, sizeof checksum_damages / sizeof checksum_damages[0]);
    static const struct damage crc16_damages[] = {
        CORRUPT_AT(PLACE_DESCRIPTOR, nullptr, 0x10, 2, 77, "group descriptor checksum"),
    };
    inflict_all("-t ext4 -b 1024 -O ^metadata_csum,uninit_bg", crc16_damages, 1);
}

static void damaged_inline_data_is_found(void)
{
    static const struct damage damages[] = {
        CORRUPT_AT(PLACE_INODE, "dir", 0x28, 4, 0, "directory has no parent"),
        CORRUPT_AT(PLACE_INODE, "dir", 0x30, 2, 60, "directory entry size"),
        CORRUPT_AT(PLACE_INODE, "dir/small", 0x04, 4, 200, "inline data is shorter than its file"),
        CORRUPT_AT(PLACE_INODE, "dir/small", 0xa0, 4, 0, "inline data is missing"),
        CORRUPT_AT(PLACE_INODE, "dir/small", 0xa4, 1, 250, "attribute entry"),
        CORRUPT_AT(PLACE_INODE, "dir/small", 0xa8, 4, 1, "attribute value in another inode"),
        CORRUPT_AT(PLACE_INODE, "dir/small", 0xac, 4, 100, "attribute value outside its place"),
    };
    inflict_all("-t ext4 -b 1024 -O inline_data,^metadata_csum,^uninit_bg", damages,
        sizeof damages / sizeof damages[0]);
}

static void impossible_layouts_are_refused(void)
{
    static const struct damage damages[] = {
        CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0x104, 4, 99, "first meta block group"),
        CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0xfe, 2, 96, "group descriptor size"),
        CORRUPT_AT(PLACE_SUPERBLOCK, nullptr, 0xfe, 2, 2048, "group descriptor size"),
    };
    inflict_all("-t ext4 -b 1024 -O meta_bg,^resize_inode,^metadata_csum,^uninit_bg,64bit", damages,
        sizeof damages / sizeof damages[0]);
}

static void too_little_is_refused(void)
{
    static struct block_memory tiny;
    static uint8_t bytes[2048];
    struct ext_mount_memory memory = {
        .entries = image.entries,
        .entry_count = image_cache_blocks,
        .buffer = block_buffer_plain(image.cache),
        .buffer_bytes = sizeof image.cache,
    };
    struct ext_mount_options options = {.read_only = true};
    block_memory_init(&tiny, bytes, 1536, 512);
    CHECK(ext_mount(&image.mount, &tiny.device, memory, options) == STATUS_CORRUPT);
    block_memory_init(&tiny, bytes, 2048, 512);
    CHECK(ext_mount(&image.mount, &tiny.device, memory, options) == STATUS_CORRUPT);
    memory.entry_count = ext_cache_block_count_min - 1;
    CHECK(ext_mount(&image.mount, &tiny.device, memory, options) == STATUS_INVALID_ARGUMENT);
    memory.entry_count = image_cache_blocks;
    memory.buffer_bytes = ext_cache_block_count_min * ext_block_bytes_max - 1;
    CHECK(ext_mount(&image.mount, &tiny.device, memory, options) == STATUS_INVALID_ARGUMENT);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    make_tree();
    TEST(every_feature_bit_is_judged);
    TEST(tools_make_volumes_that_are_refused);
    TEST(journals_are_told_apart);
    TEST(a_mount_is_read_only_on_request);
    TEST(volumes_in_use_are_refused);
    TEST(damaged_fields_of_ext2_are_found);
    TEST(damaged_trees_are_found);
    TEST(wrong_checksums_are_found);
    TEST(damaged_inline_data_is_found);
    TEST(impossible_layouts_are_refused);
    TEST(too_little_is_refused);
    image_folder_remove();
    return check_report();
}
