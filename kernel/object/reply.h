/* SPDX-License-Identifier: ISC */
/* Reply objects: hold the one caller that waits for an answer. */
#pragma once

#include <kernel/object/cap.h>

struct thread;

struct reply {
    struct object header;
    struct thread *caller;   /* waits for this reply; nullptr: empty */
    struct thread *receiver; /* waits to receive a caller into this; nullptr: nobody */
    uint64_t padding[5];
};

static_assert(sizeof(struct reply) == reply_size_bytes);

void reply_init(struct reply *reply);

/* The caller, if any, goes on with PEER_LOST. */
void reply_destroy(struct reply *reply);
