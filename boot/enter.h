/* SPDX-License-Identifier: ISC */
/* The last instructions of the loader: from firmware's address space into the kernel's. */
#pragma once

#include <stdint.h>

struct enter_request {
    uint64_t top_table; /* physical; maps everything below and the page of enter_jump itself */
    uint64_t entry;     /* virtual, as the next two */
    uint64_t stack_end; /* 16-byte aligned */
    uint64_t handoff;
};

static_assert(sizeof(struct enter_request) == 32); /* enter.S reads it by offset */

/*
 * Enters the kernel as a function of the System V ABI with `handoff` as its argument and no return:
 * interrupts off, EFER.NXE and CR0.WP on, CR4.PGE and CR4.PCIDE off. Boot services are left.
 */
[[noreturn]] void enter_jump(const struct enter_request *request);

/* One past enter_jump's last byte. All of it lies in one page. */
extern const uint8_t enter_jump_end[];
