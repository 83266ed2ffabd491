/* SPDX-License-Identifier: ISC */
/* rdi: the root handoff, as the kernel passes it to the first program. */
    .section .text._start, "ax", @progbits
    .globl _start
_start:
    xorl %ebp, %ebp
    andq $-16, %rsp
    call syscallfuzz_main
    ud2
    .section .note.GNU-stack, "", @progbits
