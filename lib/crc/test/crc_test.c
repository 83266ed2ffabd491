/* SPDX-License-Identifier: ISC */
/*
 * Published check values of "123456789", and every length, start and seed against the definition,
 * one bit at a time: that reaches every entry of the tables.
 */
#include <lib/crc/crc.h>

#include <lib/testing/check.h>

static uint32_t by_bits(uint32_t polynomial, uint32_t crc, const uint8_t *bytes, size_t size_bytes)
{
    for (size_t index = 0; index < size_bytes * 8; index++) {
        uint32_t bit = (crc ^ bytes[index / 8] >> index % 8) & 1;
        crc = crc >> 1 ^ (bit != 0 ? polynomial : 0);
    }
    return crc;
}

static void check_values(void)
{
    CHECK_EQUAL(crc32("123456789", 9), 0xcbf43926);
    CHECK_EQUAL(crc32c("123456789", 9), 0xe3069283);
    CHECK_EQUAL(crc16_update(0, "123456789", 9), 0xbb3d);
    CHECK_EQUAL(crc16_update(crc16_seed, "123456789", 9), 0x4b37);
    CHECK_EQUAL(crc32("", 0), 0);
    CHECK_EQUAL(crc32c("", 0), 0);
}

/* RFC 3720, B.4: CRC-32C of 32 bytes of zeros, of ones, and ascending. */
static void check_values_of_iscsi(void)
{
    uint8_t bytes[32] = {};
    CHECK_EQUAL(crc32c(bytes, sizeof(bytes)), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    CHECK_EQUAL(crc32c(bytes, sizeof(bytes)), 0x62a8ab43);
    for (uint8_t index = 0; index < sizeof(bytes); index++) {
        bytes[index] = index;
    }
    CHECK_EQUAL(crc32c(bytes, sizeof(bytes)), 0x46dd794e);
}

/* One byte of every value at every place of an eight-byte step: each table entry is used alone. */
static void every_table_entry(void)
{
    for (uint32_t place = 0; place < 8; place++) {
        for (uint32_t value = 0; value < 256; value++) {
            uint8_t bytes[8] = {};
            bytes[place] = (uint8_t)value;
            CHECK_EQUAL(crc32_update(0, bytes, 8), by_bits(0xedb88320, 0, bytes, 8));
            CHECK_EQUAL(crc32c_update(0, bytes, 8), by_bits(0x82f63b78, 0, bytes, 8));
            CHECK_EQUAL(crc16_update(0, bytes, 8), by_bits(0xa001, 0, bytes, 8));
        }
    }
}

static void every_length_and_start(void)
{
    uint8_t bytes[80];
    uint32_t seed = 12345;
    for (size_t index = 0; index < sizeof(bytes); index++) {
        seed = seed * 1103515245 + 12345;
        bytes[index] = (uint8_t)(seed >> 16);
    }
    for (size_t start = 0; start < 8; start++) {
        for (size_t size = 0; size + start <= sizeof(bytes); size++) {
            const uint8_t *at = bytes + start;
            CHECK_EQUAL(crc32_update(seed, at, size), by_bits(0xedb88320, seed, at, size));
            CHECK_EQUAL(crc32c_update(seed, at, size), by_bits(0x82f63b78, seed, at, size));
            CHECK_EQUAL(
                crc16_update((uint16_t)seed, at, size), by_bits(0xa001, (uint16_t)seed, at, size));
        }
    }
}

static void pieces_chain(void)
{
    static const char text[] = "pieces chain through the register, wherever they are cut";
    for (size_t cut = 0; cut < sizeof(text); cut++) {
        uint32_t crc = crc32c_update(crc32c_seed, text, cut);
        CHECK_EQUAL(
            ~crc32c_update(crc, text + cut, sizeof(text) - cut), crc32c(text, sizeof(text)));
    }
}

int main(void)
{
    TEST(check_values);
    TEST(check_values_of_iscsi);
    TEST(every_table_entry);
    TEST(every_length_and_start);
    TEST(pieces_chain);
    return check_report();
}
