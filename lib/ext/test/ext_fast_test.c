/* SPDX-License-Identifier: ISC */
/*
 * Fast commits, written here byte for byte behind a log of debugfs: which of them count, which are
 * left over from before, which are refused. e2fsck is asked too where both should agree.
 */
#define _GNU_SOURCE
#include "../journal/fast_commit.h"
#include "fast_image.h"

constexpr uint32_t block_bytes = fast_block_bytes;

static struct image image;
static struct image judged;
static struct journal_map map;
static struct journal_place place;
static uint8_t *pristine;
static uint32_t sequence; /* of the transaction that would have come next */

/* A volume with a log of one transaction and room for fast commits. */
static void make_volume(void)
{
    CHECK(image_run("rm -f img && truncate -s 3M img && mke2fs -q -F -t ext4 -b 1024 -J size=1 "
                    "-O ^resize_inode,fast_commit img >log 2>&1"));
    CHECK(image_run("printf 'jo -c -v 3\\njw -b 2500-2502 payload\\njc\\n' >commands && "
                    "debugfs -w -f commands img >log 2>&1"));
    CHECK(journal_map_load(&map, "img"));
    CHECK(image_load(&image, "img"));
    place = journal_find(&image, &map, block_bytes);
    sequence = fast_give_area(place, 16);
    pristine = malloc(image.size_bytes);
    memcpy(pristine, image.bytes, image.size_bytes);
}

static void drop_volume(void)
{
    free(pristine);
    image_free(&image);
}

/* ---- What counts ----------------------------------------------------------------------------- */

/* The tags that count in the area of the image, read straight. */
static enum status scan(uint32_t *count_out)
{
    static uint8_t window[4 * block_bytes];
    struct ext_mount mount = image.mount;
    struct journal_log log = {
        .journal = &mount.journal, .window = block_buffer_plain(window), .window_blocks = 4};
    enum status status = ext_fast_scan(&mount, &log, sequence, count_out);
    if (status == STATUS_OK) {
        status = ext_fast_walk(&mount, &log, *count_out, (struct ext_fast_visitor){});
    }
    image.mount.corruption = mount.corruption;
    image.mount.refusal = mount.refusal;
    return status;
}

static struct fast_area begin(void)
{
    memcpy(image.bytes, pristine, image.size_bytes);
    return fast_begin(place);
}

/* The area counts for so many tags. */
static void expect_count(uint32_t wanted)
{
    uint32_t count = UINT32_MAX;
    CHECK_EQUAL(scan(&count), STATUS_OK);
    CHECK_EQUAL(count, wanted);
}

/* The area is refused with this reason by the scan, and by a mount that changes nothing. */
static void expect_corrupt(const char *what)
{
    uint32_t count;
    uint8_t *before = malloc(image.size_bytes);
    memcpy(before, image.bytes, image.size_bytes);
    CHECK_EQUAL(scan(&count), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, what) == 0);
    CHECK_EQUAL(image_mount(&image), STATUS_CORRUPT);
    CHECK(strcmp(image.mount.corruption.what, what) == 0);
    CHECK(memcmp(image.bytes, before, image.size_bytes) == 0);
    free(before);
}

/* Nothing in the area counts: only the log is replayed, by e2fsck too. */
static void expect_nothing(void)
{
    expect_count(0);
    CHECK_EQUAL(journal_judge(&image, &judged), 0);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    journal_compare(&image, &judged, place);
    image_free(&judged);
}

static void what_is_left_over_is_passed_over(void)
{
    make_volume();
    (void)begin();
    CHECK_EQUAL(image_mount(&image), STATUS_OK); /* for image.mount */
    (void)begin();
    expect_nothing();
    struct fast_area area = begin(); /* begins without a head */
    fast_add_name(&area, FAST_TAG_CREATE, 2, 12, "name");
    fast_add_tail(&area, sequence, 0);
    expect_nothing();
    area = begin(); /* nothing but noise */
    memset(fast_bytes(&area), 0xa5, block_bytes);
    expect_nothing();
    drop_volume();
}

/* Linux passes over what is older than the log; e2fsck 1.47.0 calls it an invalid argument. */
static void fast_commits_of_the_past_are_passed_over(void)
{
    make_volume();
    (void)begin();
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    struct fast_area area = begin(); /* of the transaction before */
    fast_add_head(&area, 0, sequence - 1);
    fast_add_name(&area, FAST_TAG_CREATE, 2, 12, "name");
    fast_add_tail(&area, sequence - 1, 0);
    expect_count(0);
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    CHECK_EQUAL(load_be32(place.bytes + journal_superblock_sequence), sequence + 1);
    CHECK_EQUAL(image.bytes[2501 * block_bytes], 'x');
    drop_volume();
}

