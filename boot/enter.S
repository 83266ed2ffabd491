/* SPDX-License-Identifier: ISC */
/*
 * enter_jump (enter.h). Called in the Microsoft convention: rcx points to the request. Everything is
 * in registers before CR3 changes, since only this page is mapped on both sides. Aligned to more than
 * its size, so that it cannot cross a page.
 */

        .set    efer, 0xc0000080
        .set    efer_no_execute, 1 << 11
        .set    cr0_write_protect, 1 << 16
        .set    cr4_global_pages, 1 << 7
        .set    cr4_context_ids, 1 << 17

        .text
        .balign 128
        .globl  enter_jump
enter_jump:
        cli
        cld
        movq    0(%rcx), %r10           /* top table */
        movq    8(%rcx), %r11           /* entry */
        movq    16(%rcx), %r8           /* end of the stack */
        movq    24(%rcx), %rdi          /* handoff */

        movl    $efer, %ecx             /* NX bits are reserved bits until this is set */
        rdmsr
        orl     $efer_no_execute, %eax
        wrmsr

        movq    %cr4, %rax              /* drops firmware's global translations */
        andq    $~(cr4_global_pages | cr4_context_ids), %rax
        movq    %rax, %cr4
        movq    %r10, %cr3

        movq    %cr0, %rax              /* read-only pages are so for the kernel too */
        orq     $cr0_write_protect, %rax
        movq    %rax, %cr0

        movq    %r8, %rsp
        xorl    %ebp, %ebp
        pushq   $0                      /* no return address */
        jmpq    *%r11

        .globl  enter_jump_end
enter_jump_end:
        .if     enter_jump_end - enter_jump > 128
        .error  "enter_jump may cross a page"
        .endif
