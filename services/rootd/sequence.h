/* SPDX-License-Identifier: ISC */
/* The launch order: which row is next, and what its start needs. */
#pragma once

#include <stdint.h>

/* Launch all rows whose time has come; finish the start when all required rows are ready. */
void sequence_advance(void);

/* A process reported: index of its row, or launch_count. */
uint32_t sequence_find_process(uint32_t process);

/* The row is ready; goes on with what waited for it. */
void sequence_ready(uint32_t row);

/* Nobody reported for too long: the first silent row is the failure. Does nothing when all have. */
void sequence_timed_out(void);
