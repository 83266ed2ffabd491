/* SPDX-License-Identifier: ISC */
/* The one instance of the kernel's mutable state. */
#include <kernel/state.h>

struct kernel_state kernel_state;
