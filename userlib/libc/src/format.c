/* SPDX-License-Identifier: ISC */
/* The conversions of the printf family, into a sink. */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "library.h"

enum length {
    LENGTH_INT,
    LENGTH_CHAR,
    LENGTH_SHORT,
    LENGTH_LONG, /* all types of 64 bits */
    LENGTH_LONG_DOUBLE
};

/* One conversion of the format, such as "%-8.3lx". */
struct conversion {
    bool left;
    bool plus;
    bool blank;
    bool alternate;
    bool zero;
    bool overflow; /* a width or precision above INT_MAX */
    int width;
    int precision; /* -1: none given */
    enum length length;
    char letter;
};

/* A number ready for padding: prefix, zeros, then the digits. */
struct number_text {
    const char *prefix; /* sign, "0x" or both */
    const char *digits;
    size_t digit_count;
    size_t zero_count; /* between prefix and digits */
};

constexpr size_t integer_digits_max = 64; /* in base 2 */

static void put(struct format_sink *sink, const char *bytes, size_t count)
{
    if (count > 0) {
        sink->put(sink, bytes, count);
        sink->total += count;
    }
}

static void put_repeated(struct format_sink *sink, char character, size_t count)
{
    char part[32];
    memset(part, character, sizeof(part));
    while (count > 0) {
        size_t part_bytes = count < sizeof(part) ? count : sizeof(part);
        put(sink, part, part_bytes);
        count -= part_bytes;
    }
}

static size_t padding_of(const struct conversion *conversion, size_t bytes)
{
    size_t width = (size_t)conversion->width;
    return width > bytes ? width - bytes : 0;
}

static void put_padded(
    struct format_sink *sink, const struct conversion *conversion, const char *bytes, size_t count)
{
    size_t padding = padding_of(conversion, count);
    if (!conversion->left) {
        put_repeated(sink, ' ', padding);
    }
    put(sink, bytes, count);
    if (conversion->left) {
        put_repeated(sink, ' ', padding);
    }
}

static void put_number(
    struct format_sink *sink, const struct conversion *conversion, struct number_text number)
{
    size_t prefix_bytes = strlen(number.prefix);
    size_t padding = padding_of(conversion, prefix_bytes + number.zero_count + number.digit_count);
    if (conversion->zero && !conversion->left) {
        number.zero_count += padding;
        padding = 0;
    }
    if (!conversion->left) {
        put_repeated(sink, ' ', padding);
    }
    put(sink, number.prefix, prefix_bytes);
    put_repeated(sink, '0', number.zero_count);
    put(sink, number.digits, number.digit_count);
    if (conversion->left) {
        put_repeated(sink, ' ', padding);
    }
}

static const char *sign_of(const struct conversion *conversion, bool negative)
{
    return negative ? "-" : conversion->plus ? "+" : conversion->blank ? " " : "";
}

/* Integers. */

static unsigned base_of(char letter)
{
    switch (letter) {
    case 'o':
        return 8;
    case 'x':
    case 'X':
    case 'p':
        return 16;
    case 'b':
    case 'B':
        return 2;
    default:
        return 10;
    }
}

static const char *base_prefix_of(char letter)
{
    switch (letter) {
    case 'x':
    case 'p':
        return "0x";
    case 'X':
        return "0X";
    case 'b':
        return "0b";
    case 'B':
        return "0B";
    default:
        return "";
    }
}

/* Write digits so that they end at `end`; where they begin. */
static char *write_digits(char *end, uint64_t value, unsigned base, bool upper)
{
    const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    for (; value > 0; value /= base) {
        *--end = alphabet[value % base];
    }
    return end;
}

