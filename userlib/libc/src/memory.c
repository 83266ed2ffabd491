/* SPDX-License-Identifier: ISC */
/*
 * Copying, filling and comparing memory.
 *
 * Under emulation each byte of a byte string operation costs as much as eight bytes of a quadword
 * one, and an instruction costs the same whatever its width. So: short copies by overlapping words,
 * long ones by `rep movsq` and `rep stosq`, and 16 bytes at a time where there is something to
 * find.
 */
#include <emmintrin.h>
#include <stdint.h>
#include <string.h>

/* From here on the set-up of a string operation pays for itself. */
constexpr size_t string_operation_bytes_min = 128;
constexpr size_t lane_bytes = sizeof(__m128i);

/* Address sanitizers see reading beyond an object, though not beyond its page, as an error. */
#define READS_WHOLE_LANES __attribute__((no_sanitize("address")))

static inline uint64_t load_word(const void *at)
{
    uint64_t word;
    __builtin_memcpy(&word, at, sizeof(word));
    return word;
}

static inline void store_word(void *at, uint64_t word)
{
    __builtin_memcpy(at, &word, sizeof(word));
}

static inline uint32_t load_half(const void *at)
{
    uint32_t half;
    __builtin_memcpy(&half, at, sizeof(half));
    return half;
}

static inline void store_half(void *at, uint32_t half)
{
    __builtin_memcpy(at, &half, sizeof(half));
}

static inline __m128i load_lane(const void *at)
{
    return _mm_loadu_si128((const __m128i_u *)at);
}

static inline void store_lane(void *at, __m128i lane)
{
    _mm_storeu_si128((__m128i_u *)at, lane);
}

/* Up to 16 bytes. Everything is loaded before anything is stored, so the ranges may overlap. */
static void copy_short(uint8_t *target, const uint8_t *source, size_t bytes)
{
    if (bytes >= 8) {
        uint64_t first = load_word(source);
        uint64_t last = load_word(source + bytes - 8);
        store_word(target, first);
        store_word(target + bytes - 8, last);
    } else if (bytes >= 4) {
        uint32_t first = load_half(source);
        uint32_t last = load_half(source + bytes - 4);
        store_half(target, first);
        store_half(target + bytes - 4, last);
    } else if (bytes > 0) {
        uint8_t first = source[0];
        uint8_t middle = source[bytes / 2];
        uint8_t last = source[bytes - 1];
        target[0] = first;
        target[bytes / 2] = middle;
        target[bytes - 1] = last;
    }
}

/* More than 16 bytes, upwards: right for ranges where the target does not start inside the source.
 */
static void copy_up(uint8_t *target, const uint8_t *source, size_t bytes)
{
    __m128i last = load_lane(source + bytes - lane_bytes);
    uint8_t *last_target = target + bytes - lane_bytes;
    if (bytes >= string_operation_bytes_min) {
        size_t words = bytes / 8;
        __asm__ volatile("rep movsq" : "+D"(target), "+S"(source), "+c"(words) : : "memory");
    } else {
        while (target < last_target) {
            store_lane(target, load_lane(source));
            target += lane_bytes;
            source += lane_bytes;
        }
    }
    store_lane(last_target, last);
}

/* More than 16 bytes, downwards: right for ranges where the target starts inside the source. */
static void copy_down(uint8_t *target, const uint8_t *source, size_t bytes)
{
    __m128i first = load_lane(source);
    size_t left_bytes = bytes;
    while (left_bytes >= 2 * lane_bytes) {
        __m128i high = load_lane(source + left_bytes - lane_bytes);
        __m128i low = load_lane(source + left_bytes - 2 * lane_bytes);
        store_lane(target + left_bytes - lane_bytes, high);
        store_lane(target + left_bytes - 2 * lane_bytes, low);
        left_bytes -= 2 * lane_bytes;
    }
    if (left_bytes > lane_bytes) {
        store_lane(target + left_bytes - lane_bytes, load_lane(source + left_bytes - lane_bytes));
    }
    store_lane(target, first);
}

void *memcpy(void *restrict target, const void *restrict source, size_t bytes)
{
    if (bytes <= lane_bytes) {
        copy_short(target, source, bytes);
    } else {
        copy_up(target, source, bytes);
    }
    return target;
}

