/* SPDX-License-Identifier: ISC */
/* UTF-8 by RFC 3629: shortest forms only, no surrogates, nothing above U+10FFFF. */
#include <lib/text/text.h>

struct range {
    uint32_t first;
    uint32_t last;
};

/* Characters that take no column: combining marks, joiners, variation selectors. */
static const struct range narrow_ranges[] = {
    {0x0000, 0x001f},
    {0x007f, 0x009f},
    {0x0300, 0x036f},
    {0x0483, 0x0489},
    {0x0591, 0x05bd},
    {0x064b, 0x065f},
    {0x200b, 0x200f},
    {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
    {0xfeff, 0xfeff},
    {0xe0100, 0xe01ef},
};

/* Characters that take two columns: East Asian wide and full-width forms, pictographs. */
static const struct range wide_ranges[] = {
    {0x1100, 0x115f},
    {0x2e80, 0x303e},
    {0x3041, 0xa4cf},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},
    {0xff00, 0xff60},
    {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f},
    {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd},
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code_point)
{
    for (size_t index = 0; index < count; index++) {
        if (code_point >= ranges[index].first && code_point <= ranges[index].last) {
            return true;
        }
    }
    return false;
}

static uint32_t columns_of(uint32_t code_point)
{
    if (code_point >= 0x20 && code_point < 0x7f) {
        return 1;
    }
    if (is_in(narrow_ranges, sizeof(narrow_ranges) / sizeof(narrow_ranges[0]), code_point)) {
        return 0;
    }
    return is_in(wide_ranges, sizeof(wide_ranges) / sizeof(wide_ranges[0]), code_point) ? 2 : 1;
}

/* How many bytes a character has by its first byte; 0 if no character begins so. */
static uint32_t length_of(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool is_continuation(char byte)
{
    return ((uint8_t)byte & 0xc0) == 0x80;
}

/* How many bytes at the start fit a character of `length` bytes. */
static size_t matching_bytes(const char *bytes, size_t size_bytes, uint32_t length)
{
    size_t matching = 1;
    while (matching < length && matching < size_bytes && is_continuation(bytes[matching])) {
        matching++;
    }
    return matching;
}

/* Whether a second byte excludes overlong forms, surrogates and what lies above U+10FFFF. */
static bool is_second(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second < 0xa0;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second < 0x90;
    default:
        return true;
    }
}

struct text_character text_first(const char *bytes, size_t size_bytes)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    constexpr struct text_character broken = {
        .code_point = text_replacement, .bytes = 1, .columns = 1};
    uint8_t first = (uint8_t)bytes[0];
    uint32_t length = length_of(first);
    if (length == 0 || matching_bytes(bytes, size_bytes, length) != length ||
        (length > 1 && !is_second(first, (uint8_t)bytes[1]))) {
        return broken;
    }
    uint32_t code_point = first & first_bits[length];
    for (uint32_t at = 1; at < length; at++) {
        code_point = code_point << 6 | ((uint8_t)bytes[at] & 0x3f);
    }
    return (struct text_character){
        .code_point = code_point, .bytes = length, .columns = columns_of(code_point)};
}

size_t text_last_bytes(const char *bytes, size_t size_bytes)
{
    constexpr size_t length_max = 4;
    for (size_t length = 2; length <= length_max && length <= size_bytes; length++) {
        if (text_first(bytes + size_bytes - length, length).bytes == length) {
            return length;
        }
    }
    return 1;
}

size_t text_first_cluster_bytes(const char *bytes, size_t size_bytes)
{
    size_t at = text_first(bytes, size_bytes).bytes;
    while (at < size_bytes) {
        struct text_character next = text_first(bytes + at, size_bytes - at);
        if (next.columns > 0) {
            break;
        }
        at += next.bytes;
    }
    return at;
}

size_t text_last_cluster_bytes(const char *bytes, size_t size_bytes)
{
    size_t first = size_bytes - text_last_bytes(bytes, size_bytes);
    while (first > 0 && text_first(bytes + first, size_bytes - first).columns == 0) {
        first -= text_last_bytes(bytes, first);
    }
    return size_bytes - first;
}

size_t text_columns(const char *bytes, size_t size_bytes)
{
    size_t columns = 0;
    for (size_t at = 0; at < size_bytes;) {
        struct text_character character = text_first(bytes + at, size_bytes - at);
        columns += character.columns;
        at += character.bytes;
    }
    return columns;
}

size_t text_missing_bytes(const char *bytes, size_t size_bytes)
{
    uint8_t first = (uint8_t)bytes[0];
    uint32_t length = length_of(first);
    bool whole = length == 0 || size_bytes >= length;
    if (whole || matching_bytes(bytes, size_bytes, length) != size_bytes ||
        (size_bytes > 1 && !is_second(first, (uint8_t)bytes[1]))) {
        return 0;
    }
    return length - size_bytes;
}
