/* SPDX-License-Identifier: ISC */
/* Markers of progress: in a fixed order, whatever the order of reports. */
#pragma once

#include <userlib/marker.h>

#include <stdint.h>

/* Say it now. */
void stages_announce(enum marker marker);

/* Announce all stages whose time has come, after a row became ready. */
void stages_update(void);
