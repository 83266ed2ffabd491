/* SPDX-License-Identifier: ISC */
/* Checksums of a damaged journal, and blocks that are made into what a log knows. */
#pragma once

#include "base.h"

/* Puts the checksums of super block, log and fast commits right, as far as they can be followed. */
void log_repair(struct base *base);

/*
 * Makes a block of the journal begin like one of the log, or, in the area for fast commits, a place
 * in it a tag; `offset` and `value` choose which.
 */
void log_plant(struct base *base, const struct part *part, uint16_t offset, uint32_t value);
