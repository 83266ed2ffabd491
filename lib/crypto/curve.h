/* SPDX-License-Identifier: ISC */
/*
 * Points of edwards25519 and numbers modulo its group order (RFC 8032, 5.1), private to this
 * library.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

#include "field.h"

constexpr size_t point_bytes = 32;
constexpr size_t scalar_bytes = 32;
constexpr uint32_t scalar_bits = 253; /* the group order is below 2^253 */

/* Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z. */
struct point {
    struct field x;
    struct field y;
    struct field z;
    struct field t;
};

extern const struct point curve_base;

struct point point_identity(void);

/* Complete formulas: right for all points of the curve, equal ones and the identity included. */
void point_add(struct point *target, const struct point *addend);
void point_double(struct point *target);
struct point point_negate(const struct point *value);
bool point_is_identity(const struct point *value);

/* target = source if take is 1; unchanged if it is 0. Constant time. */
void point_choose(struct point *target, const struct point *source, uint64_t take);

void point_encode(const struct point *value, uint8_t bytes_out[static point_bytes]);

/* OK, or CORRUPT if the bytes are not the canonical encoding of a point. For public points only. */
enum status point_decode(const uint8_t bytes[static point_bytes], struct point *value_out);

/* A number below the group order, least limb first. */
struct scalar {
    uint64_t limbs[4];
};

/* The number that size_bytes little-endian bytes tell, modulo the group order. Constant time. */
struct scalar scalar_reduce(const uint8_t *bytes, size_t size_bytes);

/* left * right + addend modulo the group order. Constant time. */
struct scalar scalar_multiply_add(
    const struct scalar *left, const struct scalar *right, const struct scalar *addend);

/* OK, or CORRUPT if the number is not below the group order. */
enum status scalar_decode(const uint8_t bytes[static scalar_bytes], struct scalar *value_out);

void scalar_encode(const struct scalar *value, uint8_t bytes_out[static scalar_bytes]);

/* Bit number `index` of the value: 0 or 1. */
static inline uint64_t scalar_bit(const struct scalar *value, uint32_t index)
{
    return value->limbs[index / 64] >> (index % 64) & 1;
}