void *memmove(void *target, const void *source, size_t bytes)
{
    if (bytes <= lane_bytes) {
        copy_short(target, source, bytes);
        return target;
    }
    /* The distance wraps to a large number if the target lies below the source. */
    uintptr_t distance_bytes = (uintptr_t)target - (uintptr_t)source;
    if (distance_bytes < bytes) {
        copy_down(target, source, bytes);
    } else {
        copy_up(target, source, bytes);
    }
    return target;
}

void *memset(void *target, int value, size_t bytes)
{
    uint8_t *at = target;
    uint64_t pattern = (uint8_t)value * 0x0101010101010101U;
    if (bytes >= 8) {
        uint8_t *last = at + bytes - 8;
        if (bytes >= string_operation_bytes_min) {
            size_t words = bytes / 8;
            __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
        } else {
            for (; at < last; at += 8) {
                store_word(at, pattern);
            }
        }
        store_word(last, pattern);
    } else if (bytes >= 4) {
        store_half(at, (uint32_t)pattern);
        store_half(at + bytes - 4, (uint32_t)pattern);
    } else if (bytes > 0) {
        at[0] = (uint8_t)value;
        at[bytes / 2] = (uint8_t)value;
        at[bytes - 1] = (uint8_t)value;
    }
    return target;
}

/* The order of two 16-byte lanes that differ. */
static int compare_lanes(const uint8_t *left, const uint8_t *right, unsigned equal_mask)
{
    unsigned at = (unsigned)__builtin_ctz(~equal_mask);
    return left[at] - right[at];
}

int memcmp(const void *left_memory, const void *right_memory, size_t bytes)
{
    const uint8_t *left = left_memory;
    const uint8_t *right = right_memory;
    size_t at = 0;
    for (; bytes - at >= lane_bytes; at += lane_bytes) {
        __m128i equal = _mm_cmpeq_epi8(load_lane(left + at), load_lane(right + at));
        unsigned mask = (unsigned)_mm_movemask_epi8(equal);
        if (mask != 0xffff) {
            return compare_lanes(left + at, right + at, mask);
        }
    }
    for (; at < bytes; at++) {
        if (left[at] != right[at]) {
            return left[at] - right[at];
        }
    }
    return 0;
}

/* Bits of the bytes in the aligned lane at `lane` that are like those of `wanted`. */
READS_WHOLE_LANES static inline unsigned equal_mask(const uint8_t *lane, __m128i wanted)
{
    __m128i bytes = *(const __m128i *)(const void *)lane;
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted));
}

/*
 * Nothing is read in a page that lies behind the byte that is found, so a caller who knows that it
 * is there need not know how far: aligned lanes do not cross pages.
 */
READS_WHOLE_LANES void *memchr(const void *memory, int value, size_t bytes)
{
    if (bytes == 0) {
        return nullptr;
    }
    const uint8_t *at = memory;
    size_t skip_bytes = (uintptr_t)at % lane_bytes;
    const uint8_t *lane = at - skip_bytes;
    __m128i wanted = _mm_set1_epi8((char)value);
    unsigned mask = equal_mask(lane, wanted) & (0xffffU << skip_bytes);
    size_t seen_bytes = lane_bytes - skip_bytes;
    while (mask == 0 && seen_bytes < bytes) {
        lane += lane_bytes;
        seen_bytes += lane_bytes;
        mask = equal_mask(lane, wanted);
    }
    if (mask == 0) {
        return nullptr;
    }
    const uint8_t *found = lane + __builtin_ctz(mask);
    return (size_t)(found - at) < bytes ? (void *)found : nullptr;
}

void *memrchr(const void *memory, int value, size_t bytes)
{
    const uint8_t *base = memory;
    while (bytes > 0) {
        bytes--;
        if (base[bytes] == (uint8_t)value) {
            return (void *)(base + bytes);
        }
    }
    return nullptr;
}

void *memmem(const void *memory, size_t bytes, const void *part, size_t part_bytes)
{
    const uint8_t *at = memory;
    if (part_bytes == 0) {
        return (void *)at;
    }
    while (bytes >= part_bytes) {
        const uint8_t *first = memchr(at, *(const uint8_t *)part, bytes - part_bytes + 1);
        if (first == nullptr) {
            return nullptr;
        }
        if (memcmp(first, part, part_bytes) == 0) {
            return (void *)first;
        }
        bytes -= (size_t)(first + 1 - at);
        at = first + 1;
    }
    return nullptr;
}
