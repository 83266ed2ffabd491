/* SPDX-License-Identifier: ISC */
/* Fast commits for a base: debugfs writes none. */
#pragma once

#include "base.h"

/*
 * Puts an area of two segments with tags of every kind behind the log of a base, which has one
 * transaction and says that it has room for them.
 */
void fast_base_fill(struct base *base);
