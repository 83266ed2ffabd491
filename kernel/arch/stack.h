/* SPDX-License-Identifier: ISC */
/*
 * The stacks of the boot processor: one for all of the kernel, and one each for the exceptions that
 * must not trust it. Below each lies a guard page that arch_init_memory leaves unmapped.
 */
#pragma once

#include <stdint.h>

constexpr uint32_t stack_page_bytes = 4096;
constexpr uint32_t stack_bytes = 4 * stack_page_bytes;

enum stack_use : uint32_t {
    STACK_KERNEL = 0,
    STACK_NMI =
        1, /* the number is also the entry in the task state segment's interrupt stack table */
    STACK_DOUBLE_FAULT = 2,
    STACK_MACHINE_CHECK = 3,
    STACK_COUNT
};

/* A guard page, then the stack. */
struct guarded_stack {
    alignas(stack_page_bytes) uint8_t guard[stack_page_bytes];
    uint8_t bytes[stack_bytes];
};

extern struct guarded_stack stacks[STACK_COUNT];

/* The address just above a stack: where its first push begins. */
static inline uint64_t stack_top(enum stack_use use)
{
    return (uint64_t)(&stacks[use] + 1);
}

/* Whether these bytes lie in one of the stacks, aligned like a stack frame. */
bool stack_holds(uint64_t address, uint64_t size_bytes);
