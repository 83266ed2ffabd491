/* SPDX-License-Identifier: ISC */
/*
 * Fast commits replayed: each kind of operation, what was overtaken, what contradicts the volume,
 * and a replay that fails or loses power anywhere, which goes on to the same volume. What Linux
 * itself wrote is among the media.
 */
#include "crash.h"
#include "fast_image.h"

constexpr uint32_t free_block = 2600; /* and those behind it: nothing of mke2fs is there */

static struct writable writable;
static struct image *const image = &writable.image;
static struct journal_map map;
static struct journal_place place;
static struct fast_area area;
static uint8_t *pristine;
static uint32_t sequence;
static uint32_t inode_bytes;

/*
 * A volume with a folder of each kind, in the numbers that mke2fs gives, a log of one transaction
 * and an area for fast commits: /a (20 blocks), /b and /c (two names), /empty, /folder (60 files).
 */
static void make_volume(uint32_t bytes_per_inode_slot, const char *features)
{
    inode_bytes = bytes_per_inode_slot;
    CHECK(
        image_run("rm -rf tree img && mkdir -p tree/empty tree/folder && "
                  "head -c 20480 payload >tree/a && head -c 3000 payload >tree/b && "
                  "ln tree/b tree/c && for n in $(seq 60); do echo $n >tree/folder/file_$n; done"));
    CHECK(image_run("truncate -s 4M img && E2FSPROGS_FAKE_TIME=1700000000 mke2fs -q -F -t ext4 "
                    "-b 1024 -I %u -N 400 -J size=1,fast_commit_size=64 -d tree -O "
                    "^resize_inode,fast_commit%s img "
                    ">log 2>&1",
        inode_bytes, features));
    CHECK(image_run("printf 'jo -c -v 3\\njw -b 4000-4002 payload\\njc\\n' >commands && "
                    "debugfs -w -f commands img >log 2>&1"));
    CHECK(journal_map_load(&map, "img"));
    CHECK(image_load(image, "img"));
    place = journal_find(image, &map, fast_block_bytes);
    sequence = fast_give_area(place, 64);
    pristine = malloc(image->size_bytes);
    memcpy(pristine, image->bytes, image->size_bytes);
}

static void drop_volume(void)
{
    free(pristine);
    image_free(image);
}

static void begin(void)
{
    memcpy(image->bytes, pristine, image->size_bytes);
    area = fast_begin(place);
    fast_add_head(&area, 0, sequence);
}

static void end_segment(void)
{
    fast_add_tail(&area, sequence, 0);
}

/* The number that a path has on the volume before the replay. */
static uint32_t number_of(const char *path)
{
    unsigned number = 0;
    CHECK(image_run("debugfs -R 'stat %s' img 2>/dev/null | head -1 >number", path));
    FILE *file = fopen("number", "r");
    CHECK(fscanf(file, "Inode: %u", &number) == 1);
    (void)fclose(file);
    return number;
}

/* ---- Inodes ---------------------------------------------------------------------------------- */

struct raw {
    uint8_t bytes[1024];
};

static uint8_t *slot_of(uint32_t number)
{
    uint32_t table = load_le32(image->bytes + 2 * 1024 + descriptor_inode_table_low);
    return image->bytes + (size_t)table * 1024 + (size_t)(number - 1) * inode_bytes;
}

static struct raw raw_of(uint32_t number)
{
    struct raw raw = {};
    memcpy(raw.bytes, slot_of(number), inode_bytes);
    return raw;
}

