/* SPDX-License-Identifier: ISC */
/* The end of the kernel: a broken invariant, or an exception inside the kernel. */
#pragma once

#include <kernel/arch/registers.h>

/* Prints ERIX_KERNEL:PANIC:<what>, the place, a register dump and a bounded backtrace, and ends with
 * EXIT_KERNEL. Safe to call from anywhere; a panic inside a panic stops the processor. */
[[noreturn]] void panic_at(const char *what, const char *file, int line);

/* The same for an exception in kernel mode: ERIX_KERNEL:EXCEPTION:<name>. */
[[noreturn]] void panic_exception(const struct registers *registers, uint64_t fault_address);

#define panic(what) panic_at(what, __FILE__, __LINE__)

/* Programmer errors only, always on; never on what a user program or a device said. */
#define kassert(condition) \
    do { \
        if (!(condition)) { \
            panic_at("ASSERT:" #condition, __FILE__, __LINE__); \
        } \
    } while (false)
