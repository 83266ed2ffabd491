/* SPDX-License-Identifier: ISC */
/* A volume in the hands of lib/ext: mounted, walked, checked; in memory that all targets share. */
#pragma once

#include <lib/ext/ext_check.h>
#include <lib/ext/ext_write.h>

#include "damage.h"

extern struct ext_mount life_mount;

/* Mounts as the flags of an input say, with the key of the bases that are encrypted. */
enum status life_begin(struct base *base, uint8_t flags);

/*
 * Checks, mounts, lets `use` do what it does, unmounts. `use` returns what should not have happened
 * on a volume in which the check finds nothing.
 */
void life_run(struct base *base, uint8_t flags, enum status (*use)(void));

/* Looks at everything that the mount shows; the first status that is not OK. */
enum status life_walk(void);

/* Opens the inodes from a number on, for `use`; the first status of it that is not OK. */
enum status life_each(uint32_t number, enum status (*use)(struct ext_file *file));

/* Tells others that the mount lives, and unmounts, if it can be written. */
enum status life_end(void);

/* Whether the check finds nothing; says what it found first if `loud`. */
bool life_check(struct base *base, bool loud);

/* Whether e2fsck finds nothing and asks nothing. Takes as long as a hundred other calls. */
bool life_fsck(const struct base *base);
