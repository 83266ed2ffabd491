/* SPDX-License-Identifier: ISC */
/* State of e2fsd. */
#pragma once

#include <protocol/filesystem.h>

#include "buffers.h"
#include "volume.h"

struct e2fsd {
    struct volume volume;
    struct buffers buffers;
};

/* The handlers of protocol filesystem over `e2fsd`. */
struct filesystem_server e2fsd_server(struct e2fsd *e2fsd);

/* Adds the answers to operations that would change something (changes.c). */
void e2fsd_refuse_changes(struct filesystem_server *server);
