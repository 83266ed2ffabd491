/* SPDX-License-Identifier: ISC */
/* The memory of the machine as capabilities of rootd. */
#pragma once

#include <abi/root_handoff.h>
#include <kernel/object/cspace.h>

/* Fills `cspace` and `block` with modules (frames), RAM, ACPI memory and device memory (untyped).
 * From here on the kernel takes no memory any more. */
void root_memory_give(
    const struct boot_handoff *handoff, struct cspace *cspace, struct root_handoff *block);
