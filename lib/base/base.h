/* SPDX-License-Identifier: ISC */
/*
 * Small things that every library needs: reading foreign bytes safely, byte order, bits, text of a
 * status. No state, no allocation, no system calls.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

/*
 * A cursor over foreign bytes. A read past the end yields zero and latches `failed`: read a whole
 * structure, test `failed` once, then validate the ranges of what was read.
 */
struct reader {
    const uint8_t *at; /* borrowed from the caller of reader_init */
    size_t left_bytes;
    bool failed;
};

static inline struct reader reader_init(const void *bytes, size_t size_bytes)
{
    return (struct reader){.at = bytes, .left_bytes = size_bytes};
}

/* The next `bytes` bytes, or nullptr with `failed` latched. */
static inline const uint8_t *reader_take(struct reader *reader, size_t bytes)
{
    if (reader->failed || bytes > reader->left_bytes) {
        reader->failed = true;
        return nullptr;
    }
    const uint8_t *at = reader->at;
    reader->at += bytes;
    reader->left_bytes -= bytes;
    return at;
}

static inline void reader_skip(struct reader *reader, size_t bytes)
{
    (void)reader_take(reader, bytes);
}

/* Little-endian loads from memory that the caller has bounded. */
static inline uint16_t load_le16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t load_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t load_le64(const uint8_t *at)
{
    return (uint64_t)load_le32(at) | (uint64_t)load_le32(at + 4) << 32;
}

static inline uint16_t load_be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t load_be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

static inline uint64_t load_be64(const uint8_t *at)
{
    return (uint64_t)load_be32(at) << 32 | load_be32(at + 4);
}

static inline void store_le16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void store_le32(uint8_t *at, uint32_t value)
{
    store_le16(at, (uint16_t)value);
    store_le16(at + 2, (uint16_t)(value >> 16));
}

static inline void store_le64(uint8_t *at, uint64_t value)
{
    store_le32(at, (uint32_t)value);
    store_le32(at + 4, (uint32_t)(value >> 32));
}

static inline void store_be32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static inline void store_be64(uint8_t *at, uint64_t value)
{
    store_be32(at, (uint32_t)(value >> 32));
    store_be32(at + 4, (uint32_t)value);
}

static inline uint8_t reader_u8(struct reader *reader)
{
    const uint8_t *at = reader_take(reader, 1);
    return at == nullptr ? 0 : at[0];
}

static inline uint16_t reader_le16(struct reader *reader)
{
    const uint8_t *at = reader_take(reader, 2);
    return at == nullptr ? 0 : load_le16(at);
}

static inline uint32_t reader_le32(struct reader *reader)
{
    const uint8_t *at = reader_take(reader, 4);
    return at == nullptr ? 0 : load_le32(at);
}

static inline uint64_t reader_le64(struct reader *reader)
{
    const uint8_t *at = reader_take(reader, 8);
    return at == nullptr ? 0 : load_le64(at);
}

/* `value` rounded up to a multiple of `alignment`, a power of two; the caller rules out overflow.
 */
static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

static inline uint64_t align_down(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

static inline bool is_aligned(uint64_t value, uint64_t alignment)
{
    return (value & (alignment - 1)) == 0;
}

static inline bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* The greatest n with 2^n <= value; value must not be zero. */
static inline uint32_t log2_floor(uint64_t value)
{
    return 63U - (uint32_t)__builtin_clzll(value);
}

/* The least n with 2^n >= value; value must not be zero. */
static inline uint32_t log2_ceiling(uint64_t value)
{
    return value == 1 ? 0 : 64U - (uint32_t)__builtin_clzll(value - 1);
}

/* Text of a status for people, such as "not found"; never nullptr. */
const char *status_text(enum status status);

/* Name of a status for machines, such as "NOT_FOUND"; never nullptr. */
const char *status_name(enum status status);
