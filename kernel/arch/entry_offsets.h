/* SPDX-License-Identifier: ISC */
/*
 * Numbers that entry.S shares with C. Macros, because an assembler knows no constexpr; entry.c
 * asserts that each is what the C structures say.
 */
#pragma once

#define OFFSET_CPU_CURRENT 0
#define OFFSET_CPU_KERNEL_STACK 8
#define OFFSET_CPU_SCRATCH 16

#define OFFSET_THREAD_REGISTERS 64

#define OFFSET_R15 0
#define OFFSET_R14 8
#define OFFSET_R13 16
#define OFFSET_R12 24
#define OFFSET_RBP 32
#define OFFSET_RBX 40
#define OFFSET_R10 56
#define OFFSET_R9 64
#define OFFSET_R8 72
#define OFFSET_RAX 80
#define OFFSET_RDX 96
#define OFFSET_RSI 104
#define OFFSET_RDI 112
#define OFFSET_VECTOR 120
#define OFFSET_RIP 136
#define OFFSET_CS 144
#define OFFSET_RFLAGS 152
#define OFFSET_RSP 160

#define ENTRY_VECTOR_SYSCALL 0x100
#define ENTRY_STUB_BYTES 16
#define ENTRY_GUARDED_STACK_BYTES (5 * 4096)
