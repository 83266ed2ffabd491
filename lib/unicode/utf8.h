/* SPDX-License-Identifier: ISC */
/* UTF-8 as RFC 3629 defines it, strictly. Private to lib/unicode. */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t code_point_limit = 0x11'0000;
constexpr uint32_t utf8_bytes_max = 4;

/* Bytes of the code point at `at`, or 0 if there is none or it is malformed. */
uint32_t utf8_decode(const uint8_t *at, const uint8_t *end, uint32_t *code_point_out);

/* Writes at most utf8_bytes_max bytes; returns how many. */
uint32_t utf8_encode(uint32_t code_point, uint8_t *bytes);
