/* SPDX-License-Identifier: ISC */
/*
 * Starting tests/ports/victim from the disk, and hearing from it. What it does is in its own file;
 * what both must agree on is here.
 */
#pragma once

#include <protocol/process.h>

#include <stdint.h>

#include <userlib/victims/victim.h>

/* A victim that was started. */
struct victim {
    uint32_t process;
    struct process_cap handle; /* owned */
};

/* Once: memory for the strings, and the endpoint that victims report to. */
enum status victims_prepare(void);

/* Start a victim that goes through the steps up to `step` and then does `act`. Its input is the
 * terminal, or `input` where that is not slot_null. */
enum status victim_start(
    uint32_t step, enum victim_act act, cap_slot input, struct victim *victim_out);

/* Wait until it says that it is as far as it gets; the reason if it says that something failed,
 * which stays valid until the next call. */
const char *victim_await_report(void);

/* Wait until a victim calls with a capability, which is left unanswered in SLOT_REPLY. Where the
 * capability is, or slot_null if something else came. */
cap_slot victim_await_call(void);

/* Whether nobody waits to be heard. */
bool victims_are_silent(void);

/* Wait for its end, which is what `wait` answers; the handle is gone afterwards. */
enum status victim_await_end(struct victim *victim, struct process_wait_reply *ending_out);
