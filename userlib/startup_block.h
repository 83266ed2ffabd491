/* SPDX-License-Identifier: ISC */
/* Writing the start-up block of a program (abi/startup.h), grant by grant. For launchers. Pure. */
#pragma once

#include <abi/startup.h>
#include <lib/bootconfig/bootconfig.h>

/* A block without strings and streams. Grants that take a number of slots that is known later are
 * announced with none. `startup` has room for sizeof(struct startup). */
void startup_block_init(struct startup *startup, const struct bootconfig *config,
    const struct bootconfig_authority *authority, uint32_t process_id);

/*
 * Announce one capability of the grant. *slot_out is where it belongs in the program's space: for a
 * grant of several slots the next one. TOO_LARGE: all its slots are filled, or the block is full.
 */
enum status startup_block_add(
    struct startup *startup, const struct bootconfig_grant *grant, cap_slot *slot_out);
