/* SPDX-License-Identifier: ISC */
/* Kernel objects that rootd makes for itself and for the rows, and its own mappings. */
#pragma once

#include <abi/root_handoff.h>
#include <userlib/vspace_map.h>

/* Sets memory aside, and makes rootd's endpoint, reply object and alarm. A failure ends the start.
 */
void objects_start(void);

/* A notification for every launch row, and an endpoint for each that has one. A failure ends the
 * start. */
void objects_make_for_rows(void);

/* The program has the capability to receive: rootd's own goes, so that the endpoint can end with
 * the program. */
void objects_drop_control(uint32_t role);

/* The program behind it has ended, and procd has taken the endpoint away. */
void objects_forget_endpoint(uint32_t role);

/* How much of the reserve is free. */
uint64_t objects_free_bytes(void);

/* Memory that rootd was given and has not given on, but for `given_bytes` of the reserve: its own,
 * the rest of the reserve, and the modules. */
uint64_t objects_own_bytes(uint64_t given_bytes);

/* One object out of the reserve, in a fresh slot. NO_MEMORY, NO_SLOT. */
enum status objects_make(enum object_kind kind, uint32_t bits, uint32_t label, cap_slot *slot_out);

/* `count` objects of a fixed size, in the capability space `cspace`, from `first_slot` on. */
enum status objects_make_there(
    enum object_kind kind, uint32_t count, cap_slot cspace, cap_slot first_slot);

/* Page tables out of the reserve. */
struct table_source objects_tables(void);

/* All of a module, readable, in one piece, for ever. */
enum status objects_map_module(const struct root_module *module, const void **bytes_out);

/* A frame mapped for writing into rootd until frame_unmap(). One at a time. */
enum status objects_map_window(struct frame_cap frame, uint8_t **memory_out);

/* rootd's own address space: the service loop needs the slot where the kernel put it. */
struct address_space_cap objects_own_space(void);
