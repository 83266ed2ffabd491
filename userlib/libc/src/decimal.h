/* SPDX-License-Identifier: ISC */
/* The exact decimal form of a double. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* 2^1024 has 309 digits before the point, 2^-1074 has 1074 behind it; one more for a carry. */
constexpr size_t decimal_digits_max = 1088;

/* The value 0.DDDD... * 10^point. No digits for zero; the first digit is not '0' otherwise. */
struct decimal {
    char digits[decimal_digits_max];
    int count;
    int point;
};

/* The decimal form of a finite value that is not negative; exact, nothing is rounded. */
void decimal_from_double(struct decimal *decimal, double value);

/* Round to `count` digits, halves to the even digit. A count below 0 leaves zero. */
void decimal_round(struct decimal *decimal, int64_t count);
