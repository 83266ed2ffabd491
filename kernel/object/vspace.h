/* SPDX-License-Identifier: ISC */
/*
 * Address spaces: four levels of x86-64 tables. The top table is part of the object; the others are
 * page-table objects that the user supplies.
 *
 * A mapped frame or table remembers the id of its address space and the place in it. Ids are never
 * used twice, so what remembers a dead address space finds nothing. Before an entry is cleared it
 * is compared with the address of what should be there. A table that is in no address space is
 * empty.
 *
 * Invariant: no entry is writable and executable; no entry of the user half leads to kernel memory.
 */
#pragma once

#include <kernel/memory.h>
#include <kernel/object/cap.h>
#include <kernel/object/thread.h>

/* Lies in the second page of its two; the top table is the first. */
struct vspace {
    struct object header;
    uint64_t id;
};

/* `memory`: two cleared pages. Returns the object in them. */
void *vspace_init(void *memory);
void vspace_destroy(struct vspace *vspace);

static inline uint64_t *vspace_top_table(struct vspace *vspace)
{
    return (uint64_t *)((uint8_t *)vspace - page_table_size_bytes);
}

/* Physical address of the top table, for CR3. */
static inline uint64_t vspace_table_address(const struct vspace *vspace)
{
    return physical_address(vspace) - page_table_size_bytes;
}

/* nullptr if its address space is gone. */
static inline struct vspace *vspace_of_thread(const struct thread *thread)
{
    const struct capability *cap = &thread->caps[THREAD_CAP_VSPACE];
    return cap->kind == OBJECT_VSPACE ? (struct vspace *)cap->object : nullptr;
}

struct vspace_map_plan {
    struct vspace *vspace;
    struct capability *cap;
    uint64_t *entry; /* first entry to write */
    uint64_t value;  /* of the first entry */
    uint64_t stride; /* added for each further entry */
    uint32_t count;
    uint64_t address;
    uint8_t table_bits; /* page tables: log2 of what one covers */
};

/* Arguments of FRAME_MAP. On MISSING_TABLE, *missing_bits_out tells which. */
enum status vspace_decode_map_frame(struct vspace *vspace, struct capability *frame,
    uint64_t address, uint64_t rights_and_attribute, struct vspace_map_plan *plan_out,
    uint64_t *missing_bits_out);
void vspace_commit_map_frame(const struct vspace_map_plan *plan);

enum status vspace_decode_map_table(struct vspace *vspace, struct capability *table,
    uint64_t address, struct vspace_map_plan *plan_out);
void vspace_commit_map_table(const struct vspace_map_plan *plan);

/* Nothing if the address space is gone or holds something else there. Clears CAP_MAPPED. */
void vspace_unmap_frame(struct capability *frame);

/* Likewise, and empties the table: it shows nothing wherever it is mapped next. */
void vspace_unmap_table(struct capability *table);
