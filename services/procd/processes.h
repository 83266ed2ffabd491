/* SPDX-License-Identifier: ISC */
/* The table of processes, and the outcomes of those that ended. Pure. */
#pragma once

#include <abi/object.h>
#include <abi/startup.h>
#include <abi/status.h>

#include <stdint.h>

constexpr uint32_t processes_max = 96;
constexpr uint32_t process_first_id = 256; /* below: rootd and what it starts itself, by role */
constexpr uint32_t process_outcomes_max = 128;

enum process_state : uint32_t {
    PROCESS_NONE = 0,
    PROCESS_PREPARED = 1, /* nothing runs yet */
    PROCESS_RUNNING = 2,
};

/* Objects of a process in procd's own space, in a run of slots. */
enum process_object : uint32_t {
    PROCESS_CSPACE,
    PROCESS_VSPACE,
    PROCESS_THREAD,
    PROCESS_IPC_BUFFER,
    PROCESS_STARTUP,
    PROCESS_OBJECT_COUNT
};

struct process {
    uint32_t id;
    enum process_state state;
    uint32_t role;
    uint32_t priority;
    uint32_t first_grant; /* of its row, for bootconfig_grant() */
    uint32_t grant_count;
    bool is_service;         /* of a launch row: its endpoint ends with it */
    bool is_adopted;         /* vspaced knows it */
    bool has_block;          /* memd's block behind it */
    uint32_t block;          /* memd's name of it */
    cap_slot memory;         /* owned: the block; slot_null: none */
    cap_slot first_object;   /* owned: run of PROCESS_OBJECT_COUNT slots; slot_null: none */
    struct startup *startup; /* its start-up block, mapped here for writing; nullptr: not yet */
    uint64_t memory_bytes;
    uint64_t entry;
};

/* How a process ended: the fields of wait() of protocol process. */
struct ending {
    uint32_t reason;
    uint32_t error_code;
    int64_t code;
    uint64_t address;
    uint64_t instruction_pointer;
};

struct process_outcome {
    uint32_t process;
    struct ending ending;
};

struct processes {
    uint32_t last_id;
    uint32_t outcome_count; /* ever */
    struct process table[processes_max];
    struct process_outcome outcomes[process_outcomes_max];
};

static inline cap_slot process_object(const struct process *process, enum process_object object)
{
    return process->first_object + object;
}

/* A new entry with an id that nobody had. NO_SLOT: there are too many. */
enum status processes_add(struct processes *processes, struct process **process_out);

/* How many there are. */
uint32_t processes_count(const struct processes *processes);

/* The process with this id, or nullptr. */
struct process *processes_find(struct processes *processes, uint32_t id);

/* The process with the lowest id that is at least `cursor`, or nullptr. */
struct process *processes_next(struct processes *processes, uint32_t cursor);

/* The entry is free again; the outcome, unless nullptr, is remembered for a while. */
void processes_remove(
    struct processes *processes, struct process *process, const struct process_outcome *outcome);

/* The outcome of an ended process; NOT_FOUND if it never was, or too many ended since. */
enum status processes_find_outcome(
    const struct processes *processes, uint32_t id, struct process_outcome *outcome_out);
