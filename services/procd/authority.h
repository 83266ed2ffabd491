/* SPDX-License-Identifier: ISC */
/* Endpoints that procd hands out: handles of processes, and the peers of programs of the disk. */
#pragma once

#include "procd.h"

constexpr uint32_t handle_rights_all = PROCESS_RIGHT_HANDLE_INSTALL | PROCESS_RIGHT_HANDLE_START |
                                       PROCESS_RIGHT_HANDLE_KILL | PROCESS_RIGHT_HANDLE_WAIT;
constexpr uint32_t handle_rights_launched = PROCESS_RIGHT_HANDLE_KILL | PROCESS_RIGHT_HANDLE_WAIT;

/* A handle of the process in a fresh slot. NOT_FOUND: procd's own endpoint is not registered yet.
 */
enum status authority_mint_handle(
    const struct procd *procd, uint32_t process, uint32_t rights, struct endpoint_cap *handle_out);

/*
 * Give the process what its row grants, out of what was registered. NOT_FOUND: a service is not
 * registered; UNSUPPORTED: no program of the disk can have that.
 */
enum status authority_grant_row(const struct procd *procd, struct process *process);
