/* SPDX-License-Identifier: ISC */
/* The operations of protocols pager and trap. */
#pragma once

#include <protocol/pager.h>
#include <protocol/trap.h>

#include "clients.h"

/* Servers whose handlers work on `clients` (borrowed for ever). */
struct pager_server pager_handlers(struct clients *clients);
struct trap_server trap_handlers(struct clients *clients);
