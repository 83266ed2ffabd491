/* SPDX-License-Identifier: ISC */
/* The state of procd, shared by its files. */
#pragma once

#include <lib/bootconfig/bootconfig.h>
#include <protocol/process.h>
#include <userlib/service.h>

#include "events.h"
#include "processes.h"

constexpr uint32_t waiters_max = 48; /* `deferred` of the manifest */

/* A caller of wait(). */
struct waiter {
    uint32_t process; /* 0: this entry is free */
    struct service_deferred caller;
};

struct procd {
    struct bootconfig config;
    struct processes processes;
    struct events events;
    struct waiter waiters[waiters_max];
    cap_slot services[bootconfig_roles_max + 1]; /* owned endpoints without badge, by role */
};
