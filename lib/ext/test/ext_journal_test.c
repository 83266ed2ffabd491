/* SPDX-License-Identifier: ISC */
/*
 * Recovery against e2fsck: journals that debugfs writes at random are replayed by both, on copies,
 * and the volumes must be equal but for the two super blocks, of which some fields are compared.
 */
#define _GNU_SOURCE
#include "journal_image.h"

#include <lib/testing/random.h>

constexpr uint32_t random_journal_count = 510;
constexpr uint32_t damaged_journal_count = 120;

static struct image image;
static struct journal_map maps[16];
static struct random numbers;
static uint32_t refused_count;
static uint32_t accepted_count;

static const struct journal_shape shapes[] = {
    {"-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, ""},
    {"-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 2"},
    {"-t ext4 -b 1024 -J size=1 -O ^resize_inode", 1024, "-c -v 3"},
    {"-t ext3 -b 1024 -J size=1 -O ^resize_inode", 1024, ""},
    {"-t ext3 -b 2048 -J size=2 -O ^resize_inode,metadata_csum", 2048, "-c -v 2"},
    {"-t ext4 -b 2048 -J size=2 -O ^resize_inode,^64bit", 2048, "-c -v 3"},
    {"-t ext4 -b 4096 -J size=4 -O ^resize_inode,^64bit", 4096, "-c -v 3"},
    {"-t ext4 -b 4096 -J size=4 -O ^resize_inode", 4096, "-c -v 2"},
    /* Without metadata_csum, debugfs means the legacy checksum. */
    {"-t ext4 -b 1024 -J size=1 -O ^resize_inode,^metadata_csum", 1024, "-c"},
};

constexpr uint32_t shape_count = sizeof shapes / sizeof shapes[0];

static void make_bases(void)
{
    for (uint32_t index = 0; index < shape_count; index++) {
        CHECK(image_run("truncate -s %u base%u && mke2fs -q -F %s base%u >log 2>&1",
            shapes[index].block_bytes * 2600, index, shapes[index].arguments, index));
        char name[8];
        (void)snprintf(name, sizeof name, "base%u", index);
        CHECK(journal_map_load(&maps[index], name));
    }
}

/* A file for jw: every fifth block begins with the magic, which must be escaped. */
static void make_payload(uint32_t block_bytes)
{
    static uint8_t payload[64 * 4096];
    for (size_t at = 0; at < sizeof payload; at += 4) {
        store_le32(payload + at, random_below(&numbers, UINT32_MAX));
    }
    for (size_t at = 0; at < sizeof payload; at += 5 * (size_t)block_bytes) {
        store_be32(payload + at, journal_magic);
    }
    CHECK(journal_write_file("payload", payload, sizeof payload));
}

/* A list of blocks from a few, so that transactions meet, for jw. */
static void write_list(FILE *file)
{
    uint32_t count = 1 + random_below(&numbers, 4);
    for (uint32_t index = 0; index < count; index++) {
        uint32_t first = 2500 + random_below(&numbers, 40);
        uint32_t length = random_below(&numbers, 9) < 8 ? random_below(&numbers, 3)
                                                        : 20 + random_below(&numbers, 30);
        (void)fprintf(file, "%s%u-%u", index == 0 ? "" : ",", first, first + length);
    }
}

/* The legacy checksum does not cover revoke blocks; debugfs thinks that it does, so it gets none.
 */
static void write_commands(const char *version)
{
    bool may_revoke = strcmp(version, "-c") != 0;
    FILE *file = fopen("commands", "w");
    uint32_t count = 1 + random_below(&numbers, 9);
    (void)fprintf(file, "jo %s\n", version);
    for (uint32_t index = 0; index < count; index++) {
        bool revokes = may_revoke && random_below(&numbers, 3) == 0;
        bool uncommitted = index > 0 && index + 1 == count && random_below(&numbers, 2) == 0;
        (void)fprintf(file, "jw %s%s", uncommitted ? "-c " : "", revokes ? "-r " : "-b ");
        write_list(file);
        (void)fprintf(file, " %s\n", revokes ? "" : "payload");
    }
    (void)fprintf(file, "jc\n");
    (void)fclose(file);
}

/* Sets the number of the first transaction, before debugfs writes it. */
static void set_sequence(uint32_t shape_index, uint32_t sequence)
{
    CHECK(image_load(&image, "img"));
    struct journal_place place =
        journal_find(&image, &maps[shape_index], shapes[shape_index].block_bytes);
    store_be32(place.bytes + journal_superblock_sequence, sequence);
    journal_seal_superblock(place);
    CHECK(journal_write_file("img", image.bytes, image.size_bytes));
    image_free(&image);
}

/* A journal at random, in file "img" and in memory. */
static struct journal_place make_journal(uint32_t shape_index)
{
    const struct journal_shape *shape = &shapes[shape_index];
    make_payload(shape->block_bytes);
    write_commands(shape->version);
    CHECK(image_run("cp base%u img", shape_index));
    if (random_below(&numbers, 3) == 0) {
        set_sequence(shape_index, UINT32_MAX - random_below(&numbers, 4));
    }
    CHECK(image_run("debugfs -w -f commands img >log 2>&1"));
    CHECK(image_load(&image, "img"));
    struct journal_place place = journal_find(&image, &maps[shape_index], shape->block_bytes);
    if (shape->version[0] == '\0' && random_below(&numbers, 2) == 0) {
        journal_add_legacy(place);
    }
    if (random_below(&numbers, 2) == 0) {
        journal_turn(place, random_below(&numbers, place.block_count - 1));
    }
    return place;
}

static void random_journals_are_replayed_as_by_e2fsck(void)
{
    static struct image judged;
    for (uint32_t index = 0; index < random_journal_count; index++) {
        numbers = random_start(7919 * (index + 1));
        struct journal_place place = make_journal(index % shape_count);
        CHECK_EQUAL(journal_judge(&image, &judged), 0);
        enum status status = image_mount(&image);
        if (status != STATUS_OK) {
            printf("journal %u: %d %s\n", index, status, image.mount.corruption.what);
        }
        CHECK_EQUAL(status, STATUS_OK);
        journal_compare(&image, &judged, place);
        image_free(&judged);
        image_free(&image);
    }
}

/* Whether the byte is in what a commit block says nothing in: e2fsck 1.47.0 minds, Linux does not.
 */
static bool says_nothing(struct journal_place place, uint32_t block, uint32_t at)
{
    const uint8_t *bytes = journal_block(place, block);
    return load_be32(bytes + journal_header_magic) == journal_magic &&
           load_be32(bytes + journal_header_type) == JOURNAL_COMMIT && at >= journal_commit_bytes;
}

/* One bit changed near the start of a log with checksums: both refuse it, or both do the same. */
static void damage_one_bit(struct journal_place place, struct image *judged)
{
    uint32_t start = load_be32(place.bytes + journal_superblock_start);
    uint32_t block = 1 + (start - 1 + random_below(&numbers, 60)) % (place.block_count - 1);
    uint32_t at = random_below(&numbers, random_below(&numbers, 2) == 0 ? 64 : place.block_bytes);
    bool harmless = says_nothing(place, block, at);
    journal_block(place, block)[at] ^= (uint8_t)(1 << random_below(&numbers, 8));
    int result = journal_judge(&image, judged);
    bool complains = result != 0 || system("grep -Eq 'corrupt|checksum error' judge.log") == 0;
    uint8_t *before = malloc(image.size_bytes);
    memcpy(before, image.bytes, image.size_bytes);
    enum status status = image_mount(&image);
    if (status == STATUS_CORRUPT) {
        CHECK(complains);
        CHECK(memcmp(image.bytes, before, image.size_bytes) == 0);
        refused_count++;
    } else if (!harmless) {
        CHECK_EQUAL(status, STATUS_OK);
        CHECK(!complains);
        journal_compare(&image, judged, place);
        accepted_count++;
    }
    free(before);
}

static void damaged_journals_are_judged_as_by_e2fsck(void)
{
    static const uint32_t with_checksums[] = {1, 2, 4, 5, 6, 7};
    static struct image judged;
    for (uint32_t index = 0; index < damaged_journal_count; index++) {
        numbers = random_start(104729 * (index + 1));
        struct journal_place place = make_journal(with_checksums[index % 6]);
        damage_one_bit(place, &judged);
        image_free(&judged);
        image_free(&image);
    }
    CHECK(refused_count > damaged_journal_count / 8);
    CHECK(accepted_count > damaged_journal_count / 8);
}

int main(void)
{
    if (!image_folder_make()) {
        return 1;
    }
    make_bases();
    TEST(random_journals_are_replayed_as_by_e2fsck);
    TEST(damaged_journals_are_judged_as_by_e2fsck);
    image_folder_remove();
    return check_report();
}
