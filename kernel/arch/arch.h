/* SPDX-License-Identifier: ISC */
/*
 * What the machine-dependent part offers to the rest of the kernel, and what it calls there.
 */
#pragma once

#include <abi/boot_handoff.h>
#include <abi/exit.h>

#include <stddef.h>
#include <stdint.h>

struct thread;

/* --- offered by kernel/arch --- */

/* Descriptor tables, system call entry, NX, SMEP, SMAP, UMIP, write protection, SSE. Refuses to go
 * on (panic) on a processor that lacks one of them. */
void arch_init_cpu(void);

/* Own page tables: kernel image W^X with guard pages around stacks, direct map of all RAM that the
 * handoff names (not executable; read-only where it shadows text and read-only data), device
 * pages uncached. Takes its table pages off the end of free regions of `handoff`, which it edits.
 */
void arch_init_memory(struct boot_handoff *handoff);

/* Local APIC on, legacy controllers off, every I/O APIC line masked, HPET counting. */
void arch_init_interrupts(const struct boot_platform *platform);

/* The kernel half (entries 256 to 511) of a top table: copied into every address space. The table
 * is cleared. */
void arch_fill_kernel_half(uint64_t *top_table);

/* Physical address of the kernel's own top table, used when no thread runs. */
uint64_t arch_kernel_table(void);

/* Does this physical range hold something that only the kernel may map (local and I/O APICs, HPET,
 * kernel image, page tables of arch_init_memory)? */
bool arch_is_reserved(uint64_t address, uint64_t size_bytes);

/* Nanoseconds since arch_init_interrupts, from the HPET. */
uint64_t arch_clock_read(void);

/* Interrupt `vector_timer` no later than when the clock reaches `deadline_ns` (UINT64_MAX: never).
 * A deadline in the past interrupts at once. */
void arch_clock_set_deadline(uint64_t deadline_ns);

constexpr uint32_t vector_timer = 0x20;
constexpr uint32_t vector_device_first = 0x30; /* device vectors: 0x30 to 0xef */
constexpr uint32_t vector_device_end = 0xf0;

/* Route a global interrupt number to a vector; masked until arch_line_unmask. False: no such line.
 */
bool arch_line_route(uint32_t interrupt, uint32_t vector, bool level, bool active_low);
void arch_line_mask(uint32_t interrupt);
void arch_line_unmask(uint32_t interrupt);

/* Address and data with which a device sends `vector` as a message. */
void arch_message_address(uint32_t vector, uint64_t *address_out, uint32_t *data_out);

void arch_end_of_interrupt(void);

/* True if an interrupt waits to be served: long operations stop and restart then. */
bool arch_interrupt_pending(void);

/* A fresh SSE state: 512 cleared bytes aligned to 16. */
void arch_fpu_init(void *state);

/* Text on COM1, polled. Nothing while silenced; a panic ends that. */
void arch_console_write(const char *text, size_t bytes);
void arch_console_silence(void);
void arch_console_unsilence(void);

/* Ends a test image with an exit class; in a runtime image it stops the processor. */
[[noreturn]] void arch_exit(enum exit_class exit_class);

/* --- called by kernel/arch, implemented in kernel/syscall and kernel/main.c --- */

/* Entry code has saved the registers of cpu_this()->current before each of these three. The first
 * also does what kernel_leave does. */
struct thread *kernel_handle_syscall(void);
void kernel_handle_fault(uint32_t vector, uint64_t error, uint64_t fault_address);
void kernel_handle_interrupt(uint32_t vector); /* also while idle; acknowledges by itself */

/* Chooses what runs next, switches address space, SSE state and entry stack, and returns the thread
 * whose registers entry code then restores (iretq, or sysretq if its vector is vector_syscall). May
 * halt the processor until there is a thread. */
struct thread *kernel_leave(void);

/* First C code of the kernel. */
[[noreturn]] void kernel_main(struct boot_handoff *handoff);

/* Leave the kernel for the first time (never returns). */
[[noreturn]] void arch_enter_user(void);

/* Where struct thread keeps its registers, for the entry code. */
constexpr uint32_t thread_registers_offset = 64;
