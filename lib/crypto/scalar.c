/* SPDX-License-Identifier: ISC */
/*
 * Numbers modulo the group order L = 2^252 + 27742317777372353535851937790883648493 (RFC
 * 8032, 5.1).
 *
 * Everything is built from one step, addition modulo L: a product is a sum over bits. That is slow
 * as such, but short against one point multiplication, simple to check, and constant in time.
 */
#include <lib/base/base.h>

#include "curve.h"

static const uint64_t group_order[4] = {
    0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};

typedef unsigned _BitInt(128) wide;

static struct scalar scalar_add(const struct scalar *left, const struct scalar *right);
static uint64_t order_subtract(const struct scalar *value, struct scalar *difference_out);

struct scalar scalar_reduce(const uint8_t *bytes, size_t size_bytes)
{
    struct scalar result = {};
    for (size_t index = size_bytes; index > 0; index--) {
        for (uint32_t bit = 8; bit > 0; bit--) {
            struct scalar one_or_zero = {.limbs = {bytes[index - 1] >> (bit - 1) & 1}};
            result = scalar_add(&result, &result);
            result = scalar_add(&result, &one_or_zero);
        }
    }
    return result;
}

struct scalar scalar_multiply_add(
    const struct scalar *left, const struct scalar *right, const struct scalar *addend)
{
    struct scalar result = {};
    for (uint32_t index = scalar_bits; index > 0; index--) {
        uint64_t mask = mask_of_bit(scalar_bit(left, index - 1));
        struct scalar masked = {};
        for (size_t limb = 0; limb < 4; limb++) {
            masked.limbs[limb] = right->limbs[limb] & mask;
        }
        result = scalar_add(&result, &result);
        result = scalar_add(&result, &masked);
    }
    return scalar_add(&result, addend);
}

enum status scalar_decode(const uint8_t bytes[static scalar_bytes], struct scalar *value_out)
{
    struct scalar value = {};
    for (size_t limb = 0; limb < 4; limb++) {
        value.limbs[limb] = load_le64(bytes + 8 * limb);
    }
    struct scalar difference = {};
    if (order_subtract(&value, &difference) == 0) {
        return STATUS_CORRUPT;
    }
    *value_out = value;
    return STATUS_OK;
}

void scalar_encode(const struct scalar *value, uint8_t bytes_out[static scalar_bytes])
{
    for (size_t limb = 0; limb < 4; limb++) {
        store_le64(bytes_out + 8 * limb, value->limbs[limb]);
    }
}

/* Both are below L < 2^253: the sum fits, and one subtraction brings it below L. */
static struct scalar scalar_add(const struct scalar *left, const struct scalar *right)
{
    struct scalar sum;
    wide carry = 0;
    for (size_t limb = 0; limb < 4; limb++) {
        carry += (wide)left->limbs[limb] + right->limbs[limb];
        sum.limbs[limb] = (uint64_t)carry;
        carry >>= 64;
    }
    struct scalar reduced;
    uint64_t keep = mask_of_bit(order_subtract(&sum, &reduced));
    for (size_t limb = 0; limb < 4; limb++) {
        reduced.limbs[limb] ^= keep & (reduced.limbs[limb] ^ sum.limbs[limb]);
    }
    return reduced;
}

/* value - L modulo 2^256; returns 1 if it is negative. */
static uint64_t order_subtract(const struct scalar *value, struct scalar *difference_out)
{
    uint64_t borrow = 0;
    for (size_t limb = 0; limb < 4; limb++) {
        wide difference = (wide)value->limbs[limb] - group_order[limb] - borrow;
        difference_out->limbs[limb] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    return borrow;
}
