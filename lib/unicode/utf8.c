/* SPDX-License-Identifier: ISC */
/* UTF-8, strictly: each code point has one form. */
#include "utf8.h"

#include "unicode.h"

constexpr uint32_t continuation_bits = 6;
constexpr uint32_t continuation_mask = 0x3f;
constexpr uint32_t surrogate_first = 0xd800;
constexpr uint32_t surrogate_last = 0xdfff;

/* Length, bits in the first byte and the least value, by the first byte; length 0: no first byte.
 */
struct form {
    uint32_t length;
    uint32_t first_bits;
    uint32_t least;
};

static struct form form_of(uint8_t first)
{
    if (first < 0x80) {
        return (struct form){.length = 1, .first_bits = first};
    }
    if (first >> 5 == 0x6) {
        return (struct form){.length = 2, .first_bits = first & 0x1fU, .least = 0x80};
    }
    if (first >> 4 == 0xe) {
        return (struct form){.length = 3, .first_bits = first & 0x0fU, .least = 0x800};
    }
    if (first >> 3 == 0x1e) {
        return (struct form){.length = 4, .first_bits = first & 0x07U, .least = 0x1'0000};
    }
    return (struct form){};
}

uint32_t utf8_decode(const uint8_t *at, const uint8_t *end, uint32_t *code_point_out)
{
    if (at == end) {
        return 0;
    }
    struct form form = form_of(*at);
    if (form.length == 0 || form.length > (size_t)(end - at)) {
        return 0;
    }
    uint32_t code_point = form.first_bits;
    for (uint32_t index = 1; index < form.length; index++) {
        if (at[index] >> continuation_bits != 2) {
            return 0;
        }
        code_point = code_point << continuation_bits | (at[index] & continuation_mask);
    }
    bool surrogate = code_point >= surrogate_first && code_point <= surrogate_last;
    if (code_point < form.least || code_point >= code_point_limit || surrogate) {
        return 0;
    }
    *code_point_out = code_point;
    return form.length;
}

static uint8_t continuation(uint32_t code_point, uint32_t place)
{
    return (uint8_t)(0x80 | (code_point >> place * continuation_bits & continuation_mask));
}

uint32_t utf8_encode(uint32_t code_point, uint8_t *bytes)
{
    if (code_point < 0x80) {
        bytes[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        bytes[0] = (uint8_t)(0xc0 | code_point >> 6);
        bytes[1] = continuation(code_point, 0);
        return 2;
    }
    if (code_point < 0x1'0000) {
        bytes[0] = (uint8_t)(0xe0 | code_point >> 12);
        bytes[1] = continuation(code_point, 1);
        bytes[2] = continuation(code_point, 0);
        return 3;
    }
    bytes[0] = (uint8_t)(0xf0 | code_point >> 18);
    bytes[1] = continuation(code_point, 2);
    bytes[2] = continuation(code_point, 1);
    bytes[3] = continuation(code_point, 0);
    return 4;
}

bool unicode_valid(const void *string, size_t string_bytes)
{
    const uint8_t *at = string;
    const uint8_t *end = at + string_bytes;
    while (at < end) {
        uint32_t code_point;
        uint32_t length = utf8_decode(at, end, &code_point);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}
