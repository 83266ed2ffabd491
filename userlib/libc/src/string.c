/* SPDX-License-Identifier: ISC */
/*
 * Strings that end with NUL.
 *
 * Where the end is unknown, 16 bytes are looked at together: aligned lanes never cross a page, so
 * reading beyond the end of the string inside its lane cannot fault. Address sanitizers see only
 * the reading beyond the end, so they are told not to look at those functions.
 */
#include <ctype.h>
#include <emmintrin.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

constexpr size_t lane_bytes = sizeof(__m128i);
constexpr size_t page_bytes = 4096;

#define READS_WHOLE_LANES __attribute__((no_sanitize("address")))

/* Bits of the bytes in the aligned lane at `lane` that are NUL or `character`. */
READS_WHOLE_LANES static inline unsigned lane_mask(const char *lane, __m128i character)
{
    __m128i bytes = *(const __m128i *)(const void *)lane;
    __m128i zero = _mm_cmpeq_epi8(bytes, _mm_setzero_si128());
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(zero, _mm_cmpeq_epi8(bytes, character)));
}

READS_WHOLE_LANES char *strchrnul(const char *text, int character)
{
    __m128i wanted = _mm_set1_epi8((char)character);
    size_t skip_bytes = (uintptr_t)text % lane_bytes;
    const char *lane = text - skip_bytes;
    unsigned mask = lane_mask(lane, wanted) & (0xffffU << skip_bytes);
    while (mask == 0) {
        lane += lane_bytes;
        mask = lane_mask(lane, wanted);
    }
    return (char *)lane + __builtin_ctz(mask);
}

size_t strlen(const char *text)
{
    return (size_t)(strchrnul(text, 0) - text);
}

size_t strnlen(const char *text, size_t bytes)
{
    const char *end = memchr(text, 0, bytes);
    return end == nullptr ? bytes : (size_t)(end - text);
}

char *strchr(const char *text, int character)
{
    char *found = strchrnul(text, character);
    return *found == (char)character ? found : nullptr;
}

char *strrchr(const char *text, int character)
{
    return memrchr(text, character, strlen(text) + 1);
}

char *stpcpy(char *restrict target, const char *restrict source)
{
    size_t bytes = strlen(source);
    memcpy(target, source, bytes + 1);
    return target + bytes;
}

char *strcpy(char *restrict target, const char *restrict source)
{
    (void)stpcpy(target, source);
    return target;
}

char *strncpy(char *restrict target, const char *restrict source, size_t bytes)
{
    size_t copied_bytes = strnlen(source, bytes);
    memcpy(target, source, copied_bytes);
    memset(target + copied_bytes, 0, bytes - copied_bytes);
    return target;
}

char *strcat(char *restrict target, const char *restrict source)
{
    (void)stpcpy(target + strlen(target), source);
    return target;
}

char *strncat(char *restrict target, const char *restrict source, size_t bytes)
{
    size_t copied_bytes = strnlen(source, bytes);
    char *end = target + strlen(target);
    memcpy(end, source, copied_bytes);
    end[copied_bytes] = 0;
    return target;
}

size_t strlcpy(char *restrict target, const char *restrict source, size_t bytes)
{
    size_t source_bytes = strlen(source);
    if (bytes > 0) {
        size_t copied_bytes = source_bytes < bytes ? source_bytes : bytes - 1;
        memcpy(target, source, copied_bytes);
        target[copied_bytes] = 0;
    }
    return source_bytes;
}

size_t strlcat(char *restrict target, const char *restrict source, size_t bytes)
{
    size_t target_bytes = strnlen(target, bytes);
    return target_bytes + strlcpy(target + target_bytes, source, bytes - target_bytes);
}

static inline bool crosses_page(const char *text)
{
    return (uintptr_t)text % page_bytes > page_bytes - lane_bytes;
}

