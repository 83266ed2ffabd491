/* SPDX-License-Identifier: ISC */
/*
 * What the loader has of <string.h>: the four functions that a freestanding compiler may call by
 * itself, and strcmp for the libraries. Memory is moved eight bytes a step: under emulation each
 * step of a string instruction counts as one instruction, whatever its width.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void copy_forward(void *target, const void *source, size_t size_bytes);

void *memcpy(void *restrict target, const void *restrict source, size_t size_bytes)
{
    copy_forward(target, source, size_bytes);
    return target;
}

void *memmove(void *target, const void *source, size_t size_bytes)
{
    uint8_t *to = target;
    const uint8_t *from = source;
    if ((uintptr_t)to - (uintptr_t)from >= size_bytes) {
        copy_forward(target, source, size_bytes);
        return target;
    }
    while (size_bytes >= sizeof(uint64_t)) {
        size_bytes -= sizeof(uint64_t);
        uint64_t word;
        __builtin_memcpy_inline(&word, from + size_bytes, sizeof(word));
        __builtin_memcpy_inline(to + size_bytes, &word, sizeof(word));
    }
    while (size_bytes > 0) {
        size_bytes--;
        *(volatile uint8_t *)(to + size_bytes) = from[size_bytes];
    }
    return target;
}

void *memset(void *target, int value, size_t size_bytes)
{
    uint64_t pattern = UINT64_C(0x0101010101010101) * (uint8_t)value;
    void *at = target;
    size_t words = size_bytes / sizeof(uint64_t);
    __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
    size_t rest = size_bytes % sizeof(uint64_t);
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(rest) : "a"(pattern) : "memory");
    return target;
}

int memcmp(const void *left, const void *right, size_t size_bytes)
{
    const uint8_t *a = left;
    const uint8_t *b = right;
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= size_bytes; at += sizeof(uint64_t)) {
        uint64_t word_a;
        uint64_t word_b;
        __builtin_memcpy_inline(&word_a, a + at, sizeof(word_a));
        __builtin_memcpy_inline(&word_b, b + at, sizeof(word_b));
        if (word_a != word_b) {
            break;
        }
    }
    for (; at < size_bytes; at++) {
        if (a[at] != b[at]) {
            return a[at] < b[at] ? -1 : 1;
        }
    }
    return 0;
}

int strcmp(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return (uint8_t)*left - (uint8_t)*right;
}

static inline void copy_forward(void *target, const void *source, size_t size_bytes)
{
    size_t words = size_bytes / sizeof(uint64_t);
    size_t rest = size_bytes % sizeof(uint64_t);
    __asm__ volatile("rep movsq" : "+D"(target), "+S"(source), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(rest) : : "memory");
}
