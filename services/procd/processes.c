/* SPDX-License-Identifier: ISC */
/* Entries are found by walking the table, which is short. */
#include "processes.h"

static_assert(process_first_id > 255); /* the greatest role */

enum status processes_add(struct processes *processes, struct process **process_out)
{
    for (uint32_t index = 0; index < processes_max; index++) {
        struct process *process = &processes->table[index];
        if (process->state == PROCESS_NONE) {
            processes->last_id =
                processes->last_id < process_first_id ? process_first_id : processes->last_id + 1;
            *process = (struct process){.id = processes->last_id, .state = PROCESS_PREPARED};
            *process_out = process;
            return STATUS_OK;
        }
    }
    return STATUS_NO_SLOT;
}

uint32_t processes_count(const struct processes *processes)
{
    uint32_t count = 0;
    for (uint32_t index = 0; index < processes_max; index++) {
        count += processes->table[index].state != PROCESS_NONE ? 1 : 0;
    }
    return count;
}

struct process *processes_find(struct processes *processes, uint32_t id)
{
    struct process *process = processes_next(processes, id);
    return process != nullptr && process->id == id ? process : nullptr;
}

struct process *processes_next(struct processes *processes, uint32_t cursor)
{
    struct process *next = nullptr;
    for (uint32_t index = 0; index < processes_max; index++) {
        struct process *process = &processes->table[index];
        if (process->state != PROCESS_NONE && process->id >= cursor &&
            (next == nullptr || process->id < next->id)) {
            next = process;
        }
    }
    return next;
}

void processes_remove(
    struct processes *processes, struct process *process, const struct process_outcome *outcome)
{
    if (outcome != nullptr) {
        processes->outcomes[processes->outcome_count++ % process_outcomes_max] = *outcome;
    }
    *process = (struct process){};
}

enum status processes_find_outcome(
    const struct processes *processes, uint32_t id, struct process_outcome *outcome_out)
{
    const uint32_t kept = processes->outcome_count < process_outcomes_max ? processes->outcome_count
                                                                          : process_outcomes_max;
    for (uint32_t index = 0; index < kept; index++) {
        if (processes->outcomes[index].process == id) {
            *outcome_out = processes->outcomes[index];
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}