static struct raw raw_new(uint16_t mode, uint16_t link_count, uint32_t size_bytes)
{
    struct raw raw = {};
    store_le16(raw.bytes + inode_mode, mode);
    store_le16(raw.bytes + inode_link_count, link_count);
    store_le32(raw.bytes + inode_size_low, size_bytes);
    store_le32(raw.bytes + inode_modified, 1'767'000'000);
    store_le32(raw.bytes + inode_generation, 0x12345678);
    store_le32(raw.bytes + inode_flags, inode_flag_extents);
    store_le16(raw.bytes + inode_extra_bytes, 32);
    return raw;
}

static void add_inode(uint32_t number, struct raw raw)
{
    uint32_t bytes = inode_bytes > 128 ? 128U + load_le16(raw.bytes + inode_extra_bytes) : 128;
    fast_reserve(&area, 4 + 4 + bytes + 32);
    fast_add_inode(&area, number, raw.bytes, bytes);
}

/* A new file as Linux tells of it: inode, ranges, name. */
static void add_file(uint32_t number, uint32_t parent, const char *name, uint32_t block)
{
    add_inode(number, raw_new(0100644, 1, 1024));
    fast_reserve(&area, 256);
    fast_add_range(&area, number, 0, 1, block);
    fast_add_name(&area, FAST_TAG_CREATE, parent, number, name);
}

/* ---- Judgement ------------------------------------------------------------------------------- */

static bool exists(const char *path, struct ext_file *file_out)
{
    return image_open(image, path, file_out) == STATUS_OK;
}

/* Where a block of a file is, 0 for a hole. */
static uint64_t block_of(const char *path, uint64_t logical, enum ext_run_kind kind)
{
    struct ext_file file;
    struct ext_run run;
    bool found = exists(path, &file) && ext_map(&image->mount, &file, logical, &run) == STATUS_OK;
    return found && run.kind == kind ? run.physical_block : 0;
}

static void mount_and_keep(void)
{
    enum status status = writable_mount(&writable);
    if (status != STATUS_OK) {
        printf("mount: %s, %s, %s\n", status_text(status), image->mount.corruption.what,
            image->mount.refusal.reason);
    }
    CHECK_EQUAL(status, STATUS_OK);
    CHECK(image->mount.writable);
    CHECK_EQUAL(load_be32(place.bytes + journal_superblock_start), 0);
    CHECK_EQUAL(load_be32(place.bytes + journal_superblock_sequence), sequence + 1);
}

/* Unmounted, e2fsck and our own check find nothing; nothing is left to replay. */
static void judge(void)
{
    CHECK_EQUAL(ext_unmount(&image->mount), STATUS_OK);
    CHECK(image_fsck(image));
    CHECK(writable_check(&writable));
}

/* ---- Each kind of operation ------------------------------------------------------------------ */

static void names_are_replayed(void)
{
    struct ext_file file;
    make_volume(256, "");
    uint32_t b = number_of("/b");
    uint32_t a = number_of("/a");
    uint32_t empty = number_of("/empty");
    uint32_t folder = number_of("/folder");
    begin();
    add_file(150, 2, "new", free_block);
    add_inode(151, raw_new(0040755, 2, 1024));
    fast_add_name(&area, FAST_TAG_CREATE, 2, 151, "made");
    add_file(152, 151, "inner", free_block + 5);
    fast_add_name(&area, FAST_TAG_LINK, folder, b, "third");
    fast_add_name(&area, FAST_TAG_UNLINK, 2, b, "b");
    fast_add_name(&area, FAST_TAG_UNLINK, 2, a, "a");
    end_segment();
    fast_add_name(&area, FAST_TAG_UNLINK, 2, empty, "empty");
    fast_add_name(&area, FAST_TAG_LINK, 151, 150, "moved");
    fast_add_name(&area, FAST_TAG_UNLINK, 2, 150, "new");
    end_segment();
    mount_and_keep();
    CHECK(!exists("new", &file) && !exists("a", &file) && !exists("b", &file));
    CHECK(!exists("empty", &file));
    CHECK(exists("c", &file) && file.inode.link_count == 2 && file.inode.number == b);
    CHECK(exists("folder/third", &file) && file.inode.number == b);
    CHECK(exists("made/moved", &file) && file.inode.number == 150);
    CHECK(file.inode.link_count == 1 && file.inode.generation == 0x12345678);
    CHECK_EQUAL(file.inode.modified.seconds, 1'767'000'000);
    CHECK(exists("made/inner", &file) && file.inode.number == 152);
    CHECK_EQUAL(block_of("made/inner", 0, EXT_RUN_DATA), free_block + 5);
    judge();
    drop_volume();
}

static void ranges_are_replayed(void)
{
    make_volume(256, "");
    uint32_t a = number_of("/a");
    CHECK_EQUAL(writable_mount(&writable), STATUS_OK); /* without fast commits, to see /a */
    uint32_t first = (uint32_t)block_of("a", 0, EXT_RUN_DATA);
    begin();
    fast_add_range(&area, a, 0, 20, first);                    /* so already */
    fast_add_range(&area, a, 25, 3, free_block);               /* behind a hole */
    fast_add_range(&area, a, 30, 0x8000 + 4, free_block + 10); /* unwritten */
    fast_delete_range(&area, a, 2, 3);                         /* a hole inside */
    fast_add_range(&area, a, 31, 1, free_block + 11);          /* written now */
    fast_add_range(&area, a, 26, 0x8000 + 1, free_block + 1);  /* unwritten now */
    fast_add_range(&area, a, 8, 2, free_block + 20);           /* elsewhere */
    struct raw raw = raw_of(a);
    store_le32(raw.bytes + inode_size_low, 34 * 1024);
    store_le16(raw.bytes + inode_mode, 0100600);
    store_le16(raw.bytes + inode_user_low, 77);
    store_le32(raw.bytes + inode_sector_count_low, 4); /* wrong, and not believed */
    add_inode(a, raw);
    end_segment();
    mount_and_keep();
    CHECK_EQUAL(block_of("a", 0, EXT_RUN_DATA), first);
    CHECK_EQUAL(block_of("a", 3, EXT_RUN_DATA), 0);
    CHECK_EQUAL(block_of("a", 5, EXT_RUN_DATA), first + 5);
    CHECK_EQUAL(block_of("a", 9, EXT_RUN_DATA), free_block + 21);
    CHECK_EQUAL(block_of("a", 10, EXT_RUN_DATA), first + 10);
    CHECK_EQUAL(block_of("a", 25, EXT_RUN_DATA), free_block);
    CHECK_EQUAL(block_of("a", 26, EXT_RUN_UNWRITTEN), free_block + 1);
    CHECK_EQUAL(block_of("a", 30, EXT_RUN_UNWRITTEN), free_block + 10);
    CHECK_EQUAL(block_of("a", 31, EXT_RUN_DATA), free_block + 11);
    struct ext_file file;
    CHECK(exists("a", &file) && file.inode.size_bytes == 34 * 1024 && file.inode.user_id == 77);
    CHECK_EQUAL(file.inode.mode, 0100600);
    judge();
    drop_volume();
}

static void links_of_text_and_old_inodes_are_replayed(void)
{
    static const uint32_t sizes[] = {128, 512};
    for (uint32_t index = 0; index < 2; index++) {
        struct ext_file file;
        char text[ext_link_bytes_max];
        uint32_t size = 0;
        make_volume(sizes[index], "");
        begin();
        struct raw raw = raw_new(0120777, 1, 6);
        store_le32(raw.bytes + inode_flags, 0);
        memcpy(raw.bytes + inode_block_area, "target", 6);
        add_inode(160, raw);
        fast_add_name(&area, FAST_TAG_CREATE, 2, 160, "link");
        end_segment();
        mount_and_keep();
        CHECK(exists("link", &file));
        CHECK_EQUAL(ext_read_link(&image->mount, &file, text, &size), STATUS_OK);
        CHECK(size == 6 && memcmp(text, "target", 6) == 0);
        judge();
        drop_volume();
    }
}

/* What was made and is gone again, or what is so already, changes nothing. */
static void what_was_overtaken_is_passed_over(void)
{
    struct ext_file file;
    make_volume(256, "");
    uint32_t a = number_of("/a");
    begin();
    fast_add_name(&area, FAST_TAG_UNLINK, 2, 170, "never");
    fast_add_name(&area, FAST_TAG_UNLINK, 171, 170, "never"); /* in a free directory */
    fast_add_name(&area, FAST_TAG_CREATE, 171, 170, "never");
    fast_add_name(&area, FAST_TAG_CREATE, 2, 170, "never"); /* of a free inode */
    fast_add_name(&area, FAST_TAG_LINK, 2, a, "a");         /* is there */
    fast_add_name(&area, FAST_TAG_UNLINK, 2, 170, "a");     /* another's */
    fast_add_range(&area, 170, 0, 1, free_block);
    fast_delete_range(&area, 170, 0, 1);
    add_inode(172, raw_new(0100644, 0, 0)); /* never gets a name */
    fast_add_range(&area, 172, 0, 2, free_block + 2);
    end_segment();
    mount_and_keep();
    CHECK(!exists("never", &file) && exists("a", &file) && file.inode.link_count == 1);
    judge();
    drop_volume();
}

/* A number is given again, once with a name and once after it was open without one. */
static void numbers_are_used_again(void)
{
    struct ext_file file;
    make_volume(256, "");
    uint32_t a = number_of("/a");
    begin();
    fast_add_name(&area, FAST_TAG_UNLINK, 2, a, "a");
    add_file(a, 2, "again", free_block);
    fast_add_name(&area, FAST_TAG_UNLINK, 2, a, "again");
    add_inode(a, raw_new(0100644, 0, 1024)); /* is open still */
    fast_add_range(&area, a, 0, 1, free_block);
    struct raw raw = raw_new(0100600, 1, 1024);
    store_le32(raw.bytes + inode_generation, 99);
    add_inode(a, raw);
    fast_add_range(&area, a, 0, 1, free_block + 1);
    fast_add_name(&area, FAST_TAG_CREATE, 2, a, "third");
    end_segment();
    mount_and_keep();
    CHECK(!exists("a", &file) && !exists("again", &file));
    CHECK(exists("third", &file) && file.inode.generation == 99 && file.inode.mode == 0100600);
    CHECK_EQUAL(block_of("third", 0, EXT_RUN_DATA), free_block + 1);
    judge();
    drop_volume();
}

/* /folder grows and new ones are made while every other free block is named by a later range. */
static void named_blocks_are_given_to_nobody_else(void)
{
    make_volume(256, "");
    uint32_t a = number_of("/a");
    uint32_t folder = number_of("/folder");
    begin();
    for (uint32_t index = 0; index < 12; index++) {
        char name[64];
        (void)snprintf(name, sizeof name, "a_rather_long_name_of_a_file_number_%u", index);
        add_inode(100 + index, raw_new(0040755, 2, 1024));
        fast_reserve(&area, 128);
        fast_add_name(&area, FAST_TAG_CREATE, folder, 100 + index, name);
    }
    uint8_t *bitmap = image->bytes + (size_t)load_le32(image->bytes + 2 * 1024) * 1024;
    uint32_t logical = 100;
    uint32_t named_count = 0;
    for (uint32_t block = 1; block < 3900 && named_count < 100; block++) {
        bool used = (bitmap[(block - 1) / 8] >> (block - 1) % 8 & 1) != 0;
        if (!used && block % 3 != 0) {
            fast_reserve(&area, 64);
            fast_add_range(&area, a, logical, 1, block);
            logical += 2;
            named_count++;
        }
    }
    struct raw raw = raw_of(a);
    store_le32(raw.bytes + inode_size_low, 400 * 1024);
    add_inode(a, raw);
    end_segment();
    CHECK_EQUAL(named_count, 100);
    mount_and_keep();
    judge();
    drop_volume();
}

/* ---- Contradictions -------------------------------------------------------------------------- */

/* Refused for the reason, each time anew, and what was before it is whole. */
static void expect_corrupt(const char *what)
{
    end_segment();
    for (uint32_t round = 0; round < 2; round++) {
        enum status status = writable_mount(&writable);
        const char *told = image->mount.corruption.what;
        CHECK_EQUAL(status, STATUS_CORRUPT);
        if (status == STATUS_CORRUPT && strcmp(told, what) != 0) {
            printf("told: %s, wanted: %s\n", told, what);
        }
        CHECK(status == STATUS_CORRUPT && strcmp(told, what) == 0);
        CHECK(load_be32(place.bytes + journal_superblock_start) != 0);
    }
}

static void expect_refused(const char *reason)
{
    end_segment();
    CHECK_EQUAL(writable_mount(&writable), STATUS_UNSUPPORTED);
    CHECK(
        image->mount.refusal.reason != nullptr && strcmp(image->mount.refusal.reason, reason) == 0);
}

static void contradicting_names_are_refused(void)
{
    make_volume(256, "");
    uint32_t a = number_of("/a");
    uint32_t b = number_of("/b");
    uint32_t folder = number_of("/folder");
    begin();
    fast_add_name(&area, FAST_TAG_LINK, 2, b, "a");
    expect_corrupt("fast commit of a name that is taken");
    begin();
    fast_add_name(&area, FAST_TAG_LINK, a, b, "name");
    expect_corrupt("fast commit of a name in no directory");
    begin();
    fast_add_name(&area, FAST_TAG_LINK, 2, folder, "name");
    expect_corrupt("fast commit of another name of a directory");
    begin();
    fast_add_name(&area, FAST_TAG_UNLINK, 2, folder, "folder");
    expect_corrupt("fast commit takes away a directory with names");
    begin();
    fast_add_name(&area, FAST_TAG_UNLINK, folder, 2, "..");
    expect_corrupt("fast commit of an impossible name");
    begin();
    fast_add_name(&area, FAST_TAG_LINK, 8, b, "name");
    expect_corrupt("fast commit of the file system's own inode");
    begin();
    fast_add_name(&area, FAST_TAG_LINK, 2, 8, "name");
    expect_corrupt("fast commit of the file system's own inode");
    begin();
    add_inode(150, raw_new(0040755, 2, 1024)); /* in itself a directory without a name */
    fast_add_name(&area, FAST_TAG_LINK, 150, b, "name");
    expect_corrupt("fast commit of a name in no directory");
    drop_volume();
}

static void contradicting_ranges_are_refused(void)
{
    make_volume(256, "");
    uint32_t a = number_of("/a");
    uint32_t folder = number_of("/folder");
    begin();
    fast_add_range(&area, a, 100, 1, 2); /* the group descriptors */
    expect_corrupt("fast commit of blocks that are in use");
    begin();
    add_file(150, 2, "first", free_block);
    add_file(151, 2, "second", free_block);
    expect_corrupt("fast commit of blocks that are in use");
    begin();
    fast_add_range(&area, folder, 0, 1, free_block);
    expect_corrupt("fast commit of a range of no file with extents");
    begin();
    fast_delete_range(&area, folder, 0, 1);
    expect_corrupt("fast commit of a range of no file with extents");
    begin();
    fast_add_range(&area, 7, 0, 1, free_block);
    expect_corrupt("fast commit of the file system's own inode");
    begin();
    fast_delete_range(&area, 8, 0, 1);
    expect_corrupt("fast commit of the file system's own inode");
    drop_volume();
}

static void contradicting_inodes_are_refused(void)
{
    make_volume(256, "");
    uint32_t a = number_of("/a");
    begin();
    struct raw raw = raw_of(a);
    store_le16(raw.bytes + inode_mode, 0040755);
    add_inode(a, raw);
    expect_corrupt("fast commit of an inode that is another's");
    begin();
    raw = raw_of(a);
    store_le32(raw.bytes + inode_attribute_block_low, free_block);
    add_inode(a, raw);
    expect_corrupt("fast commit of an attribute block");
    begin();
    raw = raw_new(0100644, 1, 0);
    store_le32(raw.bytes + inode_attribute_block_low, free_block);
    add_inode(150, raw);
    expect_corrupt("fast commit of an attribute block");
    begin();
    add_inode(150, raw_new(0000644, 1, 0));
    expect_corrupt("fast commit of an inode without a type");
    begin();
    raw = raw_new(0100644, 1, 0);
    store_le16(raw.bytes + inode_extra_bytes, 30);
    add_inode(150, raw);
    expect_corrupt("extra bytes of an inode");
    begin();
    add_inode(8, raw_of(8));
    expect_corrupt("fast commit of the file system's own inode");
    begin();
    raw = raw_of(a);
    store_le32(raw.bytes + inode_flags, 0);
    add_inode(a, raw);
    expect_refused("it changes how contents are kept");
    begin();
    raw = raw_new(0100644, 1, 0);
    store_le32(raw.bytes + inode_flags, inode_flag_extents | inode_flag_encrypted);
    add_inode(150, raw);
    expect_refused("it makes what is encrypted or sealed");
    drop_volume();
}

/* Nothing is written, not even the log's blocks, where nothing may be. */
static void what_must_not_be_written_is_refused(void)
{
    make_volume(256, "");
    begin();
    fast_add_name(&area, FAST_TAG_UNLINK, 2, number_of("/b"), "b");
    end_segment();
    uint8_t *before = malloc(image->size_bytes);
    memcpy(before, image->bytes, image->size_bytes);
    CHECK_EQUAL(image_mount(image), STATUS_UNSUPPORTED);
    CHECK(strcmp(image->mount.refusal.reason, "there is no memory to replay it") == 0);
    image->bytes[1024 + superblock_state] |= state_errors;
    uint8_t *superblock = image->bytes + 1024;
    store_le32(superblock + superblock_checksum,
        crc32c_update(crc32c_seed, superblock, superblock_checksum));
    memcpy(before + 1024, superblock, 1024);
    CHECK_EQUAL(writable_mount(&writable), STATUS_UNSUPPORTED);
    CHECK(strcmp(image->mount.refusal.reason, "the volume must not be written") == 0);
    CHECK(memcmp(image->bytes, before, image->size_bytes) == 0);
    free(before);
    drop_volume();
}

/* ---- Failures and losses of power ------------------------------------------------------------ */

/* The least, so that it takes several transactions; more in a long search. */
static uint32_t small_cache_blocks = ext_cache_block_count_min_writable;
static uint8_t *replayed;

/* Everything that replays can do, in several transactions. */
static void add_much(void)
{
    uint32_t folder = number_of("/folder");
    begin();
    for (uint32_t index = 0; index < 100; index++) {
        char name[64];
        (void)snprintf(name, sizeof name, "folder_%u", index);
        add_inode(200 + index, raw_new(0040755, 2, 1024));
        fast_reserve(&area, 64);
        fast_add_name(&area, FAST_TAG_CREATE, folder, 200 + index, name);
    }
    for (uint32_t index = 1; index <= 30; index++) {
        char name[64];
        char path[64];
        (void)snprintf(name, sizeof name, "file_%u", index);
        (void)snprintf(path, sizeof path, "/folder/file_%u", index);
        fast_reserve(&area, 64);
        fast_add_name(&area, FAST_TAG_UNLINK, folder, number_of(path), name);
    }
    end_segment();
    uint32_t a = number_of("/a");
    add_inode(150, raw_new(0040755, 2, 1024));
    fast_add_name(&area, FAST_TAG_CREATE, 2, 150, "made");
    for (uint32_t index = 0; index < 8; index++) {
        fast_add_range(&area, a, 40 + 2 * index, 1, free_block + 100 + 3 * index);
    }
    fast_delete_range(&area, a, 3, 9);
    fast_add_name(&area, FAST_TAG_UNLINK, 2, number_of("/b"), "b");
    fast_add_name(&area, FAST_TAG_UNLINK, 2, number_of("/b"), "c");
    add_file(number_of("/b"), 2, "b", free_block + 200);
    fast_add_name(&area, FAST_TAG_UNLINK, 2, number_of("/empty"), "empty");
    struct raw raw = raw_of(a);
    store_le32(raw.bytes + inode_size_low, 55 * 1024);
    add_inode(a, raw);
    end_segment();
}

static enum status mount_within(struct writable *mounted)
{
    return writable_mount_within(mounted, small_cache_blocks, writable_pending_count);
}

static enum status mount_small(void)
{
    return mount_within(&writable);
}

/* Equal but for what is left in the journal, which nobody reads any more. */
static bool is_replayed(void)
{
    for (uint32_t block = 1; block < place.block_count; block++) {
        memset(journal_block(place, block), 0, fast_block_bytes);
    }
    return memcmp(image->bytes, replayed, image->size_bytes) == 0;
}

static void make_replayed(uint32_t bytes_per_inode_slot)
{
    make_volume(bytes_per_inode_slot, "");
    add_much();
    memcpy(pristine, image->bytes, image->size_bytes);
    CHECK_EQUAL(mount_small(), STATUS_OK);
    replayed = malloc(image->size_bytes);
    memcpy(replayed, image->bytes, image->size_bytes);
    for (uint32_t block = 1; block < place.block_count; block++) {
        memset(replayed + (journal_block(place, block) - image->bytes), 0, fast_block_bytes);
    }
    judge();
    struct ext_file file;
    CHECK_EQUAL(writable_mount(&writable), STATUS_OK);
    CHECK(exists("made", &file) && exists("b", &file) && !exists("c", &file));
    CHECK(exists("folder/folder_99", &file));
    CHECK(!exists("folder/file_30", &file) && exists("folder/file_31", &file));
}

static void fail_each(enum block_fault_kind kind, enum block_fault_effect effect)
{
    memcpy(image->bytes, pristine, image->size_bytes);
    block_fault_arm(&image->fault, (struct block_fault_plan){.kinds = kind});
    CHECK_EQUAL(mount_small(), STATUS_OK);
    uint64_t count = image->fault.operation_count;
    CHECK(count > 8);
    for (uint64_t index = 0; index < count; index++) {
        memcpy(image->bytes, pristine, image->size_bytes);
        block_fault_arm(&image->fault,
            (struct block_fault_plan){
                .kinds = kind, .effect = effect, .status = STATUS_IO, .first = index, .count = 1});
        CHECK_EQUAL(mount_small(), STATUS_IO);
        block_fault_arm(&image->fault, (struct block_fault_plan){});
        CHECK_EQUAL(mount_small(), STATUS_OK);
        CHECK(is_replayed());
    }
}

static void every_failure_is_told_and_mended(void)
{
    make_replayed(512);
    fail_each(BLOCK_FAULT_READ, BLOCK_FAULT_SPOIL);
    fail_each(BLOCK_FAULT_WRITE, BLOCK_FAULT_FAIL);
    fail_each(BLOCK_FAULT_WRITE, BLOCK_FAULT_TEAR);
    fail_each(BLOCK_FAULT_FLUSH, BLOCK_FAULT_FAIL);
    free(replayed);
    drop_volume();
}

static struct block_record record;
static struct block_record_event events[4096];
static uint8_t written[16 << 20];

static void record_replay(void)
{
    struct block_record_memory memory = {
        .events = events,
        .event_count_max = sizeof events / sizeof events[0],
        .data = written,
        .data_bytes = sizeof written,
    };
    memcpy(image->bytes, pristine, image->size_bytes);
    block_record_init(&record, &image->memory.device, memory);
    image->fault.below = &record.device;
    CHECK_EQUAL(mount_small(), STATUS_OK);
    CHECK(!record.overflowed);
    image->fault.below = &image->memory.device;
}

static void crash_and_replay(struct block_record_crash crash)
{
    memcpy(image->bytes, pristine, image->size_bytes);
    CHECK_EQUAL(block_record_rebuild(&record, crash, &image->memory.device), STATUS_OK);
    bool again = crash_again(image, mount_within, &writable);
    enum status status = again ? mount_small() : STATUS_INTERNAL;
    bool same = is_replayed();
    CHECK(status == STATUS_OK && same);
    if (status != STATUS_OK || !same) {
        printf("after %u events, kind %u, index %u, seed %llu: %s, %s\n", crash.event_count,
            crash.kind, crash.index, (unsigned long long)crash.seed, status_text(status),
            image->mount.corruption.what);
        return;
    }
    crash_count();
}

static uint32_t count_flushes(void)
{
    uint32_t count = 0;
    for (uint32_t index = 0; index < record.event_count; index++) {
        count += events[index].flush ? 1 : 0;
    }
    return count;
}

/* In a replay of several transactions. */
static void any_crash_replays_to_the_same_volume(void)
{
    static const uint32_t slots[] = {512, 256, 128};
    for (uint32_t index = 0; index < 3; index++) {
        make_replayed(slots[index]);
        record_replay();
        CHECK(count_flushes() > 4 * 4 || small_cache_blocks > 256); /* four transactions or more */
        for (uint32_t count = 0; count < crash_plan.state_count / 3 && !check_failing; count++) {
            crash_and_replay(crash_choose(&record));
        }
        free(replayed);
        drop_volume();
    }
    crash_plan_end();
}

/* All but the losses of power. */
static void test_each(void)
{
    TEST(names_are_replayed);
    TEST(ranges_are_replayed);
    TEST(links_of_text_and_old_inodes_are_replayed);
    TEST(what_was_overtaken_is_passed_over);
    TEST(numbers_are_used_again);
    TEST(named_blocks_are_given_to_nobody_else);
    TEST(contradicting_names_are_refused);
    TEST(contradicting_ranges_are_refused);
    TEST(contradicting_inodes_are_refused);
    TEST(what_must_not_be_written_is_refused);
    TEST(every_failure_is_told_and_mended);
}

int main(int argument_count, char **arguments)
{
    crash_plan_read(argument_count, arguments, 1200);
    if (!image_folder_make() || !image_run("head -c 262144 /dev/zero | tr '\\0' 'x' >payload")) {
        return 1;
    }
    if (crash_plan.soak) {
        small_cache_blocks += (uint32_t)crash_random(writable_cache_blocks - small_cache_blocks);
    } else {
        test_each();
    }
    TEST(any_crash_replays_to_the_same_volume);
    image_folder_remove();
    return check_report();
}
