/* SPDX-License-Identifier: ISC */
/*
 * Untyped memory: a naturally aligned block of 2^bits bytes, handed out from its start upwards. All
 * of it is free again when no capability made from it is left.
 */
#pragma once

#include <kernel/object/cap.h>
#include <kernel/object/cspace.h>

struct untyped_retype_plan {
    struct capability *untyped;
    struct cspace *target;
    uint32_t first_slot;
    uint32_t count;
    enum object_kind kind;
    uint32_t bits;
    uint32_t label;
    uint64_t first_offset; /* of the first object, in bytes from the start of the block */
    uint64_t object_bytes; /* distance from one object to the next */
};

/* Checks all arguments of UNTYPED_RETYPE (abi/syscall.h). */
enum status untyped_decode_retype(struct capability *untyped, struct cspace *target, uint64_t what,
    uint32_t first_slot, uint32_t label, struct untyped_retype_plan *plan_out);

/* Clears memory for the plan, a bounded piece at a time; false: call again. */
bool untyped_clear_step(const struct untyped_retype_plan *plan);

void untyped_commit_retype(const struct untyped_retype_plan *plan);

/* Bytes that can still be handed out. */
uint64_t untyped_free_bytes(const struct capability *untyped);
