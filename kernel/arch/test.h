/* SPDX-License-Identifier: ISC */
/* What only test images contain: proof that the protections of kernel/arch hold. */
#pragma once

#include <abi/provocation.h>

#include <stdint.h>

/* Walks the kernel's half of the address space and counts the entries that break an invariant of
 * paging.c: writable and executable, for user mode, not global, executable outside the text,
 * read-only data or text that is writable somewhere, a guard page that is mapped. */
uint32_t arch_check_memory(void);

/* Does it. Returns, without effect, for an unknown number; otherwise only if a protection failed.
 */
void arch_provoke(enum provocation provocation, uint64_t address);
