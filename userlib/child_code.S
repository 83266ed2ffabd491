/* SPDX-License-Identifier: ISC */
/*
 * What a child does: one act, then its end. It never runs from here; child.c copies it into an ELF
 * file and fills in the order: act, address, value. Acts and system calls are numbers of child.h and
 * abi/syscall.h, which child.c compares.
 */
    .section .rodata.child, "a", @progbits
    .globl child_code, child_code_order, child_code_end
    .balign 8
child_code:
    movq child_code_order(%rip), %rax
    movq child_code_order + 8(%rip), %rcx
    movq child_code_order + 16(%rip), %rdx
    cmpl $1, %eax
    je 1f
    cmpl $2, %eax
    je 2f
    cmpl $3, %eax
    je 3f
    cmpl $4, %eax
    je 4f
    cmpl $5, %eax
    je 5f
0:
    movl $13, %eax /* SYSCALL_EXIT */
    syscall
    jmp 0b
1:
    movq (%rcx), %rdx
    jmp 0b
2:
    movq %rdx, (%rcx)
    jmp 0b
3:
    movq %rdx, (%rcx)
6:
    movl $12, %eax /* SYSCALL_YIELD */
    syscall
    jmp 6b
4:
    xorl %edx, %edx
    xorl %ecx, %ecx
    divl %ecx
5:
    ud2
    .balign 8
child_code_order:
    .quad 0, 0, 0
child_code_end:
