/* SPDX-License-Identifier: ISC */
/*
 * What the files of kernelbench share. It stands in rootd's place in a boot image, so that nothing
 * else runs; with one tick an instruction (icount shift=0) the figures are exact and repeat.
 *
 * A figure that is measured in batches is a line
 *
 *     ERIX_KERNEL:BENCH NAME minimum median maximum single loads
 *
 * of instructions: of fifteen batches, of the cheapest of 32 single shots, and how often the tables
 * of an address space were loaded. A single figure is a line with NAME and the figure alone.
 */
#pragma once

#include <abi/exit.h>
#include <abi/root_handoff.h>
#include <userlib/syscall.h>

#include <stddef.h>
#include <stdint.h>

constexpr cap_slot slot_base = 7000;
constexpr cap_slot slot_endpoint = slot_base + 1;
constexpr cap_slot slot_reply = slot_base + 2;
constexpr cap_slot slot_vspace = slot_base + 3;
constexpr cap_slot slot_thread = slot_base + 4;
constexpr cap_slot slot_notification = slot_base + 5;
constexpr cap_slot slot_pager = slot_base + 6;
constexpr cap_slot slot_scratch = slot_base + 7;
constexpr cap_slot slot_watcher = slot_base + 8;
constexpr cap_slot slot_alarm = slot_base + 9;
constexpr cap_slot slot_large_space = slot_base + 10;
constexpr cap_slot slot_block = slot_base + 11;
constexpr cap_slot slot_frames = slot_base + 16;
constexpr cap_slot slot_tables = slot_base + 128;
constexpr cap_slot slot_small_untyped = slot_base + 200;
constexpr cap_slot slot_carried = slot_base + 201; /* four of them */
constexpr cap_slot slot_arrived = slot_base + 205; /* and four */
constexpr cap_slot slot_others = slot_base + 300;

constexpr uint64_t partner_stack = UINT64_C(0x20000000); /* also mapped here, for a partner here */
constexpr uint64_t watcher_stack = UINT64_C(0x20010000);
constexpr uint64_t fault_address_area = UINT64_C(0x30000000);
constexpr uint64_t copy_window = UINT64_C(0x40000000);
constexpr uint64_t window = UINT64_C(0x50000000);
constexpr uint64_t window_stack_bytes = 4 * 4096;

static const struct cspace_cap own_cspace = {ROOT_SLOT_CSPACE};
static const struct address_space_cap own_vspace = {ROOT_SLOT_VSPACE};

static inline uint64_t ticks(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* --- output.c --- */

void say_figures(const char *name, const uint64_t *figures, uint32_t count);
void say_figure(const char *name, uint64_t figure);

/* Ends the machine. */
[[noreturn]] void finish(enum exit_class exit_class);

/* Ends it with word of what failed, unless the status is OK. */
void must(enum status status, const char *what);

/* --- objects.c --- */

/* What objects are made of. */
extern struct untyped_cap memory;

void find_memory(const struct root_handoff *handoff);
void make(enum object_kind kind, uint32_t bits, cap_slot slot);
void make_many(enum object_kind kind, uint32_t count, cap_slot first_slot);
void copy_cap(cap_slot source, cap_slot target);
void delete_cap(cap_slot slot);

/* Makes the tables that are missing. */
void map(struct address_space_cap vspace, cap_slot frame, uint64_t address, uint16_t rights);

/* The partner's own address space, in slot_vspace: a copy of this image, and a stack. There is a
 * stack at the same place in this one, and one for the watcher. */
void make_partner_space(void);

struct partner {
    void (*entry)(uint64_t);
    uint32_t priority;
    bool is_here; /* in this address space instead of its own */
    bool has_pager;
};

/* Runs in slot_thread, or in slot_watcher. */
void make_partner(const struct partner *partner);
void make_watcher(void (*entry)(uint64_t), uint32_t priority);
void end_partner(void);

/* --- operations.c --- */

void measure_operations(void);

/* --- stretches.c --- */

/* How long the kernel keeps interrupts off, at the longest. */
void measure_stretches(void);
