/* SPDX-License-Identifier: ISC */
/* Tests of partitions and of the owners of buffers. */
#include <lib/testing/check.h>

#include "../owners.h"
#include "../partition.h"

static const struct gpt_partition partition = {.first_block = 2048, .block_count = 100};

static enum status translate(uint64_t first_block, uint32_t block_count)
{
    uint64_t block;
    return partition_translate(&partition, first_block, block_count, &block);
}

static void moves_to_the_partition(void)
{
    uint64_t block = 0;
    CHECK_EQUAL(partition_translate(&partition, 7, 3, &block), STATUS_OK);
    CHECK_EQUAL(block, 2055);
}

static void stays_in_the_partition(void)
{
    CHECK_EQUAL(translate(0, 100), STATUS_OK);
    CHECK_EQUAL(translate(99, 1), STATUS_OK);
    CHECK_EQUAL(translate(0, 101), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(translate(99, 2), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(translate(100, 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(translate(0, 0), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(translate(UINT64_MAX, 1), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(translate(UINT64_MAX - 2047, 2048), STATUS_INVALID_ARGUMENT);
    CHECK_EQUAL(translate(1, UINT32_MAX), STATUS_INVALID_ARGUMENT);
}

static struct gpt_table table = {
    .partition_count = 4,
    .partitions = {{.name = "erix-esp"}, {.name = "erix-data"}, {.name = "twin"}, {.name = "twin"},
        {.name = "behind"}},
};

static void finds_by_name(void)
{
    uint32_t index = 9;
    CHECK_EQUAL(partition_find(&table, "erix-data", &index), STATUS_OK);
    CHECK_EQUAL(index, 1);
    CHECK_EQUAL(partition_find(&table, "erix", &index), STATUS_NOT_FOUND);
    CHECK_EQUAL(partition_find(&table, "behind", &index), STATUS_NOT_FOUND);
    CHECK_EQUAL(partition_find(&table, "", &index), STATUS_NOT_FOUND);
    CHECK_EQUAL(partition_find(&table, "twin", &index), STATUS_CORRUPT);
    CHECK_EQUAL(index, 1);
}

static void cuts_names_between_characters(void)
{
    char name[6];
    partition_copy_name(&(struct gpt_partition){.name = "abc"}, name, sizeof name);
    CHECK(memcmp(name, "abc\0\0", sizeof name) == 0);
    partition_copy_name(&(struct gpt_partition){.name = "abcdef"}, name, sizeof name);
    CHECK(memcmp(name, "abcde", sizeof name) == 0);
    partition_copy_name(&(struct gpt_partition){.name = "abcd\xc3\xa4"}, name, sizeof name);
    CHECK(memcmp(name, "abcd\0", sizeof name) == 0);
    partition_copy_name(&(struct gpt_partition){.name = "abc\xc3\xa4"}, name, sizeof name);
    CHECK(memcmp(name, "abc\xc3\xa4", sizeof name) == 0);
}

static void buffers_belong_to_who_attached(void)
{
    struct owners owners = {};
    CHECK(!owners_has(&owners, 1, 0));
    CHECK_EQUAL(owners_set(&owners, 1, 7), STATUS_OK);
    CHECK_EQUAL(owners_set(&owners, owners_max, 8), STATUS_OK);
    CHECK(owners_has(&owners, 1, 7));
    CHECK(!owners_has(&owners, 1, 8));
    CHECK(owners_has(&owners, owners_max, 8));
    CHECK(!owners_has(&owners, 0, 7));
    CHECK(!owners_has(&owners, owners_max + 1, 8));
    CHECK(!owners_has(&owners, UINT32_MAX, 8));
    CHECK_EQUAL(owners_set(&owners, 0, 7), STATUS_NO_SPACE);
    CHECK_EQUAL(owners_set(&owners, owners_max + 1, 7), STATUS_NO_SPACE);
    CHECK_EQUAL(owners_set(&owners, 1, 9), STATUS_OK); /* the frame of 7 was gone */
    CHECK(!owners_has(&owners, 1, 7));
    owners_clear(&owners, 1);
    CHECK(!owners_has(&owners, 1, 9));
}

int main(void)
{
    TEST(moves_to_the_partition);
    TEST(stays_in_the_partition);
    TEST(finds_by_name);
    TEST(cuts_names_between_characters);
    TEST(buffers_belong_to_who_attached);
    return check_report();
}
