/* SPDX-License-Identifier: ISC */
/* What all kinds of objects have in common: how they end. One switch by kind, nothing else. */
#pragma once

#include <kernel/object/cap.h>

/* One bounded step towards the end of an object whose last capability is going. True when nothing
 * in the kernel refers to it any more. Containers must be empty before. */
bool object_destroy_step(struct object *object);

/* The first capability that a container still holds in *cap_out; nullptr for empty ones and for all
 * other kinds. False where that is not known yet: a large container is searched in bounded steps.
 */
bool object_find_inner_cap(struct object *object, struct capability **cap_out);

/* Take a mapped frame or page table out of its address space; nothing for other kinds. */
void object_unmap(struct capability *cap);
