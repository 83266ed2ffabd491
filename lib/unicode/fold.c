/* SPDX-License-Identifier: ISC */
/*
 * Folding. Each code point becomes one to four others, of which none changes any further; then
 * marks that follow each other are put into the order of their combining classes (Unicode 3.11);
 * then what is ignorable is left out, having kept the marks before and behind it apart.
 *
 * Marks are ordered without a buffer, since a run of them has no bound: the run is read once for
 * each class that occurs in it, least first.
 */
#include <lib/unicode/unicode.h>

#include <string.h>

#include <unicode_tables.h>

#include "utf8.h"

/* Hangul syllables are composed by arithmetic, Unicode 3.12. */
constexpr uint32_t hangul_first = 0xac00;
constexpr uint32_t hangul_count = 11172;
constexpr uint32_t hangul_leading_first = 0x1100;
constexpr uint32_t hangul_vowel_first = 0x1161;
constexpr uint32_t hangul_trailing_before = 0x11a7;
constexpr uint32_t hangul_vowel_count = 21;
constexpr uint32_t hangul_trailing_count = 28;

/* What the tables say of a code point: a combining class, unicode_ignorable, or a mapping. */
static uint32_t property_of(uint32_t code_point)
{
    uint32_t block = unicode_blocks[code_point / unicode_block_size];
    return unicode_properties[block * unicode_block_size + code_point % unicode_block_size];
}

static void expand_hangul(struct unicode_source *source, uint32_t index)
{
    uint32_t trailing = index % hangul_trailing_count;
    uint32_t pair = index / hangul_trailing_count;
    source->pending[0] = hangul_leading_first + pair / hangul_vowel_count;
    source->pending[1] = hangul_vowel_first + pair % hangul_vowel_count;
    source->pending[2] = hangul_trailing_before + trailing;
    source->pending_count = trailing == 0 ? 2 : 3;
}

static void expand(struct unicode_source *source, uint32_t code_point)
{
    source->pending_next = 0;
    if (code_point - hangul_first < hangul_count) {
        expand_hangul(source, code_point - hangul_first);
        return;
    }
    uint32_t property = property_of(code_point);
    if (property <= unicode_ignorable) {
        source->pending[0] = code_point;
        source->pending_count = 1;
        return;
    }
    source->pending_count = 0;
    uint32_t mapping = property - unicode_mapping_first;
    const uint8_t *at = unicode_text + unicode_mappings[mapping];
    const uint8_t *end = unicode_text + unicode_mappings[mapping + 1];
    while (at < end && source->pending_count < unicode_expansion_max) {
        at += utf8_decode(at, end, &source->pending[source->pending_count++]);
    }
}

/* The next code point, expanded but in the order of the string. END; CORRUPT. */
static enum status source_next(struct unicode_source *source, uint32_t *code_point_out)
{
    while (source->pending_next == source->pending_count) {
        if (source->at == source->end) {
            return STATUS_END;
        }
        uint32_t code_point;
        uint32_t length = utf8_decode(source->at, source->end, &code_point);
        if (length == 0) {
            return STATUS_CORRUPT;
        }
        source->at += length;
        expand(source, code_point);
    }
    *code_point_out = source->pending[source->pending_next++];
    return STATUS_OK;
}

/* 0 for a code point that is no mark; the code point is one that was expanded. */
static uint8_t class_of(uint32_t code_point)
{
    uint32_t property = property_of(code_point);
    return property < unicode_ignorable ? (uint8_t)property : 0;
}

/* As source_next, without what is ignorable. */
static enum status source_next_kept(struct unicode_source *source, uint32_t *code_point_out)
{
    enum status status;
    do {
        status = source_next(source, code_point_out);
    } while (status == STATUS_OK && property_of(*code_point_out) == unicode_ignorable);
    return status;
}

