/* SPDX-License-Identifier: ISC */
/* What entry.S offers to the descriptor tables, and what it calls in entry.c. */
#pragma once

#include <abi/boot_handoff.h>
#include <kernel/arch/registers.h>

/* Where `syscall` goes. */
extern const char entry_syscall[];

/* One stub for each of the 256 vectors, entry_stub_bytes apart. */
constexpr uint32_t entry_stub_bytes = 16;
extern const char entry_stubs[];

/* Below this vector: exceptions. From vector_ignored on: spurious interrupts, to which no answer is
 * due. */
constexpr uint32_t vector_exception_end = 32;
constexpr uint32_t vector_ignored = 0xf0;
constexpr uint32_t vector_page_fault = 14;

[[noreturn]] void entry_start(struct boot_handoff *handoff);
void entry_handle_user_trap(void);
void entry_handle_kernel_trap(const struct registers *registers);
