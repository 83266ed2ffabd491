/* SPDX-License-Identifier: ISC */
/*
 * CRC by tables, eight bytes a step for the 32-bit ones: table n tells what a byte does to the
 * register when n more bytes follow it, so eight lookups that do not wait for each other replace
 * eight steps.
 */
#include <lib/crc/crc.h>

#include <lib/base/base.h>

#include "tables.h"

static uint32_t by_eight_bytes(
    const uint32_t tables[static 8][256], uint32_t crc, const uint8_t *at, size_t size_bytes);

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size_bytes)
{
    return by_eight_bytes(crc32_tables, crc, bytes, size_bytes);
}

uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t size_bytes)
{
    return by_eight_bytes(crc32c_tables, crc, bytes, size_bytes);
}

uint16_t crc16_update(uint16_t crc, const void *bytes, size_t size_bytes)
{
    const uint8_t *at = bytes;
    for (size_t index = 0; index < size_bytes; index++) {
        crc = crc16_tables[0][(crc ^ at[index]) & 0xff] ^ (uint16_t)(crc >> 8);
    }
    return crc;
}

static uint32_t by_eight_bytes(
    const uint32_t tables[static 8][256], uint32_t crc, const uint8_t *at, size_t size_bytes)
{
    for (; size_bytes >= 8; size_bytes -= 8, at += 8) {
        uint64_t word = load_le64(at) ^ crc;
        crc = 0;
#pragma clang loop unroll(full)
        for (uint32_t byte = 0; byte < 8; byte++) {
            crc ^= tables[7 - byte][word >> (8 * byte) & 0xff];
        }
    }
    for (; size_bytes > 0; size_bytes--, at++) {
        crc = tables[0][(crc ^ *at) & 0xff] ^ crc >> 8;
    }
    return crc;
}
