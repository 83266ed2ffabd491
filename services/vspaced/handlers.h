/* SPDX-License-Identifier: ISC */
/* The operations of protocol vspace. */
#pragma once

#include "spaces.h"

/* A server whose handlers work on `spaces` (borrowed for ever). */
struct vspace_server vspace_handlers(struct spaces *spaces);
