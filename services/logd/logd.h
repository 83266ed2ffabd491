/* SPDX-License-Identifier: ISC */
/* State of logd. */
#pragma once

#include <protocol/log.h>

#include "ring.h"

struct logd {
    uint64_t lost_count; /* records that programs could not send, since the start */
    struct ring ring;
};

/* The handlers of protocol log over `logd`. */
struct log_server logd_server(struct logd *logd);
