/* SPDX-License-Identifier: ISC */
/* The table of processes: ids, order, exhaustion, outcomes. */
#include <lib/testing/check.h>

#include "../processes.h"

static struct processes processes;

static void test_ids_are_never_used_again(void)
{
    processes = (struct processes){};
    struct process *process = nullptr;
    CHECK(processes_add(&processes, &process) == STATUS_OK);
    const uint32_t first = process->id;
    CHECK_EQUAL(first, process_first_id);
    processes_remove(&processes, process, nullptr);
    CHECK(processes_find(&processes, first) == nullptr);
    CHECK(processes_add(&processes, &process) == STATUS_OK);
    CHECK_EQUAL(process->id, first + 1);
}

static void test_walk_in_order_of_ids(void)
{
    processes = (struct processes){};
    struct process *process = nullptr;
    for (uint32_t count = 0; count < processes_max; count++) {
        CHECK(processes_add(&processes, &process) == STATUS_OK);
    }
    CHECK(processes_add(&processes, &process) == STATUS_NO_SLOT);
    processes_remove(&processes, processes_find(&processes, process_first_id + 3), nullptr);
    CHECK(processes_add(&processes, &process) == STATUS_OK);
    uint32_t count = 0;
    uint32_t last = 0;
    for (process = processes_next(&processes, 0); process != nullptr;
        process = processes_next(&processes, process->id + 1)) {
        CHECK(process->id > last);
        last = process->id;
        count++;
    }
    CHECK_EQUAL(count, processes_max);
}

static void test_outcomes_are_kept_for_a_while(void)
{
    processes = (struct processes){};
    struct process_outcome outcome = {};
    CHECK(processes_find_outcome(&processes, process_first_id, &outcome) == STATUS_NOT_FOUND);
    for (uint32_t count = 0; count <= process_outcomes_max; count++) {
        struct process *process = nullptr;
        CHECK(processes_add(&processes, &process) == STATUS_OK);
        outcome = (struct process_outcome){
            .process = process->id, .ending = {.reason = 1, .code = count}};
        processes_remove(&processes, process, &outcome);
    }
    CHECK(processes_find_outcome(&processes, process_first_id, &outcome) == STATUS_NOT_FOUND);
    CHECK(processes_find_outcome(&processes, process_first_id + 1, &outcome) == STATUS_OK);
    CHECK_EQUAL(outcome.ending.code, 1);
    CHECK(processes_find_outcome(&processes, processes.last_id, &outcome) == STATUS_OK);
    CHECK_EQUAL(outcome.ending.code, process_outcomes_max);
}

int main(void)
{
    TEST(test_ids_are_never_used_again);
    TEST(test_walk_in_order_of_ids);
    TEST(test_outcomes_are_kept_for_a_while);
    return check_report();
}
