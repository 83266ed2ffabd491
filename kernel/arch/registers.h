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

/* Selectors of the global descriptor table in kernel/arch/cpu.c; the order is what `syscall` and
 * `sysret` demand. */
constexpr uint16_t selector_kernel_code = 0x08;
constexpr uint16_t selector_kernel_data = 0x10;
constexpr uint16_t selector_user_data = 0x20 | 3;
constexpr uint16_t selector_user_code = 0x28 | 3;
constexpr uint16_t selector_task = 0x30;

constexpr uint64_t rflags_always = 0x2;
constexpr uint64_t rflags_trap = 0x100;
constexpr uint64_t rflags_interrupts = 0x200;
constexpr uint64_t rflags_direction = 0x400;
constexpr uint64_t rflags_port_level = 0x3000;
constexpr uint64_t rflags_nested_task = 0x4000;
constexpr uint64_t rflags_resume = 0x10000;
constexpr uint64_t rflags_alignment_check = 0x40000;

/* User addresses end here: a page before the hole of non-canonical addresses, so that the address
 * behind any instruction of a program is canonical too, as `sysret` demands. */
constexpr uint64_t user_address_end = UINT64_C(0x00007ffffffff000);

/* What every thread needs to leave the kernel with, whether its registers are ever set or not.
 * After that only the processor writes the selectors. */
static inline void registers_init(struct registers *registers)
{
    registers->cs = selector_user_code;
    registers->ss = selector_user_data;
    registers->rflags = rflags_always | rflags_interrupts;
}

/* A thread at its first instruction: user selectors, interrupts on, all else zero. The
 * instruction pointer is below user_address_end. */
static inline void registers_start(struct registers *registers_out, uint64_t instruction_pointer,
    uint64_t stack_pointer, uint64_t argument)
{
    *registers_out =
        (struct registers){.rip = instruction_pointer, .rsp = stack_pointer, .rdi = argument};
    registers_init(registers_out);
}
