/* SPDX-License-Identifier: ISC */
/*
 * When two names are the same but for case and composition: Unicode 12.1, canonical decomposition
 * with full case folding (CaseFolding.txt, statuses C and F), after which default ignorable code
 * points are removed. Code points that 12.1 does not assign stand for themselves. This is what ext4
 * means by encoding 1.
 *
 * Strings are UTF-8 without an end mark; CORRUPT means that a string is none: an overlong form, a
 * surrogate, a number above 0x10ffff, or a sequence cut off. Nothing is allocated, and no state is
 * global.
 */
#pragma once

#include <abi/status.h>

#include <stddef.h>
#include <stdint.h>

/* A folded string is at most so many times as long as the string. */
constexpr uint32_t unicode_fold_growth_max = 3;

/* Code points that one code point can become. */
constexpr uint32_t unicode_expansion_max = 4;

/* A place in a string, and what is left of the code point before it. Private. */
struct unicode_source {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t pending[unicode_expansion_max];
    uint8_t pending_count;
    uint8_t pending_next;
};

/* A string while it is folded, one code point at a time; borrows the string. Fields private. */
struct unicode_fold {
    struct unicode_source source;
    struct unicode_source run; /* where the combining marks began that are being ordered */
    uint8_t mark_class;        /* the class of marks whose turn it is; 0: no marks */
};

void unicode_fold_init(struct unicode_fold *fold, const void *string, size_t string_bytes);

/* The next code point in normal order. END after the last; CORRUPT where the string is broken. */
enum status unicode_fold_next(struct unicode_fold *fold, uint32_t *code_point_out);

/*
 * The whole folded string as UTF-8. TOO_LARGE if it does not fit into room_bytes;
 * unicode_fold_growth_max times string_bytes are always enough.
 */
enum status unicode_fold(const void *string, size_t string_bytes, uint8_t *folded,
    size_t room_bytes, size_t *folded_bytes_out);

/* Whether both fold to the same string. */
enum status unicode_fold_compare(
    const void *left, size_t left_bytes, const void *right, size_t right_bytes, bool *equal_out);

/* Whether the bytes are well-formed UTF-8. */
bool unicode_valid(const void *string, size_t string_bytes);
