/* SPDX-License-Identifier: ISC */
/* The first program: its objects, its memory, and the capabilities to all that the kernel gives
 * away. */
#pragma once

#include <abi/boot_handoff.h>
#include <kernel/object/thread.h>

/* Makes rootd out of the module of that name and hands it everything; the thread is ready
 * afterwards. Refuses (marker, EXIT_KERNEL) what does not fit. Edits free regions of `handoff`. */
void root_launch(struct boot_handoff *handoff);

/* rootd itself has faulted or exited: nobody is left to handle it. */
[[noreturn]] void root_died(const struct thread *thread);