/* Bits of the 16 bytes at both places that differ or end the strings. */
READS_WHOLE_LANES static inline unsigned stop_mask(const char *left, const char *right)
{
    __m128i left_bytes = _mm_loadu_si128((const __m128i_u *)(const void *)left);
    __m128i right_bytes = _mm_loadu_si128((const __m128i_u *)(const void *)right);
    __m128i equal = _mm_cmpeq_epi8(left_bytes, right_bytes);
    __m128i end = _mm_cmpeq_epi8(left_bytes, _mm_setzero_si128());
    return (unsigned)_mm_movemask_epi8(_mm_andnot_si128(end, equal)) ^ 0xffff;
}

READS_WHOLE_LANES int strncmp(const char *left, const char *right, size_t bytes)
{
    size_t at = 0;
    while (at < bytes) {
        if (crosses_page(left + at) || crosses_page(right + at)) {
            if (left[at] != right[at] || left[at] == 0) {
                return (unsigned char)left[at] - (unsigned char)right[at];
            }
            at++;
            continue;
        }
        unsigned mask = stop_mask(left + at, right + at);
        if (mask != 0) {
            at += (unsigned)__builtin_ctz(mask);
            return at < bytes ? (unsigned char)left[at] - (unsigned char)right[at] : 0;
        }
        at += lane_bytes;
    }
    return 0;
}

int strcmp(const char *left, const char *right)
{
    return strncmp(left, right, SIZE_MAX / 2);
}

int strcoll(const char *left, const char *right)
{
    return strcmp(left, right);
}

char *strstr(const char *text, const char *part)
{
    if (*part == 0) {
        return (char *)text;
    }
    size_t part_bytes = strlen(part);
    for (const char *at = strchr(text, *part); at != nullptr; at = strchr(at + 1, *part)) {
        if (strncmp(at, part, part_bytes) == 0) {
            return (char *)at;
        }
    }
    return nullptr;
}

/* A set of characters, one bit each. */
struct character_set {
    uint64_t bits[4];
};

static struct character_set set_of(const char *characters)
{
    struct character_set set = {};
    for (const unsigned char *at = (const unsigned char *)characters; *at != 0; at++) {
        set.bits[*at / 64] |= 1ULL << *at % 64;
    }
    return set;
}

static bool set_has(const struct character_set *set, char character)
{
    unsigned char index = (unsigned char)character;
    return (set->bits[index / 64] >> index % 64 & 1) != 0;
}

size_t strspn(const char *text, const char *accepted)
{
    struct character_set set = set_of(accepted);
    size_t at = 0;
    while (text[at] != 0 && set_has(&set, text[at])) {
        at++;
    }
    return at;
}

size_t strcspn(const char *text, const char *rejected)
{
    struct character_set set = set_of(rejected);
    size_t at = 0;
    while (text[at] != 0 && !set_has(&set, text[at])) {
        at++;
    }
    return at;
}

char *strpbrk(const char *text, const char *wanted)
{
    const char *at = text + strcspn(text, wanted);
    return *at == 0 ? nullptr : (char *)at;
}

char *strtok_r(char *restrict text, const char *restrict separators, char **restrict state)
{
    char *token = text != nullptr ? text : *state;
    token += strspn(token, separators);
    if (*token == 0) {
        *state = token;
        return nullptr;
    }
    char *end = token + strcspn(token, separators);
    *state = *end == 0 ? end : end + 1;
    *end = 0;
    return token;
}

char *strtok(char *restrict text, const char *restrict separators)
{
    static char *state;
    return strtok_r(text, separators, &state);
}

char *strsep(char **text, const char *separators)
{
    char *token = *text;
    if (token == nullptr) {
        return nullptr;
    }
    char *end = token + strcspn(token, separators);
    *text = *end == 0 ? nullptr : end + 1;
    *end = 0;
    return token;
}

int strncasecmp(const char *left, const char *right, size_t bytes)
{
    for (size_t at = 0; at < bytes; at++) {
        int left_lower = tolower((unsigned char)left[at]);
        int right_lower = tolower((unsigned char)right[at]);
        if (left_lower != right_lower || left_lower == 0) {
            return left_lower - right_lower;
        }
    }
    return 0;
}

int strcasecmp(const char *left, const char *right)
{
    return strncasecmp(left, right, SIZE_MAX);
}

int ffs(int value)
{
    return __builtin_ffs(value);
}
