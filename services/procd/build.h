/* SPDX-License-Identifier: ISC */
/* Making a process out of an ELF file, and taking it apart. */
#pragma once

#include "procd.h"

/* What a process is made of; all pointers are borrowed for the call. */
struct build_request {
    const struct bootconfig_authority *authority;
    const uint8_t *file; /* nobody else changes it meanwhile */
    uint64_t file_bytes;
    uint32_t strings_bytes; /* room behind the start-up block */
};

/*
 * A prepared process: its own objects, image and start-up block are in place; the capabilities of
 * its row come by build_install(). On failure nothing is left. Errors: those of the file,
 * NO_MEMORY, NO_SLOT, TOO_LARGE.
 */
enum status build_process(
    struct procd *procd, const struct build_request *request, struct process **process_out);

/* Put a capability into the slot of a grant of the process's row and announce it; takes it on
 * success. CONTRACT_INVALID: of another kind than declared; BUSY: it runs already. */
enum status build_install(
    struct process *process, const struct bootconfig_grant *grant, cap_slot given_take);

/* Let it run. The endpoints of pagerd and of procd itself must be registered. */
enum status build_start(struct procd *procd, struct process *process);

/* Nothing is left of the process, running or half made, but its entry in the table. */
void build_discard(struct process *process);
