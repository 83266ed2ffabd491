/* SPDX-License-Identifier: ISC */
/*
 * A stand-in is a test program that runs in the place of a service, with that service's row of
 * BootConfig: the harness puts its ELF file under the service's name into the boot image. It cannot
 * know which service that is, so it checks no contract and uses only what every row has.
 */
#pragma once

#include <abi/startup.h>

/* The stand-in. Log and slots are ready; what it returns becomes its exit code. */
int stand_in_main(const struct startup *startup);

/* Does nothing for ever; returns 1 if it cannot even do that. */
int stand_in_stay(void);
