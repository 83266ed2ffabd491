/* SPDX-License-Identifier: ISC */
/* Memory for what the kernel itself makes at boot, before memory becomes untyped. */
#pragma once

#include <abi/boot_handoff.h>

#include <stdint.h>

/* Cleared memory off the end of a free region; its physical address. Refuses to boot if there is
 * none. */
uint64_t boot_memory_take(struct boot_handoff *handoff, uint64_t size_bytes);

/* What is left of it. */
uint64_t boot_memory_free_bytes(const struct boot_handoff *handoff);
