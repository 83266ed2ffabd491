/* SPDX-License-Identifier: ISC */
/* State of ramfsd. */
#pragma once

#include <lib/ramfs/ramfs.h>
#include <protocol/filesystem.h>
#include <userlib/attached.h>

struct ramfsd {
    struct ramfs files;
    struct attached attached;
    uint64_t wall_offset_ns; /* wall time = the kernel's clock + this */
    bool mounted;
    bool read_only;
};

/* The handlers of protocol filesystem over `ramfsd`. */
struct filesystem_server ramfsd_server(struct ramfsd *ramfsd);
