/* SPDX-License-Identifier: ISC */
/* Tables of words. */
#include <lib/fault/fault.h>

constexpr uint64_t error_write = 2;
constexpr uint64_t error_execute = 16;

static const char *const names[] = {
    [0] = "division error",
    [1] = "debug trap",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound exceeded",
    [6] = "invalid instruction",
    [7] = "no coprocessor",
    [10] = "invalid task segment",
    [11] = "segment not present",
    [12] = "stack segment fault",
    [13] = "general protection fault",
    [14] = "page fault",
    [16] = "floating-point error",
    [17] = "unaligned access",
    [19] = "vector floating-point error",
    [21] = "control protection fault",
};

const char *fault_name(uint64_t vector)
{
    const char *name = vector < sizeof names / sizeof names[0] ? names[vector] : nullptr;
    return name == nullptr ? "unknown fault" : name;
}

const char *fault_access(uint64_t error_code)
{
    if ((error_code & error_execute) != 0) {
        return "execution at";
    }
    return (error_code & error_write) != 0 ? "write to" : "read of";
}
