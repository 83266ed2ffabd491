/* SPDX-License-Identifier: ISC */
/* The second thread of rootd: it hears when a program dies that rootd started itself. */
#pragma once

/* Makes it, and rootd.watch, where the faults arrive. A failure ends the start. */
void watch_start(void);
