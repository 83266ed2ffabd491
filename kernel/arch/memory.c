/* SPDX-License-Identifier: ISC */
/*
 * The four functions that the compiler itself calls. Eight bytes at a time: string instructions
 * cost one count for each repetition, and emulators are far slower still with single bytes.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict target, const void *restrict source, size_t bytes);
void *memmove(void *target, const void *source, size_t bytes);
void *memset(void *target, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);

constexpr size_t word_bytes = 8;

static inline void copy_upwards(void *target, const void *source, size_t bytes)
{
    size_t words = bytes / word_bytes;
    size_t rest = bytes % word_bytes;
    __asm__ volatile("rep movsq" : "+D"(target), "+S"(source), "+c"(words) : : "memory");
    if (rest != 0) {
        __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(rest) : : "memory");
    }
}

/* The last byte first; string instructions then point at the first byte of each unit, not behind.
 */
static inline void copy_downwards(void *target, const void *source, size_t bytes)
{
    size_t words = bytes / word_bytes;
    size_t rest = bytes % word_bytes;
    uint8_t *to = (uint8_t *)target + bytes - 1;
    const uint8_t *from = (const uint8_t *)source + bytes - 1;
    __asm__ volatile("std; rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory", "cc");
    to -= word_bytes - 1;
    from -= word_bytes - 1;
    __asm__ volatile("rep movsq; cld" : "+D"(to), "+S"(from), "+c"(words) : : "memory", "cc");
}

void *memcpy(void *restrict target, const void *restrict source, size_t bytes)
{
    copy_upwards(target, source, bytes);
    return target;
}

void *memmove(void *target, const void *source, size_t bytes)
{
    if ((uintptr_t)target - (uintptr_t)source >= bytes) {
        copy_upwards(target, source, bytes); /* apart, or the target lies below the source */
        return target;
    }
    copy_downwards(target, source, bytes);
    return target;
}

void *memset(void *target, int value, size_t bytes)
{
    void *to = target;
    uint64_t pattern = UINT64_C(0x0101010101010101) * (uint8_t)value;
    size_t words = bytes / word_bytes;
    size_t rest = bytes % word_bytes;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    if (rest != 0) {
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
    }
    return target;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (size_t i = 0; i < bytes; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}
