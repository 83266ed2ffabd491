/* SPDX-License-Identifier: ISC */
/*
 * One function for each thing that a program may not do. Its first instruction is the one that must
 * fault, so the address of the function is where the fault must be reported. rdi is the address that
 * the case is about. A function that returns was not stopped.
 */
.macro violation name
    .section .text.violation_\name, "ax", @progbits
    .global violation_\name
    .type violation_\name, @function
violation_\name:
.endm

/* --- memory --- */

violation read
    movb (%rdi), %al
    ret

violation write
    movb $0xc3, (%rdi)
    ret

/* The fault is at the target, where the processor would go on. */
violation jump
    jmp *%rdi

violation overflow_stack
    pushq %rax
    jmp violation_overflow_stack

/* --- what the processor tells about itself (UMIP) --- */

violation sgdt
    sgdt -16(%rsp)
    ret

violation sidt
    sidt -16(%rsp)
    ret

violation sldt
    sldt %eax
    ret

violation str
    str %eax
    ret

violation smsw
    smsw %eax
    ret

/* --- ports --- */

violation in8
    inb $0x80, %al
    ret

violation out8
    outb %al, $0x80
    ret

violation in32
    inl %dx, %eax
    ret

violation out32
    outl %eax, %dx
    ret

/* The device that ends test images. */
violation out_exit
    outb %al, $0xf4
    ret

/* --- registers of the processor --- */

violation rdmsr
    rdmsr
    ret

violation wrmsr
    wrmsr
    ret

violation rdpmc
    rdpmc
    ret

violation read_cr0
    movq %cr0, %rax
    ret

violation write_cr0
    movq %rax, %cr0
    ret

violation write_cr3
    movq %rax, %cr3
    ret

violation write_cr4
    movq %rax, %cr4
    ret

violation write_dr7
    movq %rax, %dr7
    ret

violation lgdt
    lgdt (%rdi)
    ret

violation lidt
    lidt (%rdi)
    ret

violation ltr
    ltr %ax
    ret

violation invlpg
    invlpg (%rdi)
    ret

violation wbinvd
    wbinvd
    ret

violation clts
    clts
    ret

violation swapgs
    swapgs
    ret

/* --- interrupts and the way into the kernel --- */

violation cli
    cli
    ret

violation sti
    sti
    ret

violation hlt
    hlt
    ret

violation int_syscall
    int $0x80
    ret

/* Vector of the timer: a program must not be able to play an interrupt. */
violation int_timer
    int $0x20
    ret

violation int_page_fault
    int $0x0e
    ret

violation sysenter
    sysenter
    ret

violation sysret
    sysretq

violation invalid
    ud2
    ret

violation divide
    divl %edi
    ret

.section .note.GNU-stack, "", @progbits
