/* SPDX-License-Identifier: ISC */
/* The capability for a grant of BootConfig, out of what rootd has. */
#pragma once

#include <lib/bootconfig/bootconfig.h>
#include <userlib/capability.h>

/* Whose grant it is. */
struct grant_target {
    uint32_t role;
    uint32_t process;
};

/* Takes over one capability of a grant: owns it on OK, leaves it on failure. */
typedef enum status grant_taker(
    void *self, uint32_t grant_index, const struct bootconfig_grant *grant, cap_slot given_take);

/*
 * Obtain everything that the grant asks for and pass each capability to `taker`. What the launcher
 * makes by itself (own space, reply objects) is left out. NOT_FOUND: there is no such service or
 * module.
 */
enum status grants_fulfil(const struct grant_target *target, uint32_t grant_index,
    const struct bootconfig_grant *grant, grant_taker *taker, void *self);

/* Has the program of the row an endpoint? All but verifiers that serve nobody: they end, and
 * nothing of theirs may be left then. */
bool grants_has_endpoint(const struct bootconfig_launch *launch);

/* An endpoint of a service for rootd itself. NOT_FOUND: there is no row of that role. */
enum status grants_mint_for_self(uint32_t role, uint32_t protocol_rights, struct endpoint_cap *out);
