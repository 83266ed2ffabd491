/* SPDX-License-Identifier: ISC */
/* Tests of the reader idiom, byte order, bits and status texts. */
#include <lib/base/base.h>
#include <lib/testing/check.h>

static void reader_latches_failure(void)
{
    const uint8_t bytes[] = {1, 2, 3, 4, 5};
    struct reader reader = reader_init(bytes, sizeof(bytes));
    CHECK_EQUAL(reader_le32(&reader), 0x04030201);
    CHECK(!reader.failed);
    CHECK_EQUAL(reader_le16(&reader), 0);
    CHECK(reader.failed);
    CHECK_EQUAL(reader_u8(&reader), 0);
}

static void byte_order(void)
{
    uint8_t bytes[8];
    store_le64(bytes, 0x1122334455667788);
    CHECK_EQUAL(bytes[0], 0x88);
    CHECK_EQUAL(load_le64(bytes), 0x1122334455667788);
    store_be64(bytes, 0x1122334455667788);
    CHECK_EQUAL(bytes[0], 0x11);
    CHECK_EQUAL(load_be64(bytes), 0x1122334455667788);
    CHECK_EQUAL(load_be16(bytes), 0x1122);
}

static void logarithms(void)
{
    CHECK_EQUAL(log2_floor(1), 0);
    CHECK_EQUAL(log2_floor(4097), 12);
    CHECK_EQUAL(log2_ceiling(1), 0);
    CHECK_EQUAL(log2_ceiling(4096), 12);
    CHECK_EQUAL(log2_ceiling(4097), 13);
}

static void every_status_has_a_text(void)
{
    for (int status = 0; status < STATUS_COUNT; status++) {
        CHECK(status_text((enum status)status) != nullptr);
        CHECK(status_name((enum status)status) != nullptr);
    }
    CHECK(strcmp(status_text((enum status)9999), "unknown status") == 0);
}

int main(void)
{
    TEST(reader_latches_failure);
    TEST(byte_order);
    TEST(logarithms);
    TEST(every_status_has_a_text);
    return check_report();
}
