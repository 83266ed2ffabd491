/* SPDX-License-Identifier: ISC */
/* Numbers from text, arithmetic on integers, pseudo-random numbers. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdckdint.h>
#include <stdlib.h>

/* What stands in a text: sign and magnitude apart, so that one parser serves all types. */
struct parsed_number {
    unsigned long long magnitude; /* ULLONG_MAX if too large */
    bool negative;
    bool too_large;
};

/* The value of a digit in any base, or 99. */
static int digit_value(char digit)
{
    if (isdigit((unsigned char)digit)) {
        return digit - '0';
    }
    return isalpha((unsigned char)digit) ? tolower((unsigned char)digit) - 'a' + 10 : 99;
}

/* Step over "0x" if a digit follows it, and settle base 0. */
static const char *skip_prefix(const char *at, int *base)
{
    bool hexadecimal = at[0] == '0' && (at[1] | 0x20) == 'x' && digit_value(at[2]) < 16;
    if (*base == 0) {
        *base = hexadecimal ? 16 : at[0] == '0' ? 8 : 10;
    }
    return hexadecimal && *base == 16 ? at + 2 : at;
}

static struct parsed_number parse_number(const char *text, char **end_out, int base)
{
    struct parsed_number number = {};
    const char *at = text;
    if (end_out != nullptr) {
        *end_out = (char *)text;
    }
    if (base < 0 || base == 1 || base > 36) {
        errno = EINVAL;
        return number;
    }
    while (isspace((unsigned char)*at)) {
        at++;
    }
    if (*at == '-' || *at == '+') {
        number.negative = *at == '-';
        at++;
    }
    at = skip_prefix(at, &base);
    const char *first_digit = at;
    for (; digit_value(*at) < base; at++) {
        number.too_large |= ckd_mul(&number.magnitude, number.magnitude, (unsigned)base);
        number.too_large |=
            ckd_add(&number.magnitude, number.magnitude, (unsigned)digit_value(*at));
    }
    if (number.too_large) {
        number.magnitude = ULLONG_MAX;
    }
    if (end_out != nullptr && at != first_digit) {
        *end_out = (char *)at;
    }
    return number;
}

long long strtoll(const char *restrict text, char **restrict end_out, int base)
{
    struct parsed_number number = parse_number(text, end_out, base);
    unsigned long long limit = (unsigned long long)LLONG_MAX + number.negative;
    if (number.too_large || number.magnitude > limit) {
        errno = ERANGE;
        return number.negative ? LLONG_MIN : LLONG_MAX;
    }
    return (long long)(number.negative ? 0 - number.magnitude : number.magnitude);
}

unsigned long long strtoull(const char *restrict text, char **restrict end_out, int base)
{
    struct parsed_number number = parse_number(text, end_out, base);
    if (number.too_large) {
        errno = ERANGE;
        return ULLONG_MAX;
    }
    return number.negative ? 0 - number.magnitude : number.magnitude;
}

/* On this machine long, long long and intmax_t are the same. */
static_assert(sizeof(long) == sizeof(long long) && sizeof(intmax_t) == sizeof(long long));

long strtol(const char *restrict text, char **restrict end_out, int base)
{
    return (long)strtoll(text, end_out, base);
}

unsigned long strtoul(const char *restrict text, char **restrict end_out, int base)
{
    return (unsigned long)strtoull(text, end_out, base);
}

intmax_t strtoimax(const char *restrict text, char **restrict end_out, int base)
{
    return (intmax_t)strtoll(text, end_out, base);
}

uintmax_t strtoumax(const char *restrict text, char **restrict end_out, int base)
{
    return (uintmax_t)strtoull(text, end_out, base);
}

int atoi(const char *text)
{
    return (int)strtoll(text, nullptr, 10);
}

long atol(const char *text)
{
    return (long)strtoll(text, nullptr, 10);
}

long long atoll(const char *text)
{
    return strtoll(text, nullptr, 10);
}

int abs(int value)
{
    return value < 0 ? -value : value;
}

long labs(long value)
{
    return value < 0 ? -value : value;
}

long long llabs(long long value)
{
    return value < 0 ? -value : value;
}

intmax_t imaxabs(intmax_t value)
{
    return value < 0 ? -value : value;
}

div_t div(int numerator, int denominator)
{
    return (div_t){.quot = numerator / denominator, .rem = numerator % denominator};
}

ldiv_t ldiv(long numerator, long denominator)
{
    return (ldiv_t){.quot = numerator / denominator, .rem = numerator % denominator};
}

lldiv_t lldiv(long long numerator, long long denominator)
{
    return (lldiv_t){.quot = numerator / denominator, .rem = numerator % denominator};
}

/* A linear congruence modulo 2^64 with Knuth's multiplier; its low bits are weak and are not used.
 */
static uint64_t random_state = 1;

int rand(void)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (int)(random_state >> 33);
}

void srand(unsigned seed)
{
    random_state = seed;
}
