/* SPDX-License-Identifier: ISC */
/* The end in a runtime image: nobody to report to, so the processor stops. */
#include <kernel/arch/arch.h>

[[noreturn]] void arch_exit(enum exit_class)
{
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}
