/* SPDX-License-Identifier: ISC */
/* The names of public services, which rootd tells named once. */
#pragma once

#include <abi/status.h>

/* Seed the name of every launch row that serves something, and seal the table. For when named is
 * ready. */
enum status names_seed_all(void);
