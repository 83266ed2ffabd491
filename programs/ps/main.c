/* SPDX-License-Identifier: ISC */
/* ps: list the processes. */
#include <erix/inspect.h>
#include <erix/program.h>
#include <err.h>
#include <stdio.h>

static const char help[] =
    "usage: ps\n"
    "List all processes: number, state, priority, memory in KiB, processor time in\n"
    "seconds, name.\n";

static const char *const state_names[ERIX_PROCESS_STATE_COUNT] = {
    [ERIX_PROCESS_STARTING] = "starting",
    [ERIX_PROCESS_RUNNING] = "running",
    [ERIX_PROCESS_WAITING] = "waiting",
    [ERIX_PROCESS_ENDED] = "ended",
};

static void print(const struct erix_process *process)
{
    bool known = process->state < ERIX_PROCESS_STATE_COUNT;
    (void)printf("%6llu  %-8s %8u %10llu %9llu.%03llu  %s\n", (unsigned long long)process->id,
        known ? state_names[process->state] : "?", process->priority,
        (unsigned long long)(process->memory_bytes / 1024),
        (unsigned long long)(process->processor_time_ns / 1'000'000'000),
        (unsigned long long)(process->processor_time_ns / 1'000'000 % 1000), process->name);
}

int main(int argc, char **argv)
{
    struct erix_process process;
    uint64_t cursor = 0;
    program_begin(argc, argv, help);
    if (argc > 1) {
        program_fail_usage();
    }
    (void)printf(
        "%6s  %-8s %8s %10s %13s  %s\n", "number", "state", "priority", "memory", "time", "name");
    int found = erix_process_next(&cursor, &process);
    for (; found > 0; found = erix_process_next(&cursor, &process)) {
        print(&process);
    }
    if (found < 0) {
        err(1, nullptr);
    }
    return program_end(false);
}
