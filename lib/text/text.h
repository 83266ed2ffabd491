/* SPDX-License-Identifier: ISC */
/*
 * Text for terminals: UTF-8 and the columns that characters take.
 *
 * Bytes that are no UTF-8 are tolerated everywhere: each counts as one character of one column, the
 * replacement character U+FFFD. So any bytes can be measured, cut and walked over.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t text_replacement = 0xfffd;

struct text_character {
    uint32_t code_point;
    uint32_t bytes;   /* 1 to 4 */
    uint32_t columns; /* 0 for combining characters and controls, 2 for wide ones, else 1 */
};

/* The first character of `size_bytes` bytes, which are at least one. */
struct text_character text_first(const char *bytes, size_t size_bytes);

/* The bytes of the last character of `size_bytes` bytes, which are at least one. */
size_t text_last_bytes(const char *bytes, size_t size_bytes);

/*
 * The same for what a person takes for one character: one that has columns, with those behind it
 * that have none. What has no columns and nothing before it counts for itself.
 */
size_t text_first_cluster_bytes(const char *bytes, size_t size_bytes);
size_t text_last_cluster_bytes(const char *bytes, size_t size_bytes);

/* How many columns the bytes take on a terminal. */
size_t text_columns(const char *bytes, size_t size_bytes);

/* How many bytes the character at `bytes` lacks: 0 if it is whole, or if it cannot become one. */
size_t text_missing_bytes(const char *bytes, size_t size_bytes);
