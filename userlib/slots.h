/* SPDX-License-Identifier: ISC */
/*
 * The free slots of the program's own capability space: a bitmap. What it manages is the range that
 * the launcher left free; declared slots below it are never handed out.
 */
#pragma once

#include <userlib/capability.h>
#include <userlib/syscall.h>

#include <stdint.h>

/* The slots first..end-1 are free; called once, before main (rootd calls it itself). */
void slots_init(cap_slot first, cap_slot end);

/* A free slot, which is the caller's until slots_give; NO_SLOT if there is none. */
enum status slots_take(cap_slot *slot_out);

/* `count` free slots in a row (1 to 256), as UNTYPED_RETYPE fills them. */
enum status slots_take_run(uint32_t count, cap_slot *first_out);

/* The slot is empty and free again. A slot outside of the managed range is left alone. */
void slots_give(cap_slot slot);

/* Delete the capability in the slot and give the slot back; slot_null does nothing. */
void slots_delete(cap_slot slot);

/* How many slots are free. */
uint32_t slots_free_count(void);

/* The program's own capability space. */
static inline struct cspace_cap slots_cspace(void)
{
    return (struct cspace_cap){SLOT_SELF_CSPACE};
}
