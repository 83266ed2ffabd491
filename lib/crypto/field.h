/* SPDX-License-Identifier: ISC */
/*
 * Arithmetic modulo p = 2^255 - 19, private to this library.
 *
 * An element is five limbs of 51 bits, least first. Invariant between operations: each limb is
 * below 2^51 + 2^13; the value itself may be p or more until field_encode brings it to its one
 * canonical form. No operation branches on a value.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr size_t field_bytes = 32;

struct field {
    uint64_t limbs[5];
};

/*
 * All ones for 1, zero for 0. The empty assembly hides from the compiler that there are but two
 * values, or it may turn the masking back into a branch (clang 19 does at -O3).
 */
static inline uint64_t mask_of_bit(uint64_t bit)
{
    __asm__("" : "+r"(bit));
    return 0 - bit;
}

constexpr struct field field_zero = {};
constexpr struct field field_one = {.limbs = {1}};

struct field field_add(const struct field *left, const struct field *right);
struct field field_subtract(const struct field *left, const struct field *right);
struct field field_multiply(const struct field *left, const struct field *right);
struct field field_square(const struct field *value);
struct field field_negate(const struct field *value);

/* value to the power p - 2: its inverse, and zero for zero. */
struct field field_invert(const struct field *value);

/* value to the power (p - 5) / 8, the heart of the square root (RFC 8032, 5.1.3). */
struct field field_power_for_root(const struct field *value);

/* Ignores the top bit of the last byte; the caller judges whether the value is canonical. */
struct field field_decode(const uint8_t bytes[static field_bytes]);

/* The canonical form: below p, little-endian. */
void field_encode(const struct field *value, uint8_t bytes_out[static field_bytes]);

bool field_equal(const struct field *left, const struct field *right);
bool field_is_odd(const struct field *value);

/* target = source if take is 1; unchanged if it is 0. Constant time. */
void field_choose(struct field *target, const struct field *source, uint64_t take);
