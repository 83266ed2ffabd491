/* SPDX-License-Identifier: ISC */
/* The keys whose images this loader starts: keys_development.c or keys_release.c. */
#pragma once

#include <lib/bootimg/bootimg.h>

struct bootimg_policy keys_policy(void);
