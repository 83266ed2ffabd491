/* SPDX-License-Identifier: ISC */
/* The few devices that the kernel itself drives: where arch_init_memory maps their registers,
 * uncached. */
#pragma once

#include <abi/boot_handoff.h>

#include <stdint.h>

enum device_window : uint32_t {
    DEVICE_WINDOW_LOCAL_APIC = 0,
    DEVICE_WINDOW_HPET = 1,
    DEVICE_WINDOW_IO_APIC_FIRST = 2,
    DEVICE_WINDOW_COUNT = DEVICE_WINDOW_IO_APIC_FIRST + boot_io_apics_max
};

constexpr uint64_t device_window_base = UINT64_C(0xffffffffc0000000);
constexpr uint64_t device_window_bytes = 4096;
static_assert(device_window_base > kernel_base);

/* Where the register at physical `address` + `offset` is; the registers of one device share its
 * page. */
static inline uint64_t device_register(enum device_window window, uint64_t address, uint32_t offset)
{
    return device_window_base + window * device_window_bytes + address % device_window_bytes +
           offset;
}

static inline uint32_t device_read32(uint64_t at)
{
    return *(const volatile uint32_t *)at;
}

static inline void device_write32(uint64_t at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

static inline uint64_t device_read64(uint64_t at)
{
    return *(const volatile uint64_t *)at;
}

static inline void device_write64(uint64_t at, uint64_t value)
{
    *(volatile uint64_t *)at = value;
}
