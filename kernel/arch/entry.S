/* SPDX-License-Identifier: ISC */
/*
 * Every way into the kernel and out of it.
 *
 * From user mode the registers go straight into the register block of the current thread; then the
 * kernel runs on the processor's one kernel stack, which is empty. `swapgs` makes gs the address of
 * struct cpu.
 *   - `syscall` (entry_syscall) leaves rip in rcx and rflags in r11 and changes no stack. The block's
 *     selectors and error are as registers_start or the last interrupt left them; rcx and r11 are
 *     lost by contract.
 *   - Interrupts and exceptions: the processor itself pushes into the end of the block (task state
 *     segment, rsp0).
 * In kernel mode an exception is the kernel's end, and interrupts come only while it halts for lack
 * of work. NMI, double fault and machine check have stacks of their own, touch nothing of gs, and
 * are the end as well.
 *
 * Interrupts are off from the first instruction to the last. DF, AC, TF, NT and IOPL are cleared on
 * each way in: for `syscall` by the flag mask, else by the processor, cld and clac.
 */
#include "entry_offsets.h"

#define THREAD(offset) (OFFSET_THREAD_REGISTERS + (offset))

.section .text.entry, "ax", @progbits

/* From the loader: rdi is the handoff. */
.global entry_boot
.type entry_boot, @function
entry_boot:
    leaq stacks + ENTRY_GUARDED_STACK_BYTES(%rip), %rsp
    xorl %ebp, %ebp
    call entry_start
    ud2

.balign 64
.global entry_syscall
.type entry_syscall, @function
entry_syscall:
    swapgs
    movq %rsp, %gs:OFFSET_CPU_SCRATCH
    movq %gs:OFFSET_CPU_CURRENT, %rsp
    movq %rax, THREAD(OFFSET_RAX)(%rsp)
    movq %rdi, THREAD(OFFSET_RDI)(%rsp)
    movq %rsi, THREAD(OFFSET_RSI)(%rsp)
    movq %rdx, THREAD(OFFSET_RDX)(%rsp)
    movq %r10, THREAD(OFFSET_R10)(%rsp)
    movq %r8, THREAD(OFFSET_R8)(%rsp)
    movq %r9, THREAD(OFFSET_R9)(%rsp)
    movq %rbx, THREAD(OFFSET_RBX)(%rsp)
    movq %rbp, THREAD(OFFSET_RBP)(%rsp)
    movq %r12, THREAD(OFFSET_R12)(%rsp)
    movq %r13, THREAD(OFFSET_R13)(%rsp)
    movq %r14, THREAD(OFFSET_R14)(%rsp)
    movq %r15, THREAD(OFFSET_R15)(%rsp)
    movq %rcx, THREAD(OFFSET_RIP)(%rsp)
    movq %r11, THREAD(OFFSET_RFLAGS)(%rsp)
    movq $ENTRY_VECTOR_SYSCALL, THREAD(OFFSET_VECTOR)(%rsp)
    movq %gs:OFFSET_CPU_SCRATCH, %rax
    movq %rax, THREAD(OFFSET_RSP)(%rsp)
    movq %gs:OFFSET_CPU_KERNEL_STACK, %rsp
    call kernel_handle_syscall
    /* falls through */

