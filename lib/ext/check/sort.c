/* SPDX-License-Identifier: ISC */
/*
 * Sorting in place, without recursion and never in quadratic time: a heap.
 */
#include "check.h"

static void sink(uint64_t *values, uint32_t at, uint32_t count)
{
    while (2 * (uint64_t)at + 1 < count) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < count && values[child + 1] > values[child]) {
            child++;
        }
        if (values[child] <= values[at]) {
            return;
        }
        uint64_t value = values[at];
        values[at] = values[child];
        values[child] = value;
        at = child;
    }
}

void ext_check_sort(uint64_t *values, uint32_t count)
{
    for (uint32_t at = count / 2; at > 0; at--) {
        sink(values, at - 1, count);
    }
    for (uint32_t end = count; end > 1; end--) {
        uint64_t greatest = values[0];
        values[0] = values[end - 1];
        values[end - 1] = greatest;
        sink(values, 0, end - 1);
    }
}