static void segments_count_up_to_the_first_that_is_not_whole(void)
{
    make_volume();
    (void)begin();
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    for (uint32_t good = 1; good <= 3; good++) {
        struct fast_area area = begin();
        fast_add_head(&area, 0, sequence);
        for (uint32_t segment = 0; segment < 4; segment++) {
            fast_add_name(&area, FAST_TAG_LINK, 2, 12, "name");
            fast_add_range(&area, 12, 0, 1, 2400);
            fast_add(&area, FAST_TAG_PAD, "12345", 5);
            fast_add_tail(&area, sequence, segment == good ? 1 : 0);
        }
        expect_count(1 + good * 4);
    }
    struct fast_area area = begin(); /* a segment of three blocks, then one of the past */
    fast_add_head(&area, 0, sequence);
    for (uint32_t block = 0; block < 3; block++) {
        static const uint8_t filler[block_bytes] = {};
        fast_add_name(&area, FAST_TAG_UNLINK, 2, 12, "name");
        fast_add(&area, FAST_TAG_PAD, filler, block_bytes - area.at - 4);
        area.block++;
        area.at = 0;
    }
    fast_add_tail(&area, sequence, 0);
    fast_add_name(&area, FAST_TAG_UNLINK, 2, 12, "name");
    fast_add_tail(&area, sequence - 1, 0);
    expect_count(8);
    drop_volume();
}

static void broken_segments_are_refused(void)
{
    make_volume();
    (void)begin();
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    struct fast_area area = begin();
    fast_add_head(&area, 0, sequence);
    fast_add_name(&area, FAST_TAG_CREATE, 2, 12, "name");
    struct fast_area tail = area;
    fast_add_tail(&area, sequence, 0);
    expect_count(3); /* The twin. */
    CHECK_EQUAL(image_mount(&image), STATUS_UNSUPPORTED);
    fast_bytes(&tail)[8] ^= 1;
    expect_corrupt("fast commit tail");
    CHECK(journal_judge(&image, &judged) != 0 || image_run("grep -q 'checksum error' judge.log"));
    image_free(&judged);
    fast_bytes(&tail)[8] ^= 1;
    fast_bytes(&tail)[4] ^= 1; /* of another transaction */
    expect_corrupt("fast commit tail");
    fast_bytes(&tail)[4] ^= 1;
    fast_bytes(&tail)[0] = 0x77;
    expect_corrupt("fast commit without a tail");
    area = begin();
    fast_add_head(&area, 1, sequence);
    fast_add_tail(&area, sequence, 0);
    uint32_t count;
    CHECK_EQUAL(scan(&count), STATUS_UNSUPPORTED);
    CHECK(strcmp(image.mount.refusal.reason, "unknown feature bit in its head") == 0);
    drop_volume();
}

static void impossible_operations_are_refused(void)
{
    static const struct {
        uint16_t type;
        uint32_t first; /* inode of ranges, parent of names */
        uint32_t second;
        const char *name;
        const char *what;
    } cases[] = {
        {FAST_TAG_CREATE, 2, 0, "name", "fast commit of an impossible inode"},
        {FAST_TAG_CREATE, 2, 99999, "name", "fast commit of an impossible inode"},
        {FAST_TAG_LINK, 0, 12, "name", "fast commit in an impossible directory"},
        {FAST_TAG_UNLINK, 2, 12, "na/me", "fast commit of an impossible name"},
        {FAST_TAG_ADD_RANGE, 12, 3072, nullptr, "fast commit of an impossible range"},
        {FAST_TAG_ADD_RANGE, 0, 2400, nullptr, "fast commit of an impossible inode"},
    };
    make_volume();
    (void)begin();
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    for (uint32_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        struct fast_area area = begin();
        fast_add_head(&area, 0, sequence);
        if (cases[index].name == nullptr) {
            fast_add_range(&area, cases[index].first, 0, 1, cases[index].second);
        } else {
            fast_add_name(&area, cases[index].type, cases[index].first, cases[index].second,
                cases[index].name);
        }
        fast_add_tail(&area, sequence, 0);
        expect_corrupt(cases[index].what);
    }
    drop_volume();
}

/* Any byte of the area changed: it counts for as much, for less, or it is refused. */
static void no_changed_byte_is_believed(void)
{
    uint32_t refused_count = 0;
    make_volume();
    (void)begin();
    CHECK_EQUAL(image_mount(&image), STATUS_OK);
    for (uint32_t at = 0; at < 120; at++) {
        struct fast_area area = begin();
        fast_add_head(&area, 0, sequence);
        fast_add_name(&area, FAST_TAG_LINK, 2, 12, "name");
        fast_add_range(&area, 12, 0, 1, 2400);
        uint32_t tail_at = area.at;
        fast_add_tail(&area, sequence, 0);
        struct fast_area start = fast_begin(place);
        fast_bytes(&start)[at] ^= 0x40;
        uint32_t count = 0;
        enum status status = scan(&count);
        bool meaningless = at >= tail_at + 12 || at == tail_at + 2 || at == tail_at + 3;
        CHECK(meaningless || status != STATUS_OK || count == 0);
        refused_count += status != STATUS_OK;
    }
    CHECK(refused_count > 20);
    drop_volume();
}

int main(void)
{
    if (!image_folder_make() || !image_run("head -c 262144 /dev/zero | tr '\\0' 'x' >payload")) {
        return 1;
    }
    TEST(what_is_left_over_is_passed_over);
    TEST(fast_commits_of_the_past_are_passed_over);
    TEST(segments_count_up_to_the_first_that_is_not_whole);
    TEST(broken_segments_are_refused);
    TEST(impossible_operations_are_refused);
    TEST(no_changed_byte_is_believed);
    image_folder_remove();
    return check_report();
}
