/* SPDX-License-Identifier: ISC */
/*
 * The life of a program before and after its own code. The entry point checks the start-up block,
 * then calls program_main(): a service defines it; for a program with a main() the C library does.
 */
#pragma once

#include <abi/startup.h>
#include <abi/status.h>

#include <stdint.h>

/* The program. `startup` stays valid, and has been checked. The result is the exit code. */
int program_main(const struct startup *startup);

/* The checked start-up block. */
const struct startup *program_startup(void);

/* The row of a capability by its name in the manifest; nullptr also if the image lacks the peer. */
const struct startup_slot *program_startup_slot(const char *name);

/*
 * Compare a start-up block, and the capabilities that the kernel reports, with the contract of this
 * program. OK, or CONTRACT_INVALID with *reason_out naming the breach (a string constant).
 */
enum status program_check_contract(const struct startup *startup, const char **reason_out);
