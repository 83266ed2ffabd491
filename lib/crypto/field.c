/* SPDX-License-Identifier: ISC */
/* Arithmetic modulo 2^255 - 19; see field.h for the representation and its invariant. */
#include "field.h"

#include <lib/base/base.h>
#include <lib/crypto/crypto.h>

#include <string.h>

constexpr uint32_t limb_bits = 51;
constexpr uint64_t limb_mask = (UINT64_C(1) << limb_bits) - 1;
constexpr uint64_t fold = 19; /* 2^255 = 19 modulo p */

typedef unsigned _BitInt(128) wide;

static struct field field_carry(struct field value);
static struct field square_times(struct field value, uint32_t count);

struct field field_add(const struct field *left, const struct field *right)
{
    struct field sum;
    for (size_t limb = 0; limb < 5; limb++) {
        sum.limbs[limb] = left->limbs[limb] + right->limbs[limb];
    }
    return field_carry(sum);
}

/* Adds 2p first, limb by limb, so that no limb falls below zero: 2^52 - 38 > 2^51 + 2^13. */
struct field field_subtract(const struct field *left, const struct field *right)
{
    struct field difference;
    for (size_t limb = 0; limb < 5; limb++) {
        uint64_t twice_p = 2 * (limb_mask - (limb == 0 ? fold - 1 : 0));
        difference.limbs[limb] = left->limbs[limb] + twice_p - right->limbs[limb];
    }
    return field_carry(difference);
}

struct field field_negate(const struct field *value)
{
    return field_subtract(&field_zero, value);
}

/*
 * Schoolbook: limb i times limb j lands in place i + j; places 5 and up fold to i + j - 5,
 * times 19. Each sum has at most 77 terms of 2^51.01 squared: below 2^109.
 */
struct field field_multiply(const struct field *left, const struct field *right)
{
    wide sums[5] = {};
#pragma clang loop unroll(full)
    for (size_t i = 0; i < 5; i++) {
#pragma clang loop unroll(full)
        for (size_t j = 0; j < 5; j++) {
            uint64_t factor = i + j < 5 ? right->limbs[j] : right->limbs[j] * fold;
            sums[(i + j) % 5] += (wide)left->limbs[i] * factor;
        }
    }
    struct field product;
    wide carry = 0;
#pragma clang loop unroll(full)
    for (size_t limb = 0; limb < 5; limb++) {
        carry += sums[limb];
        product.limbs[limb] = (uint64_t)carry & limb_mask;
        carry >>= limb_bits;
    }
    product.limbs[0] += (uint64_t)carry * fold; /* carry < 2^58 */
    product.limbs[1] += product.limbs[0] >> limb_bits;
    product.limbs[0] &= limb_mask;
    return product;
}

struct field field_square(const struct field *value)
{
    return field_multiply(value, value);
}

/* p - 2 = 8 * (p - 5) / 8 + 3. */
struct field field_invert(const struct field *value)
{
    struct field root = field_power_for_root(value);
    struct field power = square_times(root, 3);
    struct field cube = field_square(value);
    cube = field_multiply(&cube, value);
    return field_multiply(&power, &cube);
}

/*
 * (p - 5) / 8 = 2^252 - 3 = 4 * (2^250 - 1) + 1. With e(n) = value^(2^n - 1):
 * e(a + b) = e(a)^(2^b) * e(b), so that 250 ones take few multiplications.
 */
struct field field_power_for_root(const struct field *value)
{
    static const struct {
        uint8_t shift; /* the chain's last element is squared so often, */
        uint8_t times; /* then multiplied by the chain's element of this number */
    } chain[] = {
        /* number 1: e(2) */ {1, 0},
        /* 2: e(4) */ {2, 1},
        /* 3: e(5) */ {1, 0},
        /* 4: e(10) */ {5, 3},
        /* 5: e(20) */ {10, 4},
        /* 6: e(40) */ {20, 5},
        /* 7: e(50) */ {10, 4},
        /* 8: e(100) */ {50, 7},
        /* 9: e(200) */ {100, 8},
        /* 10: e(250) */ {50, 7},
        /* 11: the power itself */ {2, 0},
    };
    constexpr size_t steps = sizeof(chain) / sizeof(chain[0]);
    struct field elements[steps + 1];
    elements[0] = *value; /* e(1) */
    for (size_t step = 0; step < steps; step++) {
        struct field power = square_times(elements[step], chain[step].shift);
        elements[step + 1] = field_multiply(&power, &elements[chain[step].times]);
    }
    return elements[steps];
}

struct field field_decode(const uint8_t bytes[static field_bytes])
{
    return (struct field){.limbs = {
                              load_le64(bytes) & limb_mask,
                              load_le64(bytes + 6) >> 3 & limb_mask,
                              load_le64(bytes + 12) >> 6 & limb_mask,
                              load_le64(bytes + 19) >> 1 & limb_mask,
                              load_le64(bytes + 24) >> 12 & limb_mask,
                          }};
}

void field_encode(const struct field *value, uint8_t bytes_out[static field_bytes])
{
    struct field reduced = field_carry(*value);
    /* The value is below 2p: it is p or more exactly if adding 19 carries out of bit 255. */
    uint64_t excess = fold;
    for (size_t limb = 0; limb < 5; limb++) {
        excess = (reduced.limbs[limb] + excess) >> limb_bits;
    }
    uint64_t carry = excess * fold;
    for (size_t limb = 0; limb < 5; limb++) {
        carry += reduced.limbs[limb];
        reduced.limbs[limb] = carry & limb_mask;
        carry >>= limb_bits;
    }
    const uint64_t *limbs = reduced.limbs;
    store_le64(bytes_out, limbs[0] | limbs[1] << 51);
    store_le64(bytes_out + 8, limbs[1] >> 13 | limbs[2] << 38);
    store_le64(bytes_out + 16, limbs[2] >> 26 | limbs[3] << 25);
    store_le64(bytes_out + 24, limbs[3] >> 39 | limbs[4] << 12);
}

bool field_equal(const struct field *left, const struct field *right)
{
    uint8_t left_bytes[field_bytes];
    uint8_t right_bytes[field_bytes];
    field_encode(left, left_bytes);
    field_encode(right, right_bytes);
    return crypto_equal(left_bytes, right_bytes, field_bytes);
}

bool field_is_odd(const struct field *value)
{
    uint8_t bytes[field_bytes];
    field_encode(value, bytes);
    return (bytes[0] & 1) != 0;
}

void field_choose(struct field *target, const struct field *source, uint64_t take)
{
    uint64_t mask = mask_of_bit(take);
    for (size_t limb = 0; limb < 5; limb++) {
        target->limbs[limb] ^= mask & (target->limbs[limb] ^ source->limbs[limb]);
    }
}

/* Limbs below 2^53 come out below 2^51 + 2^7. */
static struct field field_carry(struct field value)
{
    uint64_t carry = 0;
    for (size_t limb = 0; limb < 5; limb++) {
        carry += value.limbs[limb];
        value.limbs[limb] = carry & limb_mask;
        carry >>= limb_bits;
    }
    value.limbs[0] += carry * fold;
    return value;
}

static struct field square_times(struct field value, uint32_t count)
{
    for (uint32_t index = 0; index < count; index++) {
        value = field_square(&value);
    }
    return value;
}
