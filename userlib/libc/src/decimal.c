/* SPDX-License-Identifier: ISC */
/*
 * Exact decimal digits of a double: mantissa times a power of two is an integer, or an integer
 * divided by a power of two, which is that integer times a power of five with the point moved.
 */
#include <string.h>

#include "decimal.h"

constexpr uint32_t limb_base = 1'000'000'000;
constexpr uint32_t limb_digits = 9;
constexpr uint32_t limb_count_max = 128;
constexpr int mantissa_bits = 52;
constexpr int exponent_bias = 1075; /* of the mantissa taken as an integer */

/* A large integer, least limb first. */
struct large {
    uint32_t limbs[limb_count_max];
    uint32_t count;
};

static void multiply(struct large *large, uint32_t factor)
{
    uint64_t carry = 0;
    for (uint32_t index = 0; index < large->count; index++) {
        carry += (uint64_t)large->limbs[index] * factor;
        large->limbs[index] = (uint32_t)(carry % limb_base);
        carry /= limb_base;
    }
    while (carry > 0 && large->count < limb_count_max) {
        large->limbs[large->count++] = (uint32_t)(carry % limb_base);
        carry /= limb_base;
    }
}

/* Multiply by factor^count, in steps of step_factor = factor^step_count. */
static void multiply_power(
    struct large *large, uint32_t factor, uint32_t step_factor, int step_count, int count)
{
    for (; count >= step_count; count -= step_count) {
        multiply(large, step_factor);
    }
    for (; count > 0; count--) {
        multiply(large, factor);
    }
}

static void from_large(struct decimal *decimal, const struct large *large)
{
    size_t at = 0;
    for (uint32_t index = large->count; index > 0; index--) {
        uint32_t limb = large->limbs[index - 1];
        for (uint32_t digit = limb_digits; digit > 0; digit--) {
            decimal->digits[at + digit - 1] = (char)('0' + limb % 10);
            limb /= 10;
        }
        at += limb_digits;
    }
    size_t zeros = 0;
    while (zeros < at && decimal->digits[zeros] == '0') {
        zeros++;
    }
    memmove(decimal->digits, decimal->digits + zeros, at - zeros);
    decimal->count = (int)(at - zeros);
}

void decimal_from_double(struct decimal *decimal, double value)
{
    static struct large large; /* too large for the stack of a small program */
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof(bits));
    uint64_t mantissa = bits & ((1ULL << mantissa_bits) - 1);
    int exponent = (int)(bits >> mantissa_bits & 0x7ff);
    if (exponent == 0) {
        exponent = 1; /* subnormal: no leading one */
    } else {
        mantissa |= 1ULL << mantissa_bits;
    }
    exponent -= exponent_bias;
    if (mantissa == 0) {
        decimal->count = 0;
        decimal->point = 0;
        return;
    }
    large.limbs[0] = (uint32_t)(mantissa % limb_base);
    large.limbs[1] = (uint32_t)(mantissa / limb_base);
    large.count = 2;
    if (exponent >= 0) {
        multiply_power(&large, 2, 1U << 29, 29, exponent);
        exponent = 0;
    } else {
        multiply_power(&large, 5, 1'220'703'125, 13, -exponent);
    }
    from_large(decimal, &large);
    decimal->point = decimal->count + exponent;
}

/* Whether the digits from `count` on make the number before them go up. */
static bool rounds_up(const struct decimal *decimal, int64_t count)
{
    if (decimal->digits[count] != '5') {
        return decimal->digits[count] > '5';
    }
    for (int64_t index = count + 1; index < decimal->count; index++) {
        if (decimal->digits[index] != '0') {
            return true;
        }
    }
    return count > 0 && (decimal->digits[count - 1] - '0') % 2 == 1;
}

void decimal_round(struct decimal *decimal, int64_t count)
{
    if (count >= decimal->count) {
        return;
    }
    bool up = count >= 0 && rounds_up(decimal, count);
    decimal->count = count > 0 ? (int)count : 0;
    if (!up) {
        return;
    }
    int index = decimal->count;
    while (index > 0 && decimal->digits[index - 1] == '9') {
        decimal->digits[--index] = '0';
    }
    if (index > 0) {
        decimal->digits[index - 1]++;
        return;
    }
    /* All nines: 0.999 becomes 1.000, that is 0.1000 with the point one further. */
    memmove(decimal->digits + 1, decimal->digits, (size_t)decimal->count);
    decimal->digits[0] = '1';
    decimal->count++;
    decimal->point++;
}
