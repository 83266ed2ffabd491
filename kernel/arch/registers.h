/* SPDX-License-Identifier: ISC */
/*
 * The user registers of a thread, in the order in which the entry code pushes them.
 *
 * The block lies inside struct thread. The processor itself pushes the last five on an interrupt,
 * because the task state segment's rsp0 always points just behind the running thread's block.
 */
#pragma once

#include <stdint.h>

struct registers {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint64_t vector; /* vector_syscall after `syscall`, else the interrupt vector */
    uint64_t error;  /* the processor's error code, or 0 */
    uint64_t rip, cs, rflags, rsp, ss;
};

static_assert(sizeof(struct registers) == 22 * 8);

constexpr uint64_t vector_syscall = 0x100;
