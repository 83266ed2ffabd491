/* SPDX-License-Identifier: ISC */
/* The end of the kernel: a broken invariant, an exception inside the kernel, or a machine on which
 * it cannot run. */
#pragma once

#include <kernel/arch/registers.h>
#include <markers/markers.h>

/* Prints "ERIX_KERNEL:PANIC <what>", the place, a register dump and a bounded backtrace, and ends
 * with EXIT_KERNEL. Safe to call from anywhere; a panic inside a panic ends at once, without a
 * word. */
[[noreturn]] void panic_at(const char *what, const char *file, int line);

/* The same for an exception in kernel mode: "ERIX_KERNEL:EXCEPTION <name>". */
[[noreturn]] void panic_exception(const struct registers *registers, uint64_t fault_address);

/* The machine or the loader is at fault, not the kernel: prints the marker (one of
 * MARKER_KERNEL_REFUSED_*) with `detail` for people, nothing more, and ends with EXIT_KERNEL. */
[[noreturn]] void panic_refuse(enum marker marker, const char *detail);

#define panic(what) panic_at(what, __FILE__, __LINE__)

/* Programmer errors only, always on; never on what a user program or a device said. */
#define kassert(condition)                                                                         \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            panic_at("ASSERT:" #condition, __FILE__, __LINE__);                                    \
        }                                                                                          \
    } while (false)
