/* SPDX-License-Identifier: ISC */
/*
 * The one instruction that enters the kernel, and the page that both share. Tests on a host put
 * another file of this name before it, and so another kernel.
 */
#pragma once

#include <abi/startup.h>
#include <abi/syscall.h>

#include <stdint.h>

/* The registers that a system call takes and gives back. */
struct syscall_registers {
    uint64_t target;   /* rdi: slot; on return the badge of a received message */
    uint64_t tag;      /* rsi: message tag or operation number */
    uint64_t words[4]; /* rdx r10 r8 r9 */
};

static inline enum status syscall_enter(enum syscall number, struct syscall_registers *registers)
{
    register uint64_t word1 __asm__("r10") = registers->words[1];
    register uint64_t word2 __asm__("r8") = registers->words[2];
    register uint64_t word3 __asm__("r9") = registers->words[3];
    uint64_t result = number;
    __asm__ volatile("syscall"
        : "+a"(result), "+D"(registers->target), "+S"(registers->tag), "+d"(registers->words[0]),
        "+r"(word1), "+r"(word2), "+r"(word3)
        :
        : "rcx", "r11", "memory");
    registers->words[1] = word1;
    registers->words[2] = word2;
    registers->words[3] = word3;
    return (enum status)(int32_t)result;
}

/* The thread's IPC buffer: at the same address in every program. */
static inline struct ipc_buffer *syscall_ipc_buffer(void)
{
    return (struct ipc_buffer *)ipc_buffer_address; // NOLINT(performance-no-int-to-ptr)
}