/* Out of the kernel: to the thread in rax, by the way it came in. */
entry_leave_to:
    cmpl $ENTRY_VECTOR_SYSCALL, THREAD(OFFSET_VECTOR)(%rax)
    jne entry_leave_by_iret
    movq THREAD(OFFSET_RDI)(%rax), %rdi
    movq THREAD(OFFSET_RSI)(%rax), %rsi
    movq THREAD(OFFSET_RDX)(%rax), %rdx
    movq THREAD(OFFSET_R10)(%rax), %r10
    movq THREAD(OFFSET_R8)(%rax), %r8
    movq THREAD(OFFSET_R9)(%rax), %r9
    movq THREAD(OFFSET_RBX)(%rax), %rbx
    movq THREAD(OFFSET_RBP)(%rax), %rbp
    movq THREAD(OFFSET_R12)(%rax), %r12
    movq THREAD(OFFSET_R13)(%rax), %r13
    movq THREAD(OFFSET_R14)(%rax), %r14
    movq THREAD(OFFSET_R15)(%rax), %r15
    movq THREAD(OFFSET_RIP)(%rax), %rcx /* canonical: see user_address_end */
    movq THREAD(OFFSET_RFLAGS)(%rax), %r11
    movq THREAD(OFFSET_RSP)(%rax), %rsp
    movq THREAD(OFFSET_RAX)(%rax), %rax
    swapgs
    sysretq

/* To the thread that kernel_leave chooses. */
entry_leave:
    call kernel_leave
    jmp entry_leave_to

entry_leave_by_iret:
    leaq THREAD(0)(%rax), %rsp
    swapgs
    jmp entry_pop_all

/* The first time out: there is no way in to return from. */
.global arch_enter_user
.type arch_enter_user, @function
arch_enter_user:
    movq %gs:OFFSET_CPU_KERNEL_STACK, %rsp
    xorl %ebp, %ebp
    jmp entry_leave

.macro push_all
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    cld
    clac
.endm

/* Vector and error code have been pushed. */
entry_trap:
    testb $3, (OFFSET_CS - OFFSET_VECTOR)(%rsp)
    jz entry_trap_in_kernel
    swapgs
    push_all
    movq %gs:OFFSET_CPU_KERNEL_STACK, %rsp
    xorl %ebp, %ebp
    call entry_handle_user_trap
    jmp entry_leave

entry_trap_in_kernel:
    push_all
    movq %rsp, %rdi
    call entry_handle_kernel_trap
entry_pop_all:
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    addq $16, %rsp /* vector, error */
    iretq

entry_fatal:
    push_all
    movq %rsp, %rdi
    movq %cr2, %rsi
    call panic_exception
    ud2

/* One stub of ENTRY_STUB_BYTES for each vector. Where `with_error` is 1 the processor has pushed an
 * error code (Intel SDM volume 3, 6.13). */
.macro stub vector, with_error, target
    .balign ENTRY_STUB_BYTES
    .if \with_error == 0
    pushq $0
    .endif
    pushq $\vector
    jmp \target
.endm

.balign ENTRY_STUB_BYTES
.global entry_stubs
entry_stubs:
    stub 0, 0, entry_trap
    stub 1, 0, entry_trap
    stub 2, 0, entry_fatal
    stub 3, 0, entry_trap
    stub 4, 0, entry_trap
    stub 5, 0, entry_trap
    stub 6, 0, entry_trap
    stub 7, 0, entry_trap
    stub 8, 1, entry_fatal
    stub 9, 0, entry_trap
    stub 10, 1, entry_trap
    stub 11, 1, entry_trap
    stub 12, 1, entry_trap
    stub 13, 1, entry_trap
    stub 14, 1, entry_trap
    stub 15, 0, entry_trap
    stub 16, 0, entry_trap
    stub 17, 1, entry_trap
    stub 18, 0, entry_fatal
    stub 19, 0, entry_trap
    stub 20, 0, entry_trap
    stub 21, 1, entry_trap
    stub 22, 0, entry_trap
    stub 23, 0, entry_trap
    stub 24, 0, entry_trap
    stub 25, 0, entry_trap
    stub 26, 0, entry_trap
    stub 27, 0, entry_trap
    stub 28, 0, entry_trap
    stub 29, 1, entry_trap
    stub 30, 1, entry_trap
    stub 31, 0, entry_trap
.altmacro
.set vector, 32
.rept 256 - 32
    stub %vector, 0, entry_trap
    .set vector, vector + 1
.endr
.balign ENTRY_STUB_BYTES

.section .note.GNU-stack, "", @progbits