static void put_integer(
    struct format_sink *sink, struct conversion conversion, uint64_t magnitude, const char *prefix)
{
    char text[integer_digits_max];
    char *end = text + sizeof(text);
    char *digits =
        write_digits(end, magnitude, base_of(conversion.letter), conversion.letter == 'X');
    struct number_text number = {
        .prefix = prefix, .digits = digits, .digit_count = (size_t)(end - digits)};
    size_t digits_min = conversion.precision < 0 ? 1 : (size_t)conversion.precision;
    if (number.digit_count < digits_min) {
        number.zero_count = digits_min - number.digit_count;
    }
    bool octal_zero = conversion.letter == 'o' && conversion.alternate && number.zero_count == 0;
    if (octal_zero) {
        number.zero_count = 1;
    }
    conversion.zero = conversion.zero && conversion.precision < 0;
    put_number(sink, &conversion, number);
}

static int64_t take_signed(enum length length, va_list *arguments)
{
    switch (length) {
    case LENGTH_CHAR:
        return (signed char)va_arg(*arguments, int);
    case LENGTH_SHORT:
        return (short)va_arg(*arguments, int);
    case LENGTH_LONG:
        return va_arg(*arguments, long);
    default:
        return va_arg(*arguments, int);
    }
}

static uint64_t take_unsigned(enum length length, va_list *arguments)
{
    switch (length) {
    case LENGTH_CHAR:
        return (unsigned char)va_arg(*arguments, unsigned);
    case LENGTH_SHORT:
        return (unsigned short)va_arg(*arguments, unsigned);
    case LENGTH_LONG:
        return va_arg(*arguments, unsigned long);
    default:
        return va_arg(*arguments, unsigned);
    }
}

static void put_signed(
    struct format_sink *sink, const struct conversion *conversion, va_list *arguments)
{
    int64_t value = take_signed(conversion->length, arguments);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    put_integer(sink, *conversion, magnitude, sign_of(conversion, value < 0));
}

static void put_unsigned(
    struct format_sink *sink, const struct conversion *conversion, va_list *arguments)
{
    uint64_t value = take_unsigned(conversion->length, arguments);
    bool prefixed = conversion->alternate && value != 0;
    put_integer(sink, *conversion, value, prefixed ? base_prefix_of(conversion->letter) : "");
}

static void put_pointer(
    struct format_sink *sink, const struct conversion *conversion, va_list *arguments)
{
    const void *pointer = va_arg(*arguments, const void *);
    if (pointer == nullptr) {
        put_padded(sink, conversion, "(nil)", 5);
        return;
    }
    put_integer(sink, *conversion, (uintptr_t)pointer, "0x");
}

/* Floating point. */

/* The digit at place `index` of the decimal, counted from its first; zeros on both sides. */
static char digit_at(const struct decimal *decimal, int64_t index)
{
    return index >= 0 && index < decimal->count ? decimal->digits[index] : '0';
}

/* Text of a floating number whose digits are too many for a small buffer goes out as it is made. */
struct float_layout {
    bool exponential;
    int64_t fraction_count; /* digits behind the point */
    int exponent;           /* of the first digit */
};

static struct float_layout layout_of(struct conversion *conversion, struct decimal *decimal)
{
    char letter = (char)(conversion->letter | 0x20);
    int64_t precision = conversion->precision < 0 ? 6 : conversion->precision;
    struct float_layout layout = {.fraction_count = precision, .exponential = letter == 'e'};
    if (letter == 'f') {
        decimal_round(decimal, decimal->point + precision);
    } else if (letter == 'e') {
        decimal_round(decimal, precision + 1);
    } else {
        precision = precision == 0 ? 1 : precision;
        decimal_round(decimal, precision);
    }
    layout.exponent = decimal->count == 0 ? 0 : decimal->point - 1;
    if (letter == 'g') {
        layout.exponential = layout.exponent < -4 || layout.exponent >= precision;
        layout.fraction_count =
            layout.exponential ? precision - 1 : precision - 1 - layout.exponent;
        int64_t significant = decimal->count;
        while (significant > 0 && decimal->digits[significant - 1] == '0') {
            significant--;
        }
        int64_t needed = layout.exponential ? significant - 1 : significant - decimal->point;
        if (!conversion->alternate && needed < layout.fraction_count) {
            layout.fraction_count = needed > 0 ? needed : 0;
        }
    }
    return layout;
}

