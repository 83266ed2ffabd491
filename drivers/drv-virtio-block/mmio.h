/* SPDX-License-Identifier: ISC */
/* Access to device registers that are mapped uncached; the offset is in bytes and aligned. */
#pragma once

#include <stdint.h>

static inline uint8_t mmio_read8(const volatile uint8_t *base, uint32_t offset)
{
    return base[offset];
}

static inline uint16_t mmio_read16(const volatile uint8_t *base, uint32_t offset)
{
    return *(const volatile uint16_t *)(const volatile void *)(base + offset);
}

static inline uint32_t mmio_read32(const volatile uint8_t *base, uint32_t offset)
{
    return *(const volatile uint32_t *)(const volatile void *)(base + offset);
}

static inline void mmio_write8(volatile uint8_t *base, uint32_t offset, uint8_t value)
{
    base[offset] = value;
}

static inline void mmio_write16(volatile uint8_t *base, uint32_t offset, uint16_t value)
{
    *(volatile uint16_t *)(volatile void *)(base + offset) = value;
}

static inline void mmio_write32(volatile uint8_t *base, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(volatile void *)(base + offset) = value;
}

/* As 4.1.3.1 demands of fields of 64 bits: two accesses of 32. */
static inline void mmio_write64(volatile uint8_t *base, uint32_t offset, uint64_t value)
{
    mmio_write32(base, offset, (uint32_t)value);
    mmio_write32(base, offset + 4, (uint32_t)(value >> 32));
}
