/* SPDX-License-Identifier: ISC */
/* State of one processor. */
#pragma once

#include <kernel/arch/instructions.h>
#include <kernel/arch/registers.h>

#include <stddef.h>
#include <stdint.h>

struct thread;
struct vspace;

/* The task state segment begins at `reserved_0`: its 64-bit members lie at odd multiples of 4. */
struct task_segment {
    uint32_t padding;
    uint32_t reserved_0;
    uint64_t rsp[3];
    uint64_t reserved_1;
    uint64_t interrupt_stacks[7];
    uint64_t reserved_2;
    uint16_t reserved_3;
    uint16_t port_map_offset; /* at the limit: no ports for user mode */
};

constexpr uint16_t task_segment_bytes = 104;
static_assert(sizeof(struct task_segment) == 4 + task_segment_bytes + 4);
static_assert(offsetof(struct task_segment, port_map_offset) == 4 + 102);

/* Reached through gs in the kernel. Assembly knows the offsets of the first three members. */
struct cpu {
    struct thread *current; /* whose registers entry code saves; never nullptr once user code ran */
    uint64_t kernel_stack;  /* top of this processor's kernel stack */
    uint64_t scratch;       /* user stack pointer during entry */
    struct cpu *self;
    uint32_t index;
    struct vspace *vspace;    /* whose tables are loaded; nullptr: the kernel's own */
    struct thread *fpu_owner; /* whose SSE state is in the registers; nullptr: nobody's */
    uint64_t table_loads;     /* how often the tables of an address space were loaded */
    struct task_segment task;
};

static_assert(offsetof(struct cpu, current) == 0);
static_assert(offsetof(struct cpu, kernel_stack) == 8);
static_assert(offsetof(struct cpu, scratch) == 16);

extern struct cpu cpu_boot;

static inline struct cpu *cpu_this(void)
{
    return &cpu_boot;
}

/* The processor pushes interrupt frames there: the end of the running thread's register block. */
static inline void cpu_set_entry_stack(struct cpu *cpu, uint64_t address)
{
    cpu->task.rsp[0] = address;
}