/* "e+05" into a buffer of 8; its length. */
static size_t write_exponent(char *text, char letter, int exponent)
{
    unsigned magnitude = (unsigned)(exponent < 0 ? -exponent : exponent);
    size_t at = 0;
    text[at++] = letter;
    text[at++] = exponent < 0 ? '-' : '+';
    if (magnitude >= 100) {
        text[at++] = (char)('0' + magnitude / 100);
    }
    text[at++] = (char)('0' + magnitude / 10 % 10);
    text[at++] = (char)('0' + magnitude % 10);
    return at;
}

static void put_digits(
    struct format_sink *sink, const struct decimal *decimal, int64_t first, int64_t end)
{
    for (int64_t index = first; index < end; index++) {
        char digit = digit_at(decimal, index);
        put(sink, &digit, 1);
    }
}

static void put_finite(struct format_sink *sink, struct conversion *conversion,
    struct decimal *decimal, const char *sign)
{
    struct float_layout layout = layout_of(conversion, decimal);
    int64_t point = layout.exponential ? 1 : decimal->count == 0 ? 0 : decimal->point;
    int64_t first = point > 0 ? 0 : point - 1; /* at least one digit before the point */
    bool has_point = layout.fraction_count > 0 || conversion->alternate;
    char exponent[8];
    char letter = conversion->letter >= 'a' ? 'e' : 'E';
    size_t exponent_bytes =
        layout.exponential ? write_exponent(exponent, letter, layout.exponent) : 0;
    size_t sign_bytes = strlen(sign);
    size_t padding = padding_of(conversion, sign_bytes + (size_t)(point - first) + has_point +
                                                (size_t)layout.fraction_count + exponent_bytes);
    bool zeros = conversion->zero && !conversion->left;
    put_repeated(sink, ' ', conversion->left || zeros ? 0 : padding);
    put(sink, sign, sign_bytes);
    put_repeated(sink, '0', zeros ? padding : 0);
    put_digits(sink, decimal, first, point);
    put(sink, ".", has_point);
    put_digits(sink, decimal, point, point + layout.fraction_count);
    put(sink, exponent, exponent_bytes);
    put_repeated(sink, ' ', conversion->left ? padding : 0);
}

static void put_float(struct format_sink *sink, struct conversion *conversion, va_list *arguments)
{
    static struct decimal decimal; /* too large for the stack of a small program */
    double value = conversion->length == LENGTH_LONG_DOUBLE
                       ? (double)va_arg(*arguments, long double)
                       : va_arg(*arguments, double);
    const char *sign = sign_of(conversion, __builtin_signbit(value) != 0);
    bool lower = conversion->letter >= 'a';
    if (__builtin_isnan(value) || __builtin_isinf(value)) {
        const char *text =
            __builtin_isnan(value) ? (lower ? "nan" : "NAN") : (lower ? "inf" : "INF");
        conversion->zero = false;
        put_number(sink, conversion,
            (struct number_text){.prefix = sign, .digits = text, .digit_count = 3});
        return;
    }
    decimal_from_double(&decimal, __builtin_fabs(value));
    put_finite(sink, conversion, &decimal, sign);
}

/* Text. */

static void put_text(
    struct format_sink *sink, const struct conversion *conversion, va_list *arguments)
{
    const char *text = va_arg(*arguments, const char *);
    if (text == nullptr) {
        text = conversion->precision >= 0 && conversion->precision < 6 ? "" : "(null)";
    }
    size_t bytes =
        conversion->precision < 0 ? strlen(text) : strnlen(text, (size_t)conversion->precision);
    put_padded(sink, conversion, text, bytes);
}

static void put_character(
    struct format_sink *sink, const struct conversion *conversion, va_list *arguments)
{
    char character = (char)va_arg(*arguments, int);
    put_padded(sink, conversion, &character, 1);
}

/* Parsing of one conversion. */

