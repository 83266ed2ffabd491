/* SPDX-License-Identifier: ISC */
/*
 * Cyclic redundancy checks of the formats that we read: CRC-32 (IEEE 802.3; GPT), CRC-32C
 * (Castagnoli; ext4, jbd2) and CRC-16 (ARC; ext4 group descriptors). All are of the reflected kind.
 *
 * The _update functions work on the bare register, without any inversion: pass the register in, get
 * it back, so that pieces can be chained and a format's own seed used. ext4 seeds CRC-32C and
 * CRC-16 with all ones and stores the register as it is.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t crc32_seed = UINT32_MAX;
constexpr uint32_t crc32c_seed = UINT32_MAX;
constexpr uint16_t crc16_seed = UINT16_MAX;

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size_bytes);
uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t size_bytes);
uint16_t crc16_update(uint16_t crc, const void *bytes, size_t size_bytes);

/* CRC-32 of one piece, as GPT and most others store it: seeded and finally inverted. */
static inline uint32_t crc32(const void *bytes, size_t size_bytes)
{
    return ~crc32_update(crc32_seed, bytes, size_bytes);
}

/* CRC-32C of one piece in its published form: seeded and finally inverted. */
static inline uint32_t crc32c(const void *bytes, size_t size_bytes)
{
    return ~crc32c_update(crc32c_seed, bytes, size_bytes);
}
