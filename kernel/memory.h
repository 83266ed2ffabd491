/* SPDX-License-Identifier: ISC */
/* The kernel's view of physical memory: all of it, at a fixed distance. */
#pragma once

#include <abi/boot_handoff.h>

#include <stddef.h>
#include <stdint.h>

/* In kernel/arch/memory.c; the compiler also makes calls to them. */
void *memcpy(void *restrict target, const void *restrict source, size_t bytes);
void *memset(void *target, int value, size_t bytes);

#ifndef KERNEL_HOST_TEST
static inline void *kernel_pointer(uint64_t address)
{
    return (void *)(address + direct_map_base);
}

static inline uint64_t physical_address(const void *pointer)
{
    return (uint64_t)pointer - direct_map_base;
}
#else
/* On the host, "physical" memory is memory of the test program. */
static inline void *kernel_pointer(uint64_t address)
{
    return (void *)address;
}

static inline uint64_t physical_address(const void *pointer)
{
    return (uint64_t)pointer;
}
#endif
