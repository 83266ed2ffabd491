/* SPDX-License-Identifier: ISC */
/* Mapping a frame into an address space whose tables may still be missing: for the few programs
 * that lay out address spaces. */
#pragma once

#include <userlib/syscall.h>

/* Where page tables come from: `take` makes one, which from then on belongs to the address space.
 */
struct table_source {
    void *self; /* borrowed for the call */
    enum status (*take)(void *self, struct page_table_cap *table_out);
};

/*
 * As frame_map(), with missing tables added from `source`. Tables that were added stay when the
 * mapping fails. Errors: those of frame_map() but MISSING_TABLE, and those of `take`.
 */
enum status vspace_map_frame(
    struct frame_cap frame, const struct frame_map *request, struct table_source source);
