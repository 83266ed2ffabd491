/* SPDX-License-Identifier: ISC */
/*
 * For verifiers: processes made of a few instructions, each of which does one thing and ends. Their
 * ELF files are made at run time, so each can be asked for something else; no image contains them.
 */
#pragma once

#include <protocol/process.h>
#include <userlib/shared_memory.h>

#include <stdint.h>

enum child_act : uint64_t {
    CHILD_EXIT = 0,    /* exit with `value` */
    CHILD_READ = 1,    /* exit with the eight bytes at `address` */
    CHILD_WRITE = 2,   /* write `value` to `address`, exit with `value` */
    CHILD_STAY = 3,    /* write `value` to `address`, then live until somebody ends it */
    CHILD_DIVIDE = 4,  /* divide by zero */
    CHILD_INVALID = 5, /* an instruction that is none */
};

struct child_order {
    const char *name; /* of the process, shorter than startup_name_bytes */
    enum child_act act;
    uint64_t address;
    uint64_t value;
};

struct child {
    uint32_t process;          /* id */
    struct process_cap handle; /* owned until child_wait(); rights kill and wait */
};

/* What makes children. */
struct child_maker {
    struct process_cap procd;   /* with the right launch */
    struct shared_memory image; /* owned */
};

/* The cap to vspaced needs the right map. Errors of shared_memory_make(). */
enum status child_maker_init(
    struct child_maker *maker_out, struct process_cap procd, struct vspace_cap vspaced);

/* A process that does as ordered runs. Errors of process.launch. */
enum status child_start(
    struct child_maker *maker, const struct child_order *order, struct child *child_out);

/* Wait for its end, and delete the handle. Errors of process.wait. */
enum status child_wait(struct child *child, struct process_wait_reply *ending_out);
