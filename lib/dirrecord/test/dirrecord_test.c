/* SPDX-License-Identifier: ISC */
/* Tests of directory records. */
#include <lib/dirrecord/dirrecord.h>
#include <lib/testing/check.h>

static void what_was_put_is_read(void)
{
    uint8_t bytes[64];
    struct dirrecord_writer writer = {.bytes = bytes, .room_bytes = sizeof bytes};
    CHECK(dirrecord_put(&writer, &(struct dirrecord){7, 1, 2, 1, "."}));
    CHECK(dirrecord_put(&writer, &(struct dirrecord){9, 2, 1, 8, "name.txt"}));
    CHECK(!dirrecord_put(&writer, &(struct dirrecord){9, 3, 1, 1, "x"}));
    CHECK_EQUAL(writer.done_bytes, 64);
    struct dirrecord_reader reader = {.bytes = bytes, .size_bytes = writer.done_bytes};
    struct dirrecord record;
    CHECK(dirrecord_next(&reader, &record));
    CHECK_EQUAL(record.node, 7);
    CHECK(dirrecord_next(&reader, &record));
    CHECK_EQUAL(record.next_cursor, 2);
    CHECK_EQUAL(record.name_bytes, 8);
    CHECK(memcmp(record.name, "name.txt", 8) == 0);
    CHECK(!dirrecord_next(&reader, &record));
}

static void broken_records_end_the_listing(void)
{
    uint8_t bytes[32];
    struct dirrecord_writer writer = {.bytes = bytes, .room_bytes = sizeof bytes};
    CHECK(dirrecord_put(&writer, &(struct dirrecord){7, 1, 2, 8, "12345678"}));
    struct dirrecord record;
    for (size_t size = 0; size < sizeof bytes; size++) {
        struct dirrecord_reader reader = {.bytes = bytes, .size_bytes = size};
        CHECK(!dirrecord_next(&reader, &record));
    }
    bytes[21] = 1; /* a name of 264 bytes */
    struct dirrecord_reader reader = {.bytes = bytes, .size_bytes = sizeof bytes};
    CHECK(!dirrecord_next(&reader, &record));
}

int main(void)
{
    TEST(what_was_put_is_read);
    TEST(broken_records_end_the_listing);
    return check_report();
}
