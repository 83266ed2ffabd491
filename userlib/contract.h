/* SPDX-License-Identifier: ISC */
/*
 * What a program must find in its capability space when it starts. tools/planogen makes one of
 * these out of each manifest (<slots/NAME.c>), and start.c compares it with the start-up block and
 * with what the kernel says about every slot: nothing may be missing, of another kind, or there
 * undeclared.
 */
#pragma once

#include <abi/object.h>

#include <stdint.h>

struct contract_slot {
    const char *name;
    cap_slot slot;
    uint32_t slot_count; /* slots that are kept for it; more than 1: the launcher may fill fewer */
    enum object_kind kind;
    uint16_t rights;          /* exactly these; 0: as the kernel made it */
    uint32_t label;           /* endpoints: role of the program that serves it */
    uint32_t protocol_rights; /* endpoints to call: exactly these rights are in the badge */
    bool optional;            /* a peer that may be announced as absent: OBJECT_NONE in its row */
};

struct contract {
    const char *name;
    uint32_t role; /* 0: a program without a row of its own */
    cap_slot first_free_slot;
    uint32_t slot_count;
    const struct contract_slot *slots;
};

/* Of the program that this is linked into. */
extern const struct contract program_contract;