/* The least class above `floor` among the marks from `run` on; 0 if there is none. */
static uint8_t next_class(const struct unicode_source *run, uint8_t floor)
{
    struct unicode_source source = *run;
    uint8_t least = 0;
    uint32_t code_point;
    while (source_next(&source, &code_point) == STATUS_OK) {
        uint8_t class = class_of(code_point);
        if (class == 0) {
            break;
        }
        if (class > floor && (least == 0 || class < least)) {
            least = class;
        }
    }
    return least;
}

void unicode_fold_init(struct unicode_fold *fold, const void *string, size_t string_bytes)
{
    *fold = (struct unicode_fold){};
    fold->source.at = string;
    fold->source.end = fold->source.at + string_bytes;
}

/*
 * The next mark of the class whose turn it is. When no class is left, END, and the source stands
 * behind the marks.
 */
static enum status next_mark(struct unicode_fold *fold, uint32_t *code_point_out)
{
    while (fold->mark_class != 0) {
        struct unicode_source before = fold->source;
        enum status status = source_next(&fold->source, code_point_out);
        uint8_t class = status == STATUS_OK ? class_of(*code_point_out) : 0;
        if (class == fold->mark_class) {
            return STATUS_OK;
        }
        if (class == 0) {
            fold->mark_class = next_class(&fold->run, fold->mark_class);
            fold->source = fold->mark_class == 0 ? before : fold->run;
        }
    }
    return STATUS_END;
}

enum status unicode_fold_next(struct unicode_fold *fold, uint32_t *code_point_out)
{
    if (next_mark(fold, code_point_out) == STATUS_OK) {
        return STATUS_OK;
    }
    enum status status = source_next_kept(&fold->source, code_point_out);
    if (status != STATUS_OK || class_of(*code_point_out) == 0) {
        return status;
    }
    fold->source.pending_next--; /* back to before the mark */
    fold->run = fold->source;
    fold->mark_class = next_class(&fold->run, 0);
    return next_mark(fold, code_point_out);
}

enum status unicode_fold(const void *string, size_t string_bytes, uint8_t *folded,
    size_t room_bytes, size_t *folded_bytes_out)
{
    struct unicode_fold fold;
    size_t done_bytes = 0;
    uint32_t code_point;
    enum status status;
    unicode_fold_init(&fold, string, string_bytes);
    while ((status = unicode_fold_next(&fold, &code_point)) == STATUS_OK) {
        uint8_t bytes[utf8_bytes_max];
        uint32_t length = utf8_encode(code_point, bytes);
        if (length > room_bytes - done_bytes) {
            return STATUS_TOO_LARGE;
        }
        memcpy(folded + done_bytes, bytes, length);
        done_bytes += length;
    }
    if (status != STATUS_END) {
        return status;
    }
    *folded_bytes_out = done_bytes;
    return STATUS_OK;
}

/* An end counts as a code point that no string holds. */
static enum status next_or_end(struct unicode_fold *fold, uint32_t *code_point_out)
{
    enum status status = unicode_fold_next(fold, code_point_out);
    if (status == STATUS_END) {
        *code_point_out = code_point_limit;
        return STATUS_OK;
    }
    return status;
}

enum status unicode_fold_compare(
    const void *left, size_t left_bytes, const void *right, size_t right_bytes, bool *equal_out)
{
    struct unicode_fold folds[2];
    uint32_t code_points[2];
    if (!unicode_valid(left, left_bytes) || !unicode_valid(right, right_bytes)) {
        return STATUS_CORRUPT;
    }
    unicode_fold_init(&folds[0], left, left_bytes);
    unicode_fold_init(&folds[1], right, right_bytes);
    do {
        for (uint32_t side = 0; side < 2; side++) {
            enum status status = next_or_end(&folds[side], &code_points[side]);
            if (status != STATUS_OK) {
                return status;
            }
        }
    } while (code_points[0] == code_points[1] && code_points[0] != code_point_limit);
    *equal_out = code_points[0] == code_points[1];
    return STATUS_OK;
}
