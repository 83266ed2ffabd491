/* SPDX-License-Identifier: ISC */
/* The kernel of host tests: a function of the test instead of the instruction. */
#pragma once

#include <abi/startup.h>
#include <abi/syscall.h>

#include <stdint.h>

struct syscall_registers {
    uint64_t target;
    uint64_t tag;
    uint64_t words[4];
};

extern struct ipc_buffer fake_ipc_buffer;

enum status syscall_enter(enum syscall number, struct syscall_registers *registers);

static inline struct ipc_buffer *syscall_ipc_buffer(void)
{
    return &fake_ipc_buffer;
}
