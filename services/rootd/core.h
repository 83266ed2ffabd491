/* SPDX-License-Identifier: ISC */
/* Starting a program without procd: for the services that procd itself needs. */
#pragma once

#include <abi/root_handoff.h>
#include <lib/bootconfig/bootconfig.h>

#include "rootd.h"

/*
 * Make the row's program out of its module and let it run. Everything is mapped at once: image,
 * stack, start-up block. On failure *reason_out says what failed.
 */
enum status core_launch(const struct bootconfig_launch *launch, const struct root_module *module,
    struct row *row, const char **reason_out);

/* The address space of the program that was launched last. */
struct address_space_cap core_last_space(void);
