/* SPDX-License-Identifier: ISC */
/* The few instructions that C has no words for: ports, time stamp counter, processor features. */
#pragma once

#include <stdint.h>

static inline void cpu_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void cpu_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void cpu_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t cpu_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint64_t cpu_ticks(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t cpu_read_cr4(void)
{
    uint64_t value;
    __asm__ volatile("movq %%cr4, %0" : "=r"(value));
    return value;
}

/* EDX of CPUID leaf 0x80000001: extended features. */
static inline uint32_t cpu_extended_features(void)
{
    uint32_t leaf = 0x80000001;
    uint32_t features;
    __asm__ volatile("cpuid" : "+a"(leaf), "=d"(features) : : "ebx", "ecx");
    return features;
}

static inline void cpu_disable_interrupts(void)
{
    __asm__ volatile("cli" : : : "memory");
}

[[noreturn]] static inline void cpu_stop(void)
{
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}
