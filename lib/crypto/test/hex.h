/* SPDX-License-Identifier: ISC */
/* Bytes written as text, for published vectors. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t hex_bytes_max = 256;

/* Two hexadecimal digits a byte; returns how many bytes. */
static inline size_t hex_decode(const char *text, uint8_t *bytes_out)
{
    size_t count = strlen(text) / 2;
    for (size_t index = 0; index < count; index++) {
        const char digits[3] = {text[2 * index], text[2 * index + 1], '\0'};
        bytes_out[index] = (uint8_t)strtoul(digits, nullptr, 16);
    }
    return count;
}

static inline bool equals_hex(const uint8_t *bytes, size_t size_bytes, const char *text)
{
    uint8_t wanted[hex_bytes_max];
    return hex_decode(text, wanted) == size_bytes && memcmp(bytes, wanted, size_bytes) == 0;
}
