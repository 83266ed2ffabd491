/* SPDX-License-Identifier: ISC */
/* The operations of protocol memory. */
#pragma once

#include <protocol/memory.h>

#include "ram.h"

/* A server whose handlers work on `ram` (borrowed for ever). */
struct memory_server memory_handlers(struct ram *ram);
