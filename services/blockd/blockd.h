/* SPDX-License-Identifier: ISC */
/* State of blockd. */
#pragma once

#include <lib/gpt/gpt.h>
#include <protocol/block.h>
#include <protocol/disk.h>

#include "owners.h"

struct blockd {
    struct disk_describe_reply disk;
    struct gpt_table table; /* a volume is an index here */
    struct owners owners;
};

/* The handlers of protocol block over `blockd`. */
struct block_server blockd_handlers(struct blockd *blockd);
