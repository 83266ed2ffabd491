/* SPDX-License-Identifier: ISC */
/* What the files of the fuzzer share. */
#pragma once

#include <abi/exit.h>
#include <abi/root_handoff.h>
#include <userlib/syscall.h>

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t worker_count = 5;
constexpr uint32_t calls_between_checkpoints = 200; /* of one worker: 1000 of all */
constexpr uint32_t arena_space_count = 3;
constexpr uint32_t arena_space_bits = 6;
constexpr uint32_t arena_slot_count = 1U << arena_space_bits;

/* Slots that every space of the arena has at first. */
enum arena_slot : cap_slot {
    ARENA_SPACES = 1, /* and two more */
    ARENA_UNTYPED = 4,
    ARENA_VSPACE = 5,
    ARENA_IRQ_CONTROL = 6,
    ARENA_PORTS = 7,
    ARENA_CLOCK = 8,
    ARENA_CONSOLE = 9,
    ARENA_KEPT_PORTS = 10,
    ARENA_DEVICE = 11,
    ARENA_WORKERS = 12,                          /* and the others behind it */
    ARENA_TABLES = ARENA_WORKERS + worker_count, /* and three behind it */
    ARENA_FIRST_OTHER = ARENA_TABLES + 4,
};

/* In a space of the first program, made once. */
enum own_slot : cap_slot {
    OWN_BLOCK = 7000, /* memory of what stays */
    OWN_ARENA,        /* memory of what goes with an episode */
    OWN_ENDPOINT,     /* faults of workers */
    OWN_PAGER,        /* worker_count badged copies */
    OWN_FAULT = OWN_PAGER + worker_count,
    OWN_REPLY = OWN_FAULT + worker_count, /* one for each worker, and one */
    OWN_BUFFER = OWN_REPLY + worker_count + 1,
    OWN_CHECKPOINT = OWN_BUFFER + worker_count, /* a page for each worker */
    OWN_PORTS = OWN_CHECKPOINT + worker_count,
    OWN_KEPT_PORTS,
    OWN_TABLES,
    OWN_SPACES = OWN_TABLES + 8, /* of the arena */
    OWN_WORKERS = OWN_SPACES + arena_space_count,
    OWN_SCRATCH = OWN_WORKERS + worker_count,
};

/* Two places for each worker, of which one is mapped: touching the other one is a checkpoint. */
constexpr uint64_t buffers_address = UINT64_C(0x60000000);
constexpr uint64_t checkpoints_address = UINT64_C(0x60100000);

/* --- table.c: what came of the calls --- */

void table_count(uint64_t number, enum object_kind kind, uint64_t operation, enum status status);
uint64_t table_calls(void);

/* False if something that can succeed never did. */
bool table_print(void);

void print_text(const char *text);
void print_number(uint64_t value);
void print_line(void);

/* --- arena.c: what the workers may destroy --- */

void arena_prepare(const struct root_handoff *handoff);
void arena_build(void);
void arena_destroy(void);
[[noreturn]] void fail(const char *what, uint64_t value);
void must(enum status status, const char *what);

/* --- calls.c: random calls --- */

void calls_seed(uint64_t seed);
void calls_forget(void); /* the arena was built anew */
[[noreturn]] void worker_main(uint64_t worker);
