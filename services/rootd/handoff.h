/* SPDX-License-Identifier: ISC */
/* What the kernel gave: checked once, then believed. */
#pragma once

#include <abi/root_handoff.h>

/* nullptr if the block is sound, else what is wrong with it. */
const char *handoff_check(const struct root_handoff *handoff);

/* Open BootConfig; a failure ends the start. */
void handoff_open_config(void);

/* Every launch row has its module; a failure ends the start. */
void handoff_find_modules(void);

/* The module of a name, or nullptr. */
const struct root_module *handoff_find_module(enum boot_module_kind kind, const char *name);
