/* SPDX-License-Identifier: ISC */
/* The operations of protocols process and trap. */
#pragma once

#include <protocol/trap.h>

#include "procd.h"

/* Servers whose handlers work on `procd` (borrowed for ever). */
struct process_server process_handlers(struct procd *procd);
struct trap_server trap_handlers(struct procd *procd);
