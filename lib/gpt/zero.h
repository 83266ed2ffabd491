/* SPDX-License-Identifier: ISC */
/* Whether reserved bytes are zero; private to this library. */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline bool is_zero(const uint8_t *bytes, size_t size_bytes)
{
    uint8_t any = 0;
    for (size_t index = 0; index < size_bytes; index++) {
        any |= bytes[index];
    }
    return any == 0;
}
