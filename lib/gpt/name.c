/* SPDX-License-Identifier: ISC */
/*
 * Partition names: UTF-16LE to UTF-8, strictly. Names are looked up and printed, so what could make
 * two names look alike to one reader and not to another is refused: lone surrogates, control
 * characters, and bytes behind the terminating zero.
 */
#include <lib/base/base.h>

#include "entries.h"

static size_t utf8_encode(uint32_t point, char text_out[static 4]);
static bool is_control(uint32_t point);

bool name_decode(
    const uint8_t units[static 2 * gpt_name_units], char text_out[static gpt_name_bytes])
{
    size_t used_bytes = 0;
    uint32_t index = 0;
    for (; index < gpt_name_units && load_le16(units + 2 * index) != 0; index++) {
        uint32_t point = load_le16(units + 2 * index);
        if (point >= 0xd800 && point <= 0xdfff) {
            uint32_t low = index + 1 < gpt_name_units ? load_le16(units + 2 * (index + 1)) : 0;
            if (point >= 0xdc00 || low < 0xdc00 || low > 0xdfff) {
                return false;
            }
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
            index++;
        }
        if (is_control(point)) {
            return false;
        }
        /* A unit becomes 3 bytes at most, a pair of units 4: the text fits. */
        used_bytes += utf8_encode(point, text_out + used_bytes);
    }
    text_out[used_bytes] = '\0';
    for (; index < gpt_name_units; index++) {
        if (load_le16(units + 2 * index) != 0) {
            return false;
        }
    }
    return true;
}

static size_t utf8_encode(uint32_t point, char text_out[static 4])
{
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0}; /* by count of bytes */
    size_t count = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t index = count - 1; index > 0; index--) {
        text_out[index] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    text_out[0] = (char)(leads[count] | point);
    return count;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}
