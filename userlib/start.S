/* SPDX-License-Identifier: ISC */
/* The entry point of every program: a clean frame chain and an aligned stack, then C. */
    .section .text._start, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    xorl %ebp, %ebp
    andq $-16, %rsp
    call program_start
    ud2
    .size _start, . - _start
