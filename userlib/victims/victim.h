/* SPDX-License-Identifier: ISC */
/* What the victim and who has it killed agree on. */
#pragma once

#include <stdint.h>

/* How a victim comes to its end, as its last argument. */
enum victim_act : uint32_t {
    VICTIM_EXIT,         /* with victim_exit_base + step */
    VICTIM_FAULT,        /* a write to the address step * 8, where nothing is */
    VICTIM_IDLE,         /* reports, then waits for its own notification */
    VICTIM_WAIT_TIME,    /* reports, then waits for a time that does not come */
    VICTIM_READ_KEY,     /* reports, then waits for a key */
    VICTIM_WAIT_PROCESS, /* reports, then waits for the end of the process that is its input */
    VICTIM_CALL,         /* calls with a capability, and is not answered */
    VICTIM_QUEUE,        /* reports, then calls somebody who does not receive */
    VICTIM_WORK,         /* reports, then uses files until somebody ends it */
    VICTIM_ACT_COUNT
};

/* What it writes. */
constexpr char victim_file[] = "/tmp/victim";

/* What it leaves when it called somebody who is gone then, with the next free number behind it. */
constexpr char victim_lost[] = "/tmp/lost-";

constexpr uint32_t victim_steps = 12;
constexpr int victim_exit_base = 100;
constexpr int victim_exit_failed = 99;
constexpr int victim_exit_lost = 98; /* who it called is gone */

/* The operation of VICTIM_CALL and VICTIM_QUEUE: of no protocol. */
constexpr uint16_t victim_call_operation = 0x01f0;