static const char *parse_flags(const char *at, struct conversion *conversion)
{
    for (;; at++) {
        switch (*at) {
        case '-':
            conversion->left = true;
            break;
        case '+':
            conversion->plus = true;
            break;
        case ' ':
            conversion->blank = true;
            break;
        case '#':
            conversion->alternate = true;
            break;
        case '0':
            conversion->zero = true;
            break;
        default:
            return at;
        }
    }
}

/* A number in the format, or the argument for '*'. */
static const char *parse_count(
    const char *at, struct conversion *conversion, int *count_out, va_list *arguments)
{
    if (*at == '*') {
        *count_out = va_arg(*arguments, int);
        return at + 1;
    }
    int64_t count = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        count = count * 10 + (*at - '0');
        if (count >= INT_MAX) {
            conversion->overflow = true;
            count = 0;
        }
    }
    *count_out = (int)count;
    return at;
}

static const char *parse_length(const char *at, struct conversion *conversion)
{
    switch (*at) {
    case 'h':
        conversion->length = at[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
        return at[1] == 'h' ? at + 2 : at + 1;
    case 'l':
        conversion->length = LENGTH_LONG;
        return at[1] == 'l' ? at + 2 : at + 1;
    case 'j':
    case 'z':
    case 't':
        conversion->length = LENGTH_LONG;
        return at + 1;
    case 'L':
        conversion->length = LENGTH_LONG_DOUBLE;
        return at + 1;
    default:
        return at;
    }
}

/* Parse what follows '%', up to the letter. */
static const char *parse_conversion(
    const char *at, struct conversion *conversion, va_list *arguments)
{
    at = parse_flags(at, conversion);
    at = parse_count(at, conversion, &conversion->width, arguments);
    if (conversion->width < 0) {
        conversion->left = true;
        conversion->overflow |= conversion->width == INT_MIN;
        conversion->width = conversion->overflow ? 0 : -conversion->width;
    }
    conversion->precision = -1;
    if (*at == '.') {
        at = parse_count(at + 1, conversion, &conversion->precision, arguments);
        if (conversion->precision < 0) {
            conversion->precision = -1;
        }
    }
    at = parse_length(at, conversion);
    conversion->letter = *at;
    return at;
}

/* Put one conversion; false if its letter is not known. */
static bool put_conversion(
    struct format_sink *sink, struct conversion *conversion, va_list *arguments)
{
    switch (conversion->letter) {
    case 'd':
    case 'i':
        put_signed(sink, conversion, arguments);
        return true;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
    case 'b':
    case 'B':
        put_unsigned(sink, conversion, arguments);
        return true;
    case 'p':
        put_pointer(sink, conversion, arguments);
        return true;
    case 'c':
        put_character(sink, conversion, arguments);
        return true;
    case 's':
        put_text(sink, conversion, arguments);
        return true;
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
        put_float(sink, conversion, arguments);
        return true;
    case '%':
        put(sink, "%", 1);
        return true;
    default:
        return false;
    }
}

int format_text(struct format_sink *sink, const char *format, va_list arguments)
{
    va_list left; /* a copy, because a va_list parameter cannot be pointed at portably */
    bool overflow = false;
    va_copy(left, arguments);
    sink->total = 0;
    while (*format != 0 && !overflow) {
        const char *percent = strchrnul(format, '%');
        put(sink, format, (size_t)(percent - format));
        if (*percent == 0) {
            break;
        }
        struct conversion conversion = {};
        const char *letter = parse_conversion(percent + 1, &conversion, &left);
        format = *letter == 0 ? letter : letter + 1;
        overflow = conversion.overflow;
        if (!overflow && !put_conversion(sink, &conversion, &left)) {
            put(sink, percent, (size_t)(format - percent)); /* not ours: shown as it stands */
        }
        overflow |= sink->total > INT_MAX;
    }
    va_end(left);
    if (overflow) {
        errno = EOVERFLOW;
        return -1;
    }
    return (int)sink->total;
}
